"""Awaiting several things as one: when one fails, the others are cancelled, and its own error is raised.

Ending tasks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

__all__ = ["all_of", "cancel_all"]

T = TypeVar("T")


async def all_of(waits: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in order. The first error is raised by itself, not in a group, once the rest has been cancelled."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(wait) for wait in waits]
    except BaseExceptionGroup as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from first.__cause__
    return [task.result() for task in tasks]


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
