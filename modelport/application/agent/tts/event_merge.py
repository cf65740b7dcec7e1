"""Merges two streams of events into one."""

from __future__ import annotations

import asyncio
from typing import Self

from ....domain.message.events import Event

__all__ = ["EventMerge"]


class EventMerge:
    """Takes events from two tasks and yields them one by one; events of the main stream go first.

    Both streams are bounded, so `put_main` and `put_side` wait for the reader: the main stream is at most one event
    ahead of it, the side stream `max_side`.
    """

    def __init__(self, max_side: int) -> None:
        self._main: asyncio.Queue[Event] = asyncio.Queue(1)
        self._side: asyncio.Queue[Event] = asyncio.Queue(max_side)
        self._changed = asyncio.Event()
        self._closed = False

    async def put_main(self, event: Event) -> None:
        """Put an event of the main stream."""
        await self._main.put(event)
        self._changed.set()

    async def put_side(self, event: Event) -> None:
        """Put an event of the side stream, which is read when the main stream has none."""
        await self._side.put(event)
        self._changed.set()

    def close(self) -> None:
        """End both streams; the events already put can still be read."""
        self._closed = True
        self._changed.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while True:
            if not self._main.empty():
                return self._main.get_nowait()
            if not self._side.empty():
                await asyncio.sleep(0)  # lets the main task put its next event first, if it is ready
                if self._main.empty():
                    return self._side.get_nowait()
            elif self._closed:
                raise StopAsyncIteration
            else:
                self._changed.clear()
                await self._changed.wait()
