"""The real clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ...ports.clock import TimerHandle

__all__ = ["SystemClock"]


class SystemClock:
    """The system's time."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        """Call back in the running loop."""
        return asyncio.get_running_loop().call_later(seconds, callback)
