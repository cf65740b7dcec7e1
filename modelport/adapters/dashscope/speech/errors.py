"""The errors of DashScope's WebSocket services: of events, of close codes, of handshakes.

Facts: docs/protocols/dashscope-tts.md#errors, docs/protocols/transport.md#websockets.
"""

from __future__ import annotations

from collections.abc import Mapping

from ....domain.errors import (
    InvalidRequestError,
    ModelError,
    ModelTimeoutError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from ...wire.errors import ErrorFacts, error_facts, error_in_stream, error_of_answer, read_error
from ...wire.words.error_words import ErrorCodes
from ..errors import DASHSCOPE_CODES

__all__ = ["error_of_close", "error_of_event", "error_of_handshake", "error_of_task"]

_CODES: ErrorCodes = {
    **DASHSCOPE_CODES,
    "invalid_value": InvalidRequestError,
    "rate_limit": RateLimitError,
    "client_error": InvalidRequestError,
    "invalidtask": InvalidRequestError,
    "internalerror": ServerError,
    "modelservingerror": ServerError,
}

_CLOSED: Mapping[int, type[ModelError]] = {
    1003: InvalidRequestError,
    1007: InvalidRequestError,
    1008: PermissionDeniedError,
    1009: ResponseDecodeError,
    1011: ServerError,
    1012: OverloadedError,
    1013: OverloadedError,
}
"""Errors by close code; every other code is a `StreamTruncatedError`."""

_WRONG_VOICE = "error code: 418"


def error_of_event(event: Mapping[str, object]) -> ModelError:
    """The error of an `error` event."""
    return error_in_stream(error_facts(event), _CODES)


def error_of_task(code: str, message: str, request_id: str | None) -> ModelError:
    """The error of a `task-failed`. An unknown code has the meaning of its first part."""
    if code == "CLIENT_ERROR" and "timeout" in message:
        return ModelTimeoutError(
            f"the server waited for text too long: {message}", clock="idle", code=code, request_id=request_id
        )
    if _WRONG_VOICE in message:
        message += "; the voice does not belong to this model"
    words = tuple(dict.fromkeys(word for word in (code, code.partition(".")[0]) if word))
    return error_in_stream(ErrorFacts(message or "the task failed", words, request_id=request_id), _CODES)


def error_of_close(code: int, reason: str) -> ModelError:
    """The error of a connection that ended before the utterance did.

    A code that blames the request is retried once, since servers also send it for faults of their own.
    """
    cls = _CLOSED.get(code, StreamTruncatedError)
    detail = f": {reason}" if reason else ""
    message = f"the connection was closed with code {code} before the end of the speech{detail}"
    return cls(message, code=str(code), retryable=code != 1008)


def error_of_handshake(status: int, body: bytes) -> ModelError:
    """The error of a handshake that was answered with this status."""
    return error_of_answer(status, read_error(body), DASHSCOPE_CODES)
