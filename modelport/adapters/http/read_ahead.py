"""Reads a body ahead of its reader and hands out everything that has arrived at once.

HTTP libraries deliver each chunk of the server separately. When several have arrived, passing them one by one through
decoders and callers costs far more than the work on them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Self

from .content import MAX_ANSWER_BYTES, too_large

__all__ = ["ReadAhead"]

_HIGH_WATER = 1024 * 1024
"""Bytes that may wait for the reader; above that the body is left on the network."""


def _as_it_is(error: Exception) -> Exception:
    return error


class ReadAhead:
    """The bytes of `source`, as they have arrived. Its error, if any, comes after the bytes before it; more than
    `limit` bytes are an error.

    A task moves bytes from the source to a list; at most two futures say which side waits for the other. `translate`
    makes the error that the reader gets of the source's.
    """

    __slots__ = (
        "_ended",
        "_error",
        "_full",
        "_high_water",
        "_left",
        "_limit",
        "_pieces",
        "_size",
        "_source",
        "_task",
        "_translate",
        "_waiting",
    )

    def __init__(
        self,
        source: AsyncIterator[bytes],
        translate: Callable[[Exception], Exception] = _as_it_is,
        high_water: int = _HIGH_WATER,
        limit: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._source = source
        self._translate = translate
        self._high_water = high_water
        self._limit = self._left = limit
        self._pieces: list[bytes] = []
        self._size = 0
        self._ended = False
        self._error: Exception | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._full: asyncio.Future[None] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._task is None and not self._ended:
            self._task = asyncio.create_task(self._read())
        while not self._pieces:
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        if self._full is not None:
            self._full.set_result(None)
            self._full = None
        return data

    async def aclose(self) -> None:
        """Stop reading; a reader that waits finds the end."""
        task, self._task, self._ended = self._task, None, True
        self._pieces.clear()
        self._wake()
        if task is not None and task.cancel():
            await asyncio.wait([task])

    async def _read(self) -> None:
        pieces = self._pieces
        try:
            async for data in self._source:
                pieces.append(data)
                self._size += len(data)
                self._left -= len(data)
                if self._left < 0:
                    raise too_large(self._limit)
                waiting = self._waiting
                if waiting is not None and not waiting.done():
                    waiting.set_result(None)
                if self._size > self._high_water:
                    self._full = asyncio.get_running_loop().create_future()
                    await self._full
        except Exception as error:
            self._error = self._translate(error)
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
