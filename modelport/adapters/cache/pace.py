"""Whether a store answers so quickly that it can be asked in the event loop, without a thread."""

from __future__ import annotations

import asyncio
from time import perf_counter

__all__ = ["FEW", "Pace"]

FEW = 8
"""So many look-ups take as long as switching to a thread and back."""
_SLOW = 0.005
"""Seconds of a look-up that is not quick; one whose page is in memory takes a hundredth of it."""
_TOO_SLOW = 0.1
"""Seconds after which one look-up is enough to know."""
_STRIKES, _STRIKE = 48, 20
"""Three slow look-ups of about sixty are enough, but not one or two, in which another program may have run."""
_PAUSE = 64
"""Quick look-ups in threads before the event loop asks again."""
_TURN = 16
"""Look-ups in a row before other tasks get their turn."""


class Pace:
    """Measures look-ups: the first is made in a thread, and after some that were slow so are many more.

    So a network drive or a disk that is busy holds the event loop for a few look-ups, and not for each.
    """

    def __init__(self) -> None:
        self._in_threads = 1
        self._strikes = 0
        self._in_a_row = 0

    @property
    def quick(self) -> bool:
        """Whether the event loop may ask."""
        return self._in_threads <= 0

    def in_loop(self, begun: float) -> None:
        """The event loop has asked, since that time of `perf_counter`."""
        seconds = perf_counter() - begun
        if seconds > _SLOW:
            self._strikes += _STRIKE
            if self._strikes > _STRIKES or seconds > _TOO_SLOW:
                self._in_threads, self._strikes = _PAUSE, 0
        elif self._strikes:
            self._strikes -= 1

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
