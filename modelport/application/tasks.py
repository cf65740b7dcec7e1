"""Ending tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

__all__ = ["cancel_all"]


async def cancel_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel what still runs and wait until all have ended; their errors stay theirs.

    When all have ended already it does not wait at all: a loop that shuts down closes every async generator at the same
    time, and one that waits then is in the way of those around it.
    """
    running = []
    for task in tasks:
        if task.cancel():
            running.append(task)
        elif not task.cancelled():
            task.exception()  # looked at, so that nobody is told that it was not
    if running:
        await asyncio.gather(*running, return_exceptions=True)
