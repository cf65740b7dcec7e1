"""The frames of a streamed body, and changes that must not change their meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["content_free", "cut_positions", "events", "frames_of", "is_sse", "with_line_ends", "with_unknown_fields"]

_EVENT_END = re.compile(rb"(?:\r\n\r\n|\n\n|\r\r)(?:\r?\n)*")
_NEAR = 2


def is_sse(content_type: str) -> bool:
    """Whether a body of this type is made of server-sent events; else it is made of lines."""
    return content_type.partition(";")[0].strip().lower() == "text/event-stream"


def frames_of(body: bytes, content_type: str) -> list[bytes]:
    """The body cut after each event or line; together they are the body."""
    if not is_sse(content_type):
        return body.splitlines(keepends=True)
    frames, start = [], 0
    for end in _EVENT_END.finditer(body):
        frames.append(body[start : end.end()])
        start = end.end()
    return [*frames, body[start:]] if start < len(body) else frames


def cut_positions(frames: Sequence[bytes], limit: int) -> list[int]:
    """Where to cut the joined frames in two: everywhere, or the `limit` places that are most likely to fail.

    Those are the ends of frames and the insides of characters, then evenly spread places: the same in every run.
    """
    body = b"".join(frames)
    if len(body) - 1 <= limit:
        return list(range(1, len(body)))
    ends, position = [], 0
    for frame in frames:
        position += len(frame)
        ends += [position + near for near in range(-_NEAR, _NEAR + 1)]
    inside = [place for place in range(1, len(body)) if body[place] & 0xC0 == 0x80]
    chosen = _spread([place for place in dict.fromkeys([*inside, *ends]) if 0 < place < len(body)], limit * 2 // 3)
    chosen += _spread(range(1, len(body)), limit - len(chosen))
    return sorted(set(chosen))


def _spread(values: Sequence[int], count: int) -> list[int]:
    """At most `count` of the values, evenly spread."""
    if len(values) <= count:
        return list(values)
    return [values[number * len(values) // count] for number in range(count)]


def with_line_ends(body: bytes, end: bytes) -> bytes:
    """The body with these line ends throughout."""
    return body.replace(b"\r\n", b"\n").replace(b"\n", end)


def events(frame: bytes, content_type: str) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The JSON object of a frame between what stands before and after it; nothing when it holds none in one line."""
    if not is_sse(content_type):
        if frame.strip():
            yield b"", frame.rstrip(b"\r\n"), frame[len(frame.rstrip(b"\r\n")) :]
        return
    found = re.search(rb"^(.*?\bdata: ?)(\{[^\r\n]*\})([ ]*\r?\n.*)$", frame, re.DOTALL)
    if found:
        yield found[1], found[2], found[3]


def with_unknown_fields(frame: bytes, content_type: str) -> bytes:
    """The frame with an unknown field in its object and in the objects directly inside."""
    for before, text, after in events(frame, content_type):
        value = json.loads(text)
        if isinstance(value, dict):
            _add_unknown(value, 1)
            return before + json.dumps(value, ensure_ascii=False).encode() + after
    return frame


def _add_unknown(value: dict[str, Any], depth: int) -> None:  # Any: JSON
    """Not deeper: there are the arguments of tools, which another field would change."""
    inner = [each for each in value.values() if isinstance(each, dict)]
    inner += [each for many in value.values() if isinstance(many, list) for each in many if isinstance(each, dict)]
    if depth:
        for each in inner:
            _add_unknown(each, depth - 1)
    value["modelport_unknown"] = {"depths": ["low", None, 7]}


def content_free(content_type: str) -> tuple[bytes, ...]:
    """What a server may send between two events to keep the connection open."""
    return (b": ping\n\n", b"\n", b":\n\n") if is_sse(content_type) else (b"\n", b" \n")
