"""Time, as the engine needs it: replaceable, so that tests can turn the hands."""

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
        """Seconds that never go back."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch, to compare with dates that a server sends."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds; cancelling ends it at once."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        """Call back after so many seconds unless the handle is cancelled."""
        ...
