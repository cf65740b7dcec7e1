"""Reads a body ahead of its reader and hands out everything that has arrived at once.

HTTP libraries deliver each chunk of the server's by itself. When several have arrived, passing them one by one through
generators, decoders and callers costs far more than the work on them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

__all__ = ["read_ahead"]

_HIGH_WATER = 1024 * 1024
"""Bytes that may wait for the reader; above that the body is left on the network."""


async def read_ahead(source: AsyncIterator[bytes], high_water: int = _HIGH_WATER) -> AsyncGenerator[bytes, None]:
    """The bytes of `source`, as they have arrived. Its error, if any, comes after the bytes before it."""
    reader = _Reader(source, high_water)
    task = asyncio.create_task(reader.run())
    try:
        while await reader.arrived():
            yield reader.take()
        if reader.error is not None:
            raise reader.error
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])


class _Reader:
    """Moves bytes from the source to a list; two futures at most say who waits for whom."""

    def __init__(self, source: AsyncIterator[bytes], high_water: int) -> None:
        self.error: Exception | None = None
        self._source = source
        self._high_water = high_water
        self._loop = asyncio.get_running_loop()
        self._pieces: list[bytes] = []
        self._size = 0
        self._ended = False
        self._waiting: asyncio.Future[None] | None = None
        self._full: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Read to the end."""
        try:
            async for data in self._source:
                self._pieces.append(data)
                self._size += len(data)
                if self._waiting is not None:
                    self._wake()
                if self._size > self._high_water:
                    self._full = self._loop.create_future()
                    await self._full
        except Exception as error:
            self.error = error
        self._ended = True
        self._wake()

    async def arrived(self) -> bool:
        """Wait for bytes; `False` at the end."""
        while not self._pieces:
            if self._ended:
                return False
            self._waiting = self._loop.create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        return True

    def take(self) -> bytes:
        """Everything that has arrived."""
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        if self._full is not None:
            self._full.set_result(None)
            self._full = None
        return data

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
