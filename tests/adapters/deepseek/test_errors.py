"""DeepSeek's error answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.deepseek.profile import DEEPSEEK_CHAT
from modelport.adapters.dialects.openai_chat.request import OpenAIChatCodec
from modelport.credential import DeepSeekCredential
from modelport.error import (
    AuthenticationError,
    InvalidRequestError,
    ModelError,
    OverloadedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from modelport.model import DeepSeekChatModel
from tests.adapters.openai_chat.support import Answer, Provider, Scripted, asked

PROVIDER = Provider("deepseek", DeepSeekChatModel, DeepSeekCredential(api_key="sk-very-secret-PlantedWord7"))


def mapped(status: int, body: Any) -> ModelError:  # Any: JSON, or bytes
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return OpenAIChatCodec(DEEPSEEK_CHAT).map_error(status, {}, data)


async def raised(answer: Answer, *, stream: bool = False) -> ModelError:
    """The error of a call that is answered so."""
    with pytest.raises(ModelError) as caught:
        await asked(PROVIDER.model("deepseek-v4-flash", Scripted(answer), stream=stream))
    return caught.value


def error(**fields: Any) -> Any:  # Any: JSON
    return {"error": {"message": "m", "type": "invalid_request_error", "param": None, "code": None, **fields}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable"),
    [
        (400, error(code="invalid_request_error"), InvalidRequestError, False),
        (401, error(type="authentication_error", code="invalid_request_error"), AuthenticationError, False),
        (402, error(type="unknown_error", code="invalid_request_error"), QuotaExceededError, False),
        (402, b"", QuotaExceededError, False),
        (422, error(code=422), InvalidRequestError, False),
        (429, error(), RateLimitError, True),
        (500, error(code="invalid_request_error"), ServerError, True),
        (503, error(), OverloadedError, True),
    ],
)
def test_errors(status: int, body: Any, kind: type[ModelError], retryable: bool) -> None:
    found = mapped(status, body)
    assert (type(found), found.retryable) == (kind, retryable)


async def test_the_trace_id_is_the_request_id() -> None:
    found = await raised(Answer(b"{}", 500, headers={"x-ds-trace-id": "t-1"}))
    assert found.request_id == "t-1"


async def test_blank_lines_before_a_whole_answer_say_nothing() -> None:
    body = b"\n\n \n" + json.dumps({"error": {"message": "busy", "code": None}}).encode()
    assert "busy" in (await raised(Answer(body))).message


async def test_the_key_is_not_repeated() -> None:
    body = {"error": {"message": "the key sk-very-secret-PlantedWord7 is wrong", "type": "x", "code": None}}
    error = await raised(Answer(json.dumps(body).encode(), 401))
    assert "sk-very-secret-PlantedWord7" not in f"{error} {error.body} {error!r}"
    assert error.provider == "deepseek"
