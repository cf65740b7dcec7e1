"""Bytes to frames: server-sent events and newline-delimited JSON, however the network cut them.

Both work on bytes, since a cut may fall inside a character, and text line splitting also splits at characters that are
legal inside JSON strings.

Facts: docs/protocols/transport.md#server-sent-events, docs/protocols/transport.md#ndjson.
"""

from __future__ import annotations

import re
from typing import Protocol

from ...domain.errors import ResponseDecodeError
from .json_text import parse_json

__all__ = ["MAX_FRAME_BYTES", "Framer", "NDJSONFramer", "SSEFramer", "begins_as_sse"]

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""The largest single frame accepted: room for generated media, not for an endless line."""

_BOM = b"\xef\xbb\xbf"


class Framer(Protocol):
    """Cuts a byte stream into payloads."""

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that these bytes complete, in order."""
        ...

    def tail(self) -> bytes | None:
        """At the end of the bytes: a payload whose terminator is missing. Use it only if it parses."""
        ...


class _Buffer:
    """Bytes after the last separator, searched once and never copied again while they grow."""

    __slots__ = ("_limit", "_separator", "kept")

    def __init__(self, separator: bytes, limit: int) -> None:
        self.kept = bytearray()
        self._separator = separator
        self._limit = limit

    def cut(self, data: bytes) -> list[bytes]:
        """The pieces before each separator; what follows the last one is kept."""
        separator, kept = self._separator, self.kept
        if not kept and data.endswith(separator):
            return data[: -len(separator)].split(separator)
        scanned = max(0, len(kept) - len(separator) + 1)
        kept += data
        end = kept.rfind(separator, scanned)
        if end < 0:
            if len(kept) > self._limit:
                raise ResponseDecodeError(f"a single event of the stream is larger than {self._limit} bytes")
            return []
        pieces = bytes(kept[:end]).split(separator)
        del kept[: end + len(separator)]
        return pieces

    def rest(self) -> bytes:
        """What is left, handed out once."""
        rest = bytes(self.kept)
        self.kept.clear()
        return rest


_SSE_LINE = re.compile(rb"(?:data|event|id|retry)?[:\r\n]|(?:data|event|id|retry)\Z|error:(?: ?\{| ?\Z)")
_SSE_FIELDS = b"\ndata\nevent\nid\nretry\nerror"


def begins_as_sse(data: bytes) -> bool:
    """Whether these first bytes are a line of server-sent events, or may become one."""
    if data[:1] == b"{":  # a JSON text: nearly every whole answer
        return False
    if data == _BOM[: len(data)]:
        return True
    start = data.removeprefix(_BOM).lstrip()
    return bool(_SSE_LINE.match(start)) or (b"\n" not in start and b"\n" + start in _SSE_FIELDS)


class SSEFramer:
    """Server-sent events to their `data` payloads.

    All three line ends, comments, fields without a space, several data lines, a byte order mark and unknown fields are
    handled; events without data, or with empty data, are skipped. A field `error` with an object, which old llama.cpp
    servers send in place of data, is read as data with that error.
    """

    __slots__ = ("_after_cr", "_buffer", "_first")

    def __init__(self, limit: int = MAX_FRAME_BYTES) -> None:
        self._buffer = _Buffer(b"\n\n", limit)
        self._after_cr = False
        self._first = True

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads of the events that these bytes complete."""
        if (  # one whole event of one data line, as most servers send them
            data.startswith(b"data: ")
            and data.endswith(b"\n\n")
            and data.find(b"\n") == len(data) - 2
            and b"\r" not in data
            and len(data) > 8
            and not self._buffer.kept
        ):
            self._first = self._after_cr = False
            return [data[6:-2]]
        if self._after_cr or b"\r" in data:
            data = self._with_line_feeds(data)
        payloads = []
        for event in self._buffer.cut(data):
            if event.startswith(b"data: ") and len(event) > 6 and b"\n" not in event:
                self._first = False
                payloads.append(event[6:])
                continue
            payload = self._payload(event)
            if payload is not None:
                payloads.append(payload)
        return payloads

    def tail(self) -> bytes | None:
        """The data of an event whose final blank line never came."""
        return self._payload(self._buffer.rest())

    may_begin = begins_as_events = staticmethod(begins_as_sse)
    """Whether a stream can begin like this; JSON, HTML and plain text do not."""

    def _with_line_feeds(self, data: bytes) -> bytes:
        """CR and CRLF become LF, also when the two bytes come in different chunks."""
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
            self._after_cr = False
        if data:
            self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _payload(self, event: bytes) -> bytes | None:
        if self._first and event:
            self._first = False
            event = event.removeprefix(_BOM)
        newline = event.find(b"\n")
        if newline < 0:
            if event.startswith(b"data: "):
                return event[6:] or None
        elif (
            event.startswith(b"event:")
            and event.startswith(b"data: ", newline + 1)
            and event.find(b"\n", newline + 1) < 0
        ):
            return event[newline + 7 :] or None
        return _data_lines(event)


def _data_lines(event: bytes) -> bytes | None:
    lines, error = [], b""
    for line in event.split(b"\n"):
        name, _, value = line.partition(b":")
        if name == b"data":
            lines.append(value.removeprefix(b" "))
        elif name == b"error" and value.lstrip().startswith(b"{"):
            error = b'{"error":' + value + b"}"
    return b"\n".join(lines) or error or None


class NDJSONFramer:
    """Newline-delimited JSON to its lines; blank lines are skipped."""

    __slots__ = ("_buffer",)

    def __init__(self, limit: int = MAX_FRAME_BYTES) -> None:
        self._buffer = _Buffer(b"\n", limit)

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete."""
        if data and data.find(b"\n") == len(data) - 1 and not self._buffer.kept and not data.isspace():
            return [data[:-1]]  # one line in one chunk, as servers send them
        return [line for line in self._buffer.cut(data) if line and not line.isspace()]

    def tail(self) -> bytes | None:
        """A last line without its line end."""
        rest = self._buffer.rest()
        return rest if rest.strip() else None

    @staticmethod
    def may_begin(data: bytes) -> bool:
        """Whether the first line is one of its own; an HTML page and indented JSON have other ones."""
        line, end, _ = data.removeprefix(_BOM).strip().partition(b"\n")
        if line.startswith((b"{", b"[")):
            return not end or _is_json(line)
        return not line.startswith(b"<")

    @staticmethod
    def begins_as_events(data: bytes) -> bool:
        """Whether a first line is here and is JSON of its own."""
        line, end, _ = data.removeprefix(_BOM).lstrip().partition(b"\n")
        return bool(end) and line.startswith(b"{") and _is_json(line)


def _is_json(line: bytes) -> bool:
    try:
        parse_json(line)
    except ValueError:
        return False
    return True
