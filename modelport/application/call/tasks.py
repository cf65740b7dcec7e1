"""Runs several coroutines as one, and ends tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

__all__ = ["all_of", "cancel_all"]

T = TypeVar("T")


async def all_of(waits: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in order. When one fails, the others are cancelled and its own error is raised, not a group."""
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
    """Cancel the tasks that still run and wait until all have ended; their errors are not raised.

    Does not wait when all have ended already: a loop that shuts down closes every async generator at the same time, and
    waiting in one of them would block those around it.
    """
    running = []
    for task in tasks:
        if task.cancel():
            running.append(task)
        elif not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it
    if running:
        await asyncio.gather(*running, return_exceptions=True)
