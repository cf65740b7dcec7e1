"""Time, as the engine needs it; replaceable, so that tests can advance it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Clock", "TimerHandle"]


class TimerHandle(Protocol):
    """A scheduled call."""

    def cancel(self) -> None:
        """Do not call; harmless when it was called already."""
        ...


class Clock(Protocol):
    """Seconds, sleeping and timers. Timers fire in the running event loop."""

    def monotonic(self) -> float:
        """A monotonic time in seconds."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch, to be compared with dates from a server."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds; cancelling ends it at once."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        """Call back after so many seconds unless the handle is cancelled."""
        ...
