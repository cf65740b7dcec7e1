"""The bytes of a request body, in which long texts and what was encoded before stand without a copy of their own."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import orjson

from ...ports.codec.rendering import Chunk, KeptArray, LongText
from .json_text import dump_json

__all__ = ["dump_body"]

_dumps = orjson.dumps
_HOLE_BYTE = b"\x00"
"""JSON holds no such byte: control characters are escaped in it."""
_HOLE = orjson.Fragment(_HOLE_BYTE)
_PIECE = 64 * 1024


def dump_body(value: Any) -> bytes:  # Any: JSON values, `LongText` and `KeptArray`
    """As `dump_json`, also of values with `LongText` in them: the whole body is held once, and nothing twice.

    What was written of `KeptArray` before is not written again.
    """
    apart: list[LongText | KeptArray] = []
    try:
        frame = _dumps(value, partial(_hole, apart))
        return _joined(_parts(frame, apart)) if apart else frame
    except TypeError:
        return dump_json(_plain(value))


def _hole(apart: list[LongText | KeptArray], value: object) -> orjson.Fragment:
    if isinstance(value, LongText | KeptArray):
        apart.append(value)
        return _HOLE
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _parts(frame: bytes, apart: Iterable[LongText | KeptArray]) -> list[bytes | LongText]:
    """The frame with what stands in its holes."""
    parts: list[bytes | LongText] = []
    pieces = iter(frame.split(_HOLE_BYTE))
    parts.append(next(pieces))
    for value in apart:
        if isinstance(value, LongText):
            parts.append(value)
        else:
            for index, chunk in enumerate(value.chunks):
                parts.append(b"," if index else b"[")
                parts += chunk.parts or _written(chunk)
            parts.append(b"]" if value.chunks else b"[]")
        parts.append(next(pieces))
    return parts


def _written(chunk: Chunk) -> Sequence[bytes | LongText]:
    """The elements of the chunk, which has at least one, without the brackets."""
    apart: list[LongText | KeptArray] = []
    data = _dumps(chunk.values, partial(_hole, apart))[1:-1]
    chunk.parts = _parts(data, apart) if apart else [data]
    return chunk.parts


def _joined(parts: Sequence[bytes | LongText]) -> bytes:
    """The parts in one text; long ones are written into a buffer of the size that it will have."""
    plain = [part for part in parts if isinstance(part, bytes)]
    if len(plain) == len(parts):
        return b"".join(plain)
    body = io.BytesIO()
    size = sum(len(part) if isinstance(part, bytes) else len(part.head) + len(part.data) + 2 for part in parts)
    body.seek(size - 1)
    body.write(_HOLE_BYTE)
    body.seek(0)
    for part in parts:
        if isinstance(part, bytes):
            body.write(part)
            continue
        body.write(_dumps(part.head)[:-1])
        for place in range(0, len(part.data), _PIECE):
            body.write(memoryview(_dumps(part.data[place : place + _PIECE]))[1:-1])
        body.write(b'"')
    body.truncate()
    return body.getvalue()


def _plain(value: Any) -> Any:  # Any: JSON values
    """The value with strings in place of `LongText`, and lists in place of `KeptArray`."""
    if type(value) is LongText:
        return str(value)
    if type(value) is KeptArray:
        return _plain(value.values())
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
