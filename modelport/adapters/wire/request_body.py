"""The bytes of a request body, in which long texts and what was encoded before stand without a copy of their own."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson

from ...ports.codec.rendering import Chunk, KeptMessages, LongText
from .json_text import dump_json

__all__ = ["dump_body"]

_dumps = orjson.dumps
_Fragment = orjson.Fragment
_HOLE_BYTE = b"\x00"
"""JSON holds no such byte: control characters are escaped in it."""
_HOLE = orjson.Fragment(_HOLE_BYTE)
_PIECE = 64 * 1024


def dump_body(value: Any) -> bytes:  # Any: JSON values, `LongText` and `KeptMessages`
    """As `dump_json`, also of values with `LongText` in them: the whole body is held once, and nothing twice.

    What was written of `KeptMessages` before is not written again.
    """
    texts: list[LongText] = []
    try:
        frame = _dumps(value, partial(_hole, texts))
        return _filled(frame, texts) if texts else frame
    except (TypeError, UnicodeEncodeError):
        return dump_json(_plain(value))


def _hole(texts: list[LongText], value: object) -> orjson.Fragment:
    if type(value) is LongText:
        texts.append(value)
        return _HOLE
    if type(value) is KeptMessages:
        written = []
        for chunk in value.chunks:
            written.append(_written(chunk))
            texts += chunk.texts
        return _Fragment(b"[%b]" % b",".join(written))
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _written(chunk: Chunk) -> bytes:
    """The elements of the chunk, which has at least one."""
    if chunk.data is None:
        texts: list[LongText] = []
        data = _dumps(chunk.values, partial(_hole, texts))[1:-1]
        chunk.texts, chunk.data = texts, data
        return data
    return chunk.data


def _filled(frame: bytes, texts: Sequence[LongText]) -> bytes:
    """The frame with its holes filled, in a buffer of the size that it will have."""
    body = io.BytesIO()
    size = len(frame) + sum(len(text.head) + len(text.data) + 1 for text in texts)
    body.seek(size - 1)
    body.write(_HOLE_BYTE)
    body.seek(0)
    start = 0
    for text in texts:
        end = frame.index(_HOLE_BYTE, start)
        body.write(memoryview(frame)[start:end])
        body.write(_dumps(text.head)[:-1])
        for place in range(0, len(text.data), _PIECE):
            body.write(memoryview(_dumps(text.data[place : place + _PIECE]))[1:-1])
        body.write(b'"')
        start = end + 1
    body.write(memoryview(frame)[start:])
    body.truncate()
    return body.getvalue()


def _plain(value: Any) -> Any:  # Any: JSON values
    """The value with strings in place of `LongText`, and lists in place of `KeptMessages`."""
    if type(value) is LongText:
        return str(value)
    if type(value) is KeptMessages:
        return _plain(value.of)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
