"""What realtime protocols share: frames as objects, the text of events, and the errors of close codes.

Facts: docs/protocols/transport.md#websockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...domain.errors import (
    ContextLengthError,
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    OverloadedError,
    PermissionDeniedError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from ...ports.websocket import Frame
from .decoder import Json
from .json_text import dump_json, parse_json
from .words.error_words import by_phrase, is_context_length

__all__ = ["close_error", "frame_object", "text_frame", "text_of"]

_CLOSED: Mapping[int, type[ModelError]] = {
    1001: ModelConnectionError,
    1003: InvalidRequestError,
    1006: ModelConnectionError,
    1007: InvalidRequestError,
    1008: PermissionDeniedError,
    1009: ResponseDecodeError,
    1011: ServerError,
    1012: OverloadedError,
    1013: OverloadedError,
    4000: InvalidRequestError,
}
"""Errors by close code; every other code is a `StreamTruncatedError`."""
_DONE = 1000


def text_frame(value: Json) -> str:
    """A text frame."""
    return dump_json(value).decode()


def frame_object(frame: Frame) -> Json:
    """The object of a frame, text or binary; raises `ResponseDecodeError` for anything else."""
    try:
        value = parse_json(frame)
    except ValueError as error:
        raise ResponseDecodeError(f"a message of the server is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ResponseDecodeError(f"a message of the server is a {type(value).__name__}, not an object")
    return value


def text_of(value: Any, *keys: str) -> str:  # Any: whatever JSON the server sent
    """The first text under one of these keys; empty when there is none."""
    if isinstance(value, dict):
        for key in keys:
            found = value.get(key)
            if isinstance(found, str) and found:
                return found
    return ""


def close_error(code: int, reason: str) -> ModelError:
    """The error of a connection that the server closed; one that was closed as done is not opened again.

    A reason whose words name an error decides, since servers close with one code for many reasons.
    """
    detail = f": {reason}" if reason else ""
    if code == _DONE:
        return ModelConnectionError(f"the server ended the session{detail}", code="1000", retryable=False)
    named = ContextLengthError if is_context_length(reason) else by_phrase(reason)
    cls = named or _CLOSED.get(code, StreamTruncatedError)
    return cls(f"the connection was closed with code {code}{detail}", code=str(code))
