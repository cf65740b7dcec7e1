"""Decompresses answers here instead of in the HTTP libraries, and limits their size.

A library decompresses all that it has read before it can be counted: some kilobytes become gigabytes. Here the
output comes in small pieces, and a body that grows beyond measure is refused while it is read.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Self

from ...domain.errors import ModelConnectionError, ResponseDecodeError

__all__ = ["ACCEPTED", "MAX_ANSWER_BYTES", "Decoded", "codings", "too_large"]

ACCEPTED = "gzip, deflate"
"""The codings that requests ask for: those of the standard library."""

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""The most that one answer may have, decompressed, unless a transport says otherwise."""

_GZIP = frozenset({"gzip", "x-gzip"})
_STEP = 64 * 1024
_FREE_BYTES = 8 * 1024 * 1024
_MAX_RATIO = 200
"""How many times its size a body may grow once it is larger than `_FREE_BYTES`; JSON and text stay far below."""


def codings(headers: Mapping[str, str]) -> list[str]:
    """The content codings in the order in which they were applied; empty for a body that is not compressed."""
    value = headers.get("content-encoding")
    if not value:
        return []
    return [name for part in value.split(",") if (name := part.strip().lower()) not in ("", "identity")]


def too_large(limit: int) -> ResponseDecodeError:
    """The error for an answer that has more bytes than the limit."""
    return ResponseDecodeError(
        f"the answer is larger than {limit} bytes; if that is expected, raise the setting transport.max_answer_mb"
    )


class Decoded:
    """The bytes of a compressed body, in pieces of at most 64 KiB.

    Raises `ResponseDecodeError` for more than one coding or an unknown one, for a body that is not what its headers
    say, that expands more than 200 times, or that has more than `limit` bytes; `ModelConnectionError` when it is cut.
    """

    __slots__ = ("_coding", "_engine", "_full", "_given", "_limit", "_pending", "_source", "_taken")

    def __init__(self, source: AsyncIterator[bytes], applied: list[str], limit: int = MAX_ANSWER_BYTES) -> None:
        self._source = source
        self._coding = ", ".join(applied)
        self._limit = limit
        self._pending = b""
        self._full = False
        self._taken = self._given = 0
        self._engine = zlib.decompressobj(zlib.MAX_WBITS | 16 if self._coding in _GZIP else zlib.MAX_WBITS)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._coding not in _GZIP and self._coding != "deflate":
            raise ResponseDecodeError(
                f"the answer has the content-encoding {self._coding[:80]!r}; expected one of {ACCEPTED}, once or not "
                "at all: check the server or the proxy before it"
            )
        while True:
            if not self._pending and not self._full:
                await self._read()
            data = self._step()
            if data:
                self._count(len(data))
                return data

    async def _read(self) -> None:
        try:
            self._pending = await self._source.__anext__()
        except StopAsyncIteration:
            if self._taken and not self._engine.eof:
                raise ModelConnectionError(f"the answer was cut: its {self._coding} data has no end") from None
            raise
        self._taken += len(self._pending)

    def _step(self) -> bytes:
        """The next piece of the output; empty when more input is needed."""
        if self._engine.eof and not self._next_member():
            return b""
        try:
            data = self._engine.decompress(self._pending, _STEP)
        except zlib.error as error:
            if self._given or self._coding != "deflate" or self._taken > len(self._pending):
                raise self._other_data(error) from None
            self._coding, self._engine = "deflate", zlib.decompressobj(-zlib.MAX_WBITS)  # without the zlib header
            return self._raw()
        self._pending = self._engine.unused_data if self._engine.eof else self._engine.unconsumed_tail
        self._full = len(data) == _STEP  # there may be more without further input
        return data

    def _raw(self) -> bytes:
        try:
            data = self._engine.decompress(self._pending, _STEP)
        except zlib.error as error:
            raise self._other_data(error) from None
        self._pending = self._engine.unconsumed_tail
        self._full = len(data) == _STEP
        return data

    def _other_data(self, error: zlib.error) -> ResponseDecodeError:
        return ResponseDecodeError(
            f"expected {self._coding} data, as the content-encoding says, got other bytes: {error}"
        )

    def _next_member(self) -> bool:
        """Whether another gzip member follows; anything else behind the end is ignored."""
        if self._coding in _GZIP and self._pending[:1] == b"\x1f":
            self._engine = zlib.decompressobj(zlib.MAX_WBITS | 16)
            return True
        self._pending, self._full = b"", False
        return False

    def _count(self, size: int) -> None:
        self._given += size
        if self._given > self._limit:
            raise too_large(self._limit)
        if self._given > _FREE_BYTES and self._given > _MAX_RATIO * self._taken:
            raise ResponseDecodeError(
                f"the answer has {self._taken} compressed bytes that expand to more than {self._given}; it is refused"
            )
