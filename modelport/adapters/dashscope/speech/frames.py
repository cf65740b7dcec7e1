"""What the frames of DashScope's WebSocket services have in common: JSON objects, and how they count."""

from __future__ import annotations

from typing import Any

from ....domain.errors import ResponseDecodeError
from ....domain.speech.responses import TTSUsage
from ....ports.websocket import Frame
from ...wire.decoder import Json
from ...wire.json_text import dump_json, parse_json
from ...wire.vectors import count

__all__ = ["frame_of", "object_of", "usage_of"]


def frame_of(value: Json) -> str:
    """A text frame."""
    return dump_json(value).decode()


def object_of(frame: Frame) -> Json:
    """The object of a frame; raises `ResponseDecodeError` for anything else."""
    try:
        value = parse_json(frame)
    except ValueError as error:
        raise ResponseDecodeError(f"a message of the server is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ResponseDecodeError(f"a message of the server is a {type(value).__name__}, not an object")
    return value


def usage_of(value: Any) -> TTSUsage | None:  # Any: whatever stands where the usage should
    """Characters or tokens, whichever the server counts."""
    if not isinstance(value, dict) or not value:
        return None
    return TTSUsage(
        count(value, "input_tokens") or 0,
        count(value, "output_tokens") or 0,
        characters=count(value, "characters") or 0,
        raw=value,
    )
