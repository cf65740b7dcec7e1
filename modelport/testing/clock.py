"""A clock that tests advance."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from ..ports.clock import TimerHandle

__all__ = ["VirtualClock"]


@dataclass(order=True)
class _Timer:
    when: float
    number: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class VirtualClock:
    """A `Clock` whose time passes only when a test advances it.

    `advance` moves it and calls what is due, in order. With `skip_sleeps` a sleep moves it by itself and returns at
    once; `sleeps` lists what was slept.
    """

    def __init__(self, start: float = 1_000_000.0, *, skip_sleeps: bool = False) -> None:
        self._now = start
        self._skip = skip_sleeps
        self._timers: list[_Timer] = []
        self._count = 0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        """The virtual time in seconds."""
        return self._now

    def wall(self) -> float:
        """The same: virtual seconds since the epoch."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been advanced that far."""
        self.sleeps.append(seconds)
        if self._skip:
            self.advance(seconds)
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_later(seconds, lambda: None if woken.done() else woken.set_result(None))
        try:
            await woken
        finally:
            timer.cancel()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        """Call back once the clock has been advanced that far."""
        self._count += 1
        timer = _Timer(self._now + seconds, self._count, callback)
        heapq.heappush(self._timers, timer)
        return timer

    @property
    def pending(self) -> int:
        """The number of timers that are set."""
        return sum(not timer.cancelled for timer in self._timers)

    def advance(self, seconds: float) -> None:
        """Advance the clock, calling each timer at its time."""
        target = self._now + seconds
        while self._timers and self._timers[0].when <= target:
            timer = heapq.heappop(self._timers)
            self._now = max(self._now, timer.when)
            if not timer.cancelled:
                timer.callback()
        self._now = target
