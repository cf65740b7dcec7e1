"""Awaiting several things as one."""

from __future__ import annotations

import asyncio

import pytest

from modelport.application.call.tasks import all_of


async def test_results_keep_their_order() -> None:
    gate = asyncio.Event()

    async def first() -> int:
        await gate.wait()
        return 1

    async def second() -> int:
        gate.set()
        return 2

    assert await all_of([first(), second()]) == [1, 2]


async def test_the_first_error_is_raised_by_itself_and_the_rest_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def fail() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await all_of([hang(), fail()])
    assert cancelled.is_set()


async def test_a_cancellation_from_outside_stays_one() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(all_of([hang()]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
