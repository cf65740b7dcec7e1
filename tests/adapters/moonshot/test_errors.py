"""Moonshot's error answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.openai_chat.request import OpenAIChatCodec
from modelport.adapters.moonshot.profile import MOONSHOT_CHAT
from modelport.credential import MoonshotCredential
from modelport.error import (
    AuthenticationError,
    ContentFilterError,
    InvalidRequestError,
    ModelError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from modelport.model import MoonshotChatModel
from tests.adapters.openai_chat.support import Answer, Provider, Scripted, asked

PROVIDER = Provider("moonshot", MoonshotChatModel, MoonshotCredential(api_key="sk-very-secret-PlantedWord7"))


def mapped(status: int, body: Any) -> ModelError:  # Any: JSON, or bytes
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return OpenAIChatCodec(MOONSHOT_CHAT).map_error(status, {}, data)


async def raised(answer: Answer, *, stream: bool = False) -> ModelError:
    """The error of a call that is answered so."""
    with pytest.raises(ModelError) as caught:
        await asked(PROVIDER.model("kimi-k2.6", Scripted(answer), stream=stream))
    return caught.value


@pytest.mark.parametrize(
    ("status", "word", "kind", "retryable"),
    [
        (400, "invalid_request_error", InvalidRequestError, False),
        (400, "content_filter", ContentFilterError, False),
        (401, "invalid_authentication_error", AuthenticationError, False),
        (401, "incorrect_api_key_error", AuthenticationError, False),
        (403, "permission_denied_error", PermissionDeniedError, False),
        (404, "resource_not_found_error", NotFoundError, False),
        (429, "rate_limit_reached_error", RateLimitError, True),
        (429, "engine_overloaded_error", OverloadedError, True),
        (429, "exceeded_current_quota_error", QuotaExceededError, False),
        (500, "server_error", ServerError, True),
        (500, "unexpected_output", ServerError, True),
    ],
)
def test_errors_by_their_type(status: int, word: str, kind: type[ModelError], retryable: bool) -> None:
    found = mapped(status, {"error": {"message": "m", "type": word}})
    assert (type(found), found.retryable, found.code) == (kind, retryable, word)


async def test_the_wait_that_the_server_asks_for() -> None:
    body = b'{"error":{"message":"slow down","type":"rate_limit_reached_error"}}'
    found = await raised(Answer(body, 429, headers={"retry-after": "3", "msh-request-id": "m-1"}))
    assert (found.retry_after, found.request_id) == (3.0, "m-1")


async def test_the_key_is_not_repeated() -> None:
    body = {"error": {"message": "the key sk-very-secret-PlantedWord7 is wrong", "type": "x", "code": None}}
    error = await raised(Answer(json.dumps(body).encode(), 401))
    assert "sk-very-secret-PlantedWord7" not in f"{error} {error.body} {error!r}"
    assert error.provider == "moonshot"
