"""Caches loaded media, and shares loads that are under way."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from ...application.call.per_loop import PerLoop
from ...domain.records import record

__all__ = ["RecentTexts", "SharedWork"]


class RecentTexts:
    """ASCII texts by key, at most `limit` bytes in all; the one unused for longest goes first. Threads may share it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._texts: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> str | None:
        """The text, if it is still here."""
        with self._lock:
            text = self._texts.get(key)
            if text is not None:
                self._texts.move_to_end(key)
            return text

    def put(self, key: Hashable, text: str) -> None:
        """Keep a text; one larger than the limit is not kept."""
        if len(text) > self._limit:
            return
        with self._lock:
            self._size -= len(self._texts.pop(key, ""))
            self._texts[key] = text
            self._size += len(text)
            while self._size > self._limit:
                _, dropped = self._texts.popitem(last=False)
                self._size -= len(dropped)


@record(slots=True)
class _Work:
    task: asyncio.Task[str]
    waiting: int = 0


class SharedWork:
    """One task per key and event loop, shared by all callers; it is cancelled when the last of them gives up."""

    def __init__(self) -> None:
        self._running: PerLoop[dict[Hashable, _Work]] = PerLoop(dict)

    async def run(self, key: Hashable, start: Callable[[], Coroutine[Any, Any, str]]) -> str:  # Any: nothing is sent
        """The result, or the error, of the work under way for this key; started when there is none."""
        running = self._running.get()
        work = running.get(key)
        if work is None:
            work = running[key] = _Work(asyncio.create_task(start()))
        work.waiting += 1
        try:
            return await asyncio.shield(work.task)
        finally:
            work.waiting -= 1
            if not work.waiting:
                if running.get(key) is work:
                    del running[key]
                await _ended(work.task)


async def _ended(task: asyncio.Task[str]) -> None:
    """Wait for the task's end, so that its connection is closed before its last caller goes on."""
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # retrieve it so that asyncio does not log it
