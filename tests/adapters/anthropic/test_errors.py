"""Statuses and bodies to the error tree."""

from __future__ import annotations

import json

import pytest

from modelport.adapters.anthropic.request import AnthropicCodec
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
    ServerError,
)


def mapped(status: int, kind: str, message: str = "Words.") -> ModelError:
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_9"}
    return AnthropicCodec().map_error(status, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "kind", "cls", "retryable"),
    [
        (400, "invalid_request_error", InvalidRequestError, False),
        (401, "authentication_error", AuthenticationError, False),
        (402, "billing_error", QuotaExceededError, False),
        (403, "permission_error", PermissionDeniedError, False),
        (404, "not_found_error", NotFoundError, False),
        (408, "timeout_error", ServerError, True),
        (409, "conflict_error", ServerError, True),
        (413, "request_too_large", InvalidRequestError, False),
        (429, "rate_limit_error", RateLimitError, True),
        (500, "api_error", ServerError, True),
        (504, "timeout_error", ServerError, True),
        (529, "overloaded_error", OverloadedError, True),
    ],
)
def test_each_status(status: int, kind: str, cls: type[ModelError], retryable: bool) -> None:
    error = mapped(status, kind)
    assert type(error) is cls
    assert error.retryable is retryable
    assert (error.status_code, error.code, error.request_id, error.message) == (status, kind, "req_9", "Words.")


@pytest.mark.parametrize(
    ("status", "message", "cls"),
    [
        (400, "Your credit balance is too low to access the API.", QuotaExceededError),
        (400, "You have reached your specified API usage limits.", QuotaExceededError),
        (429, "Your workspace has reached its spend limit.", QuotaExceededError),
        (400, "prompt is too long: 210000 tokens > 200000 maximum", ContextLengthError),
        (400, "input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000", ContextLengthError),
    ],
)
def test_words_where_the_type_says_too_little(status: int, message: str, cls: type[ModelError]) -> None:
    error = mapped(status, "rate_limit_error" if status == 429 else "invalid_request_error", message)
    assert type(error) is cls
    assert not error.retryable
    assert (error.status_code, error.request_id, error.message) == (status, "req_9", message)


def test_a_page_of_the_edge_proxy() -> None:
    error = AnthropicCodec().map_error(
        413, {}, b"<html><head><title>413 Request Entity Too Large</title></head></html>"
    )
    assert type(error) is InvalidRequestError
    assert "413 Request Entity Too Large" in error.message


def test_a_null_request_id_and_an_empty_body() -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":null}'
    assert AnthropicCodec().map_error(529, {}, body).request_id is None
    assert type(AnthropicCodec().map_error(502, {}, b"")) is ServerError
