"""Whether a store answers so quickly that it can be asked in the event loop, without a thread."""

from __future__ import annotations

import asyncio
from time import perf_counter

__all__ = ["FEW", "Pace"]

FEW = 8
"""So many look-ups take as long as switching to a thread and back."""
_SLOW = 0.005
"""Seconds that the event loop may be held once; a page that is in memory takes a thousandth of it."""
_PAUSE = 64
"""Quick look-ups in threads before the event loop asks again."""
_TURN = 16
"""Look-ups in a row before other tasks get their turn."""


class Pace:
    """Measures look-ups: the first is made in a thread, and after a slow one so are many more.

    So a network drive or a disk that is busy holds the event loop for one look-up, and not for each.
    """

    def __init__(self) -> None:
        self._in_threads = 1
        self._in_a_row = 0

    @property
    def quick(self) -> bool:
        """Whether the event loop may ask."""
        return self._in_threads <= 0

    def in_loop(self, begun: float) -> None:
        """The event loop has asked, since that time of `perf_counter`."""
        if perf_counter() - begun > _SLOW:
            self._in_threads = _PAUSE

    def in_thread(self, begun: float) -> None:
        """A thread has asked."""
        if perf_counter() - begun <= _SLOW:
            self._in_threads -= 1

    async def turn(self) -> None:
        """Called after each look-up in the event loop: one that never waits would keep other tasks from running."""
        self._in_a_row += 1
        if self._in_a_row >= _TURN:
            self._in_a_row = 0
            await asyncio.sleep(0)
