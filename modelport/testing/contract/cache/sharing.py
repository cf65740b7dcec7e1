"""Shared caches: parallel tasks, several instances, one event loop after another, and cancelled callers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ....application.embedding.cache import EmbeddingCacheBase
from ..core.case import Case, NotApplicableError, case, require, require_equal
from .base import CacheContractBase

__all__ = ["CASES"]

_TASKS = 12
_ENTRIES = 6
_DELAYS = (0.0, 0.001, 0.01)


@case("Many tasks may use it at once")
async def many_tasks(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):

        async def work(task: int) -> None:
            for number in range(_ENTRIES):
                await cache.store([[float(number)]], {"n": number}, overwrite=task % 2 == 0)
                await cache.store_many([([[float(task), float(number)]], {"task": task, "n": number})])
                require_equal("an entry of all", await cache.retrieve({"n": number}), [[float(number)]])
                own = await cache.retrieve({"task": task, "n": number})
                require_equal("an entry of one task", own, [[float(task), float(number)]])

        await asyncio.gather(*(work(task) for task in range(_TASKS)))


@case("Two caches of one place share their entries")
async def two_instances(contract: CacheContractBase, variant: str) -> None:
    if not contract.shared:
        raise NotApplicableError("the cache is not shared (`shared = False`)")
    async with contract.opened() as (cache, folder):
        other = await contract.make(folder)
        try:
            await _check_shared(cache, other)
        finally:
            await other.aclose()


async def _check_shared(cache: EmbeddingCacheBase, other: EmbeddingCacheBase) -> None:
    require_equal("what the other has at first", await other.retrieve("a"), None)
    await cache.store([[1.0]], "a")
    require_equal("what the other finds", await other.retrieve("a"), [[1.0]])
    await other.store([[2.0]], "a")
    require_equal("what is kept", await cache.retrieve("a"), [[1.0]])
    await other.store([[3.0]], "a", overwrite=True)
    require_equal("what is kept when the other overwrites", await cache.retrieve("a"), [[3.0]])
    await cache.remove("a")
    require_equal("what the other finds when it was removed", await other.retrieve("a"), None)
    await cache.store_many([([[float(number)]], number) for number in range(_ENTRIES)])
    await other.clear()
    require_equal("what is kept when the other clears", list(await cache.retrieve_many(range(_ENTRIES))), [None] * 6)


@case("Entries are kept when the cache is opened again")
async def opened_again(contract: CacheContractBase, variant: str) -> None:
    if not contract.shared:
        raise NotApplicableError("the cache is not shared (`shared = False`)")
    async with contract.opened() as (cache, folder):
        await cache.store([[1.0]], "a")
        await cache.aclose()
        require_equal("what is kept after aclose()", await cache.retrieve("a"), [[1.0]])
        again = await contract.make(folder)
        require_equal("what is kept in the folder", await again.retrieve("a"), [[1.0]])
        await again.aclose()


@case("It may be used in one event loop after another")
async def two_event_loops(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        for turn in range(3):
            await asyncio.to_thread(asyncio.run, _turn(cache, turn))
        require_equal("what is kept", await cache.retrieve({"turn": 2}), [[2.0]])


async def _turn(cache: EmbeddingCacheBase, turn: int) -> None:
    await cache.store([[float(turn)]], {"turn": turn})
    found = await cache.retrieve_many([{"turn": number} for number in range(turn + 1)])
    wanted = [[[float(number)]] for number in range(turn + 1)]
    require_equal("what is kept", [one and [list(row) for row in one] for one in found], wanted)


@case("After a cancelled call the cache works, and no entry is half written")
async def cancelled(contract: CacheContractBase, variant: str) -> None:
    entries = [([[float(number)] * 64], number) for number in range(400)]
    async with contract.opened() as (cache, _):
        calls: list[Callable[[], Awaitable[Any]]] = [  # Any: whatever the methods give
            lambda: cache.store_many(entries, overwrite=True),
            lambda: cache.retrieve_many(range(400)),
            lambda: cache.store([[1.0] * 64], 1, overwrite=True),
        ]
        for delay in _DELAYS:
            for call in calls:
                await _cancelled(contract, call, delay)
        found = await cache.retrieve_many(range(400))
        half = [number for number, one in enumerate(found) if one is not None and list(one[0]) != [float(number)] * 64]
        require_equal("entries with other vectors", half, [])
        await cache.store([[5.0]], "after")
        require_equal("what is kept afterwards", await cache.retrieve("after"), [[5.0]])


async def _cancelled(contract: CacheContractBase, call: Callable[[], Awaitable[Any]], delay: float) -> None:
    task = asyncio.ensure_future(call())
    await asyncio.sleep(delay)
    asked = task.cancel()
    done, _ = await asyncio.wait([task], timeout=contract.patience)
    require(done, "a cancelled call does not end")
    if asked and not task.cancelled():
        require(task.exception() is None, f"a cancelled call ends with {task.exception()!r}")


CASES: tuple[Case[Any], ...] = (many_tasks, two_instances, opened_again, two_event_loops, cancelled)
