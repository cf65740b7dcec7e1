"""Two streams of events made one, at the only place where they meet."""

from __future__ import annotations

import asyncio
from typing import Self

from ....domain.message.events import Event

__all__ = ["EventMerge"]


class EventMerge:
    """Takes events from two tasks and hands them out one by one, the main ones first when both have some.

    Both sides are bounded: whoever puts waits for the reader. The main side is at most one event ahead of it.
    """

    def __init__(self, most_beside: int) -> None:
        self._main: asyncio.Queue[Event] = asyncio.Queue(1)
        self._beside: asyncio.Queue[Event] = asyncio.Queue(most_beside)
        self._news = asyncio.Event()
        self._closed = False

    async def put_main(self, event: Event) -> None:
        """An event that waits for nobody but the reader."""
        await self._main.put(event)
        self._news.set()

    async def put_beside(self, event: Event) -> None:
        """An event that may be read later."""
        await self._beside.put(event)
        self._news.set()

    def close(self) -> None:
        """Nothing more will be put; what is there can still be read."""
        self._closed = True
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while True:
            if not self._main.empty():
                return self._main.get_nowait()
            if not self._beside.empty():
                await asyncio.sleep(0)  # whoever puts main events may have the next one, and only waits for its turn
                if self._main.empty():
                    return self._beside.get_nowait()
            elif self._closed:
                raise StopAsyncIteration
            else:
                self._news.clear()
                await self._news.wait()
