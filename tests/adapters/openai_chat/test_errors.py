"""Error answers of Chat Completions servers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from modelport.adapters.dialects.openai_chat.profile import OpenAIChatProfile
from modelport.adapters.dialects.openai_chat.request import OpenAIChatCodec
from modelport.adapters.dialects.openai_chat.stream import OpenAIChatDecoder
from modelport.adapters.wire.errors import ErrorFacts
from modelport.error import (
    AuthenticationError,
    ContextLengthError,
    InvalidRequestError,
    ModelError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
)

PROFILE = OpenAIChatProfile(provider="somebody")


def error(message: str = "m", **fields: Any) -> Any:  # Any: JSON
    return {"error": {"message": message, "type": None, "param": None, "code": None, **fields}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable"),
    [
        (400, error(type="invalid_request_error"), InvalidRequestError, False),
        (400, error(code="context_length_exceeded"), ContextLengthError, False),
        (401, error(type="invalid_request_error", code="invalid_api_key"), AuthenticationError, False),
        (401, {"error": "nope", "error_description": "expired"}, AuthenticationError, False),
        (402, error(code="invalid_request_error"), QuotaExceededError, False),
        (403, error(), PermissionDeniedError, False),
        (404, error(code="model_not_found"), NotFoundError, False),
        (408, error(), ServerError, True),
        (409, error(), ServerError, True),
        (413, "<html><title>413 Request Entity Too Large</title></html>", InvalidRequestError, False),
        (422, {"detail": "bad field"}, InvalidRequestError, False),
        (429, error(type="tokens", code="rate_limit_exceeded"), RateLimitError, True),
        (429, error(type="insufficient_quota", code="insufficient_quota"), QuotaExceededError, False),
        (500, error(type="server_error"), ServerError, True),
        (503, "", OverloadedError, True),
    ],
)
def test_errors_by_word_then_status(status: int, body: Any, kind: type[ModelError], retryable: bool) -> None:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    found = OpenAIChatCodec(PROFILE).map_error(status, {}, data)
    assert type(found) is kind
    assert (found.status_code, found.retryable) == (status, retryable)
    assert found.message


@pytest.mark.parametrize(
    "body",
    [
        b'data: {"error":{"message":"too long","code":"context_length_exceeded"}}\n\n',
        b'id:1\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"context_length_exceeded","message":"too long"}',
        b'\n\n{"error":{"message":"too long","code":"context_length_exceeded"}}',
    ],
    ids=["event", "unfinished event", "blank lines before"],
)
def test_an_error_may_come_as_an_event(body: bytes) -> None:
    found = OpenAIChatCodec(PROFILE).map_error(400, {}, body)
    assert type(found) is ContextLengthError
    assert (found.message, found.code) == ("too long", "context_length_exceeded")


def test_plain_words_are_the_message() -> None:
    assert OpenAIChatCodec(PROFILE).map_error(502, {}, b"upstream went away").message == "upstream went away"


def test_a_profile_may_read_more_out_of_an_error() -> None:
    def refined(facts: ErrorFacts) -> ErrorFacts:
        return replace(facts, words=("insufficient_quota", *facts.words))

    found = OpenAIChatCodec(replace(PROFILE, refine_error=refined)).map_error(400, {}, b'{"error":{"message":"x"}}')
    assert type(found) is QuotaExceededError


@pytest.mark.parametrize("body", [b"<html>login</html>", b"[]", b'{"object":"list"}', b""])
def test_a_whole_answer_that_is_none(body: bytes) -> None:
    from modelport.ports.codec.base import Endpoint
    from modelport.ports.codec.chat import ChatRequest
    from modelport.ports.codec.rendering import Rendered

    call = OpenAIChatCodec(PROFILE).encode(ChatRequest(Endpoint("http://x"), "m", Rendered([])))
    with pytest.raises(ResponseDecodeError):
        call.decode_body(body)


@pytest.mark.parametrize("body", [b'{"error":{"message":"busy"}}', b'{"code":"Busy","message":"busy"}'])
def test_an_error_in_a_successful_answer(body: bytes) -> None:
    from modelport.ports.codec.base import Endpoint
    from modelport.ports.codec.chat import ChatRequest
    from modelport.ports.codec.rendering import Rendered

    call = OpenAIChatCodec(PROFILE).encode(ChatRequest(Endpoint("http://x"), "m", Rendered([])))
    with pytest.raises(ServerError, match="busy"):
        call.decode_body(body)


@pytest.mark.parametrize("choice", [{}, {"index": 0, "message": None, "finish_reason": None}, {"delta": None}])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_choice_that_holds_nothing_is_no_answer(choice: dict[str, Any], streamed: bool) -> None:
    body = json.dumps({"choices": [choice]}).encode()
    decoder = OpenAIChatDecoder(PROFILE, {})
    with pytest.raises(ModelError, match="choice"):
        if streamed:
            decoder.feed([body, b"[DONE]"])
            decoder.finish()
        else:
            decoder.body(json.loads(body))


@pytest.mark.parametrize("end", [[], [b"[DONE]"]])
def test_words_that_come_in_place_of_the_end_are_the_error(end: list[bytes]) -> None:
    decoder = OpenAIChatDecoder(PROFILE, {})
    decoder.feed([b'{"choices":[{"index":0,"delta":{"content":"par"}}]}', b'{"message":"upstream is gone"}', *end])
    with pytest.raises(ModelError, match="upstream is gone"):
        decoder.finish()
