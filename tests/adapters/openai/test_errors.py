"""OpenAI's error answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.openai_chat.request import OpenAIChatCodec
from modelport.adapters.openai.chat_profile import OPENAI_CHAT
from modelport.credential import OpenAICredential
from modelport.error import (
    AuthenticationError,
    ContextLengthError,
    InvalidRequestError,
    ModelError,
    NotFoundError,
    OverloadedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from modelport.model import OpenAIChatModel
from tests.adapters.openai_chat.support import Answer, Provider, Scripted, asked

PROVIDER = Provider("openai_chat", OpenAIChatModel, OpenAICredential(api_key="sk-very-secret-PlantedWord7"))


def mapped(status: int, body: Any) -> ModelError:  # Any: JSON, or bytes
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return OpenAIChatCodec(OPENAI_CHAT).map_error(status, {}, data)


async def raised(answer: Answer, *, stream: bool = False) -> ModelError:
    """The error of a call that is answered so."""
    with pytest.raises(ModelError) as caught:
        await asked(PROVIDER.model("gpt-4o", Scripted(answer), stream=stream))
    return caught.value


def error(**fields: Any) -> Any:  # Any: JSON
    return {"error": {"message": "m", "type": "invalid_request_error", "param": None, "code": None, **fields}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable"),
    [
        (400, error(code="unsupported_parameter", param="temperature"), InvalidRequestError, False),
        (400, error(code="invalid_image_url"), InvalidRequestError, False),
        (400, error(code="context_length_exceeded"), ContextLengthError, False),
        (400, error(code="string_above_max_length"), ContextLengthError, False),
        (401, error(code="invalid_api_key"), AuthenticationError, False),
        (404, error(code="model_not_found"), NotFoundError, False),
        (429, error(type="requests", code="rate_limit_exceeded"), RateLimitError, True),
        (429, error(type="insufficient_quota", code="insufficient_quota"), QuotaExceededError, False),
        (500, error(type="server_error"), ServerError, True),
        (503, error(type="server_error"), OverloadedError, True),
    ],
)
def test_errors(status: int, body: Any, kind: type[ModelError], retryable: bool) -> None:
    found = mapped(status, body)
    assert (type(found), found.retryable) == (kind, retryable)


async def test_the_wait_that_the_server_asks_for() -> None:
    body = json.dumps(error(code="rate_limit_exceeded")).encode()
    found = await raised(Answer(body, 429, headers={"retry-after-ms": "250", "x-request-id": "req_9"}))
    assert (found.retry_after, found.request_id) == (0.25, "req_9")


async def test_the_server_may_forbid_another_attempt() -> None:
    found = await raised(Answer(json.dumps(error()).encode(), 500, headers={"x-should-retry": "false"}))
    assert found.retryable is False


async def test_a_page_instead_of_an_answer() -> None:
    page = Answer(b"<!doctype html><title>Sign in</title><h1>Welcome</h1>", content_type="text/html")
    assert "Sign in" in (await raised(page, stream=True)).message


async def test_the_key_is_not_repeated() -> None:
    body = {"error": {"message": "the key sk-very-secret-PlantedWord7 is wrong", "type": "x", "code": None}}
    error = await raised(Answer(json.dumps(body).encode(), 401))
    assert "sk-very-secret-PlantedWord7" not in f"{error} {error.body} {error!r}"
    assert error.provider == "openai"


@pytest.mark.parametrize(("key", "shown"), [("sk-123", "sk-123"), ("sk-1234", "[secret]")])
async def test_a_key_of_seven_characters_is_taken_out_of_a_message(key: str, shown: str) -> None:
    """A shorter word may be an ordinary one, which the message needs."""
    answer = Answer(json.dumps({"error": {"message": f"Incorrect API key provided: {key}."}}).encode(), status=401)
    credential = OpenAICredential(api_key=key)
    with pytest.raises(AuthenticationError) as caught:
        await asked(
            Provider("openai_chat", OpenAIChatModel, credential).model("gpt-4o", Scripted(answer), stream=False)
        )
    assert f"Incorrect API key provided: {shown}." in str(caught.value)
