"""Anthropic's errors. Facts: docs/protocols/anthropic-messages.md#errors."""

from __future__ import annotations

from ...domain.errors import InvalidRequestError, ModelError, QuotaExceededError, RateLimitError, ServerError
from ..wire.decoder import Json
from ..wire.errors import error_facts, error_in_stream, error_of_answer, read_error
from ..wire.words.error_words import ErrorCodes

__all__ = ["map_error", "stream_error"]

_CODES: ErrorCodes = {
    "billing_error": QuotaExceededError,
    "request_too_large": InvalidRequestError,
    "timeout_error": ServerError,
}
"""Types whose class does not follow from the HTTP status, or that come inside a stream where there is none."""

_SPENT = ("credit balance", "spend limit", "usage limits")


def map_error(status: int, body: bytes) -> ModelError:
    """The error of an unsuccessful answer."""
    return _by_message(error_of_answer(status, read_error(body), _CODES))


def stream_error(event: Json) -> ModelError:
    """The error of an `error` event inside a successful answer, by its type: the status was 200."""
    return _by_message(error_in_stream(error_facts(event), _CODES))


def _by_message(error: ModelError) -> ModelError:
    """Exhausted accounts have no error type, so messages are searched."""
    words = error.message.lower()
    if isinstance(error, InvalidRequestError | RateLimitError) and any(sign in words for sign in _SPENT):
        return _as(QuotaExceededError, error)
    return error


def _as(cls: type[ModelError], error: ModelError) -> ModelError:
    return cls(
        error.message,
        status_code=error.status_code,
        code=error.code,
        request_id=error.request_id,
        retryable=False,
        body=error.body,
    )
