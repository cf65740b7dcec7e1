"""Error bodies to our errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.gemini.errors import map_error
from modelport.domain.errors import (
    AuthenticationError,
    ContextLengthError,
    InvalidRequestError,
    ModelError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from tests.adapters.gemini.support import KEY, Answer, Json, send, whole

RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}


def quota(*ids: str) -> Json:
    violations = [{"quotaMetric": "m", "quotaId": quota_id} for quota_id in ids]
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations}


def body(code: int, status: str, message: str = "Sorry.", *details: Json) -> Json:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def mapped(status: int, value: Any) -> ModelError:
    return map_error(status, json.dumps(value).encode())


@pytest.mark.parametrize(
    ("status", "word", "kind", "retryable"),
    [
        (400, "INVALID_ARGUMENT", InvalidRequestError, False),
        (400, "FAILED_PRECONDITION", InvalidRequestError, False),
        (401, "UNAUTHENTICATED", AuthenticationError, False),
        (403, "PERMISSION_DENIED", PermissionDeniedError, False),
        (404, "NOT_FOUND", NotFoundError, False),
        (429, "RESOURCE_EXHAUSTED", RateLimitError, True),
        (402, "RESOURCE_EXHAUSTED", QuotaExceededError, False),
        (408, "DEADLINE_EXCEEDED", ServerError, True),
        (500, "INTERNAL", ServerError, True),
        (503, "UNAVAILABLE", OverloadedError, True),
        (504, "DEADLINE_EXCEEDED", ServerError, True),
    ],
)
def test_every_status_has_its_class(status: int, word: str, kind: type[ModelError], retryable: bool) -> None:
    for value in (body(status, word), [body(status, word)]):
        error = mapped(status, value)
        assert type(error) is kind
        assert (error.message, error.code, error.status_code, error.retryable) == ("Sorry.", word, status, retryable)


def test_a_wrong_key_is_an_authentication_error() -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    value = body(400, "INVALID_ARGUMENT", "API key not valid.", detail)
    for error in (mapped(400, value), mapped(400, [value])):
        assert type(error) is AuthenticationError
        assert error.status_code == 400


def test_a_prompt_too_long_is_a_context_error() -> None:
    message = "The input token count (1048999) exceeds the maximum number of tokens allowed (1048576)."
    assert type(mapped(400, body(400, "INVALID_ARGUMENT", message))) is ContextLengthError


def test_the_wait_is_read_from_the_details() -> None:
    error = mapped(429, body(429, "RESOURCE_EXHAUSTED", "Slow.", quota("RequestsPerMinutePerProject"), RETRY))
    assert type(error) is RateLimitError
    assert error.retry_after == 34.5


def test_the_wait_is_read_from_the_words() -> None:
    assert mapped(429, body(429, "RESOURCE_EXHAUSTED", "Quota.\nPlease retry in 48.9s.")).retry_after == 48.9


@pytest.mark.parametrize("delay", ["0s", "soon", "", None, 5])
def test_a_wait_that_is_none_is_none(delay: Any) -> None:
    assert mapped(429, body(429, "RESOURCE_EXHAUSTED", "Slow.", {**RETRY, "retryDelay": delay})).retry_after is None


def test_a_daily_quota_is_not_tried_again() -> None:
    error = mapped(
        429, body(429, "RESOURCE_EXHAUSTED", "Gone.", quota("TokensPerMinute-X", "GenerateRequestsPerDay-X"), RETRY)
    )
    assert type(error) is QuotaExceededError
    assert not error.retryable


@pytest.mark.parametrize(
    "raw", [b"", b"<html><title>502 Bad Gateway</title></html>", b"[]", b'{"error": "x"}', b'{"error": {"details": 5}}']
)
def test_anything_is_mapped(raw: bytes) -> None:
    assert type(map_error(502, raw)) is ServerError


async def test_the_body_wait_survives_when_headers_say_nothing() -> None:
    answer = whole(body(429, "RESOURCE_EXHAUSTED", "Slow.", RETRY), 429)
    with pytest.raises(RateLimitError) as caught:
        await send(answer=answer, options={"max_retries": 0})
    assert caught.value.retry_after == 34.5


async def test_a_header_wait_wins() -> None:
    answer = whole(body(429, "RESOURCE_EXHAUSTED", "Slow.", RETRY), 429)
    answer = Answer(429, {**answer.headers, "retry-after": "2"}, answer.data)
    with pytest.raises(RateLimitError) as caught:
        await send(answer=answer, options={"max_retries": 0})
    assert caught.value.retry_after == 2


async def test_the_key_is_not_repeated() -> None:
    detail = {"reason": "API_KEY_INVALID"}
    with pytest.raises(AuthenticationError) as caught:
        await send(answer=whole(body(400, "INVALID_ARGUMENT", f"API key {KEY} not valid.", detail), 400))
    assert KEY not in f"{caught.value!r} {caught.value} {caught.value.body}"
