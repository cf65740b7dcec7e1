"""Events and messages of a speech server: finding the audio in them, and changing them.

A unit is an event of an HTTP stream in bytes, or a step of a conversation.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from typing import Any

from ....adapters.cassettes.websocket_file import ServerStep
from ..core.frames import with_unknown_fields
from .base import TTSContractBase
from .collect import Spoken
from .recordings import RecordedConversation, with_frame

__all__ = [
    "AN_EVENT",
    "as_unit",
    "audio_in",
    "in_two",
    "over_events",
    "unit_bytes",
    "with_unknown",
]

AN_EVENT = "a cassette of an answer in events or messages"
_JSON = "application/json"
_SHORTEST, _LONG = 8, 64


def over_events(contract: TTSContractBase) -> list[Any]:  # Any: tapes
    """The good answers that come as events or messages, and not as bare audio."""
    return [tape for tape in contract.good() if isinstance(tape, RecordedConversation) or tape.is_sse]


def audio_in(unit: Any) -> Iterator[bytes]:  # Any: a unit
    """The audio in it: bytes, or long base64."""
    if isinstance(unit, ServerStep) and isinstance(unit.does, bytes):
        yield unit.does
    else:
        yield from (audio for written, audio in _base64_in(_text(unit)) if len(written) >= _LONG)


def in_two(unit: Any, wanted: Spoken, first: int) -> Iterator[Any]:  # Any: units
    """A piece of audio as two, the first so many bytes long; anything else unchanged."""
    if isinstance(unit, ServerStep) and isinstance(unit.does, bytes):
        if len(unit.does) > first and unit.does in wanted.audio:
            yield from (with_frame(unit, unit.does[:first]), with_frame(unit, unit.does[first:]))
            return
    else:
        for written, audio in _base64_in(_text(unit)):
            if len(audio) > first and audio in wanted.audio:
                yield from (_replaced(unit, written, part) for part in (audio[:first], audio[first:]))
                return
    yield unit


def _base64_in(text: str) -> Iterator[tuple[str, bytes]]:
    """The strings of a message that are base64, and what they stand for."""
    for quoted in text.split('"'):
        if len(quoted) < _SHORTEST:
            continue
        try:
            yield quoted, base64.b64decode(quoted, validate=True)
        except (binascii.Error, ValueError):
            continue


def _replaced(unit: Any, written: str, audio: bytes) -> Any:  # Any: units
    return _with_text(unit, lambda text: text.replace(written, base64.b64encode(audio).decode()))


def with_unknown(unit: Any, content_type: str) -> Any:  # Any: units
    """With an unknown field in its object and in the objects directly inside."""
    if isinstance(unit, bytes):
        return with_unknown_fields(unit, content_type)
    return _with_text(unit, _with_unknown)


def _with_unknown(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        return text
    return with_unknown_fields(text.encode(), _JSON).decode()


def _with_text(unit: Any, change: Callable[[str], str]) -> Any:  # Any: units
    """The unit with another text in it; bytes of audio stay."""
    if isinstance(unit, bytes):
        return change(unit.decode()).encode()
    return unit if isinstance(unit.does, bytes) else with_frame(unit, change(unit.does))


def as_unit(like: Any, text: str) -> Any:  # Any: units
    """A unit with this text, at the same time and in the same form."""
    return f"data:{text}\n\n".encode() if isinstance(like, bytes) else with_frame(like, text)


def unit_bytes(unit: Any) -> bytes:  # Any: a unit
    """What it is, in bytes."""
    return unit if isinstance(unit, bytes) else unit.does if isinstance(unit.does, bytes) else unit.does.encode()


def _text(unit: Any) -> str:  # Any: a unit
    return unit_bytes(unit).decode()
