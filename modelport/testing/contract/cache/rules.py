"""The rules of the methods for one entry and for many: misses, overwriting, removing, clearing; and damage."""

from __future__ import annotations

import asyncio
from typing import Any

from ....application.embedding.cache import EmbeddingCacheBase
from ....domain.embedding.values import EmbeddingVectors
from ..core.case import Case, case, require, require_equal
from .base import CacheContractBase

__all__ = ["CASES"]


@case("A miss is None")
async def miss(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        require(isinstance(cache, EmbeddingCacheBase), f"{type(cache).__name__} is not an EmbeddingCacheBase")
        require_equal("what is kept under a new identifier", await cache.retrieve("a"), None)
        require_equal("two of them", list(await cache.retrieve_many(["a", "b"])), [None, None])


@case("An entry is kept unless overwrite=True")
async def overwrite(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.store(embeddings=[[1.0]], identifier="a")
        await cache.store(embeddings=[[2.0]], identifier="a", overwrite=False)
        await cache.store([[3.0]], "a")
        require_equal("what is kept", await cache.retrieve(identifier="a"), [[1.0]])
        await cache.store([[4.0, 5.0], [6.0, 7.0]], "a", overwrite=True)
        require_equal("what is kept when overwritten", await cache.retrieve("a"), [[4.0, 5.0], [6.0, 7.0]])
        await cache.store([[8.0]], "b", overwrite=True)
        require_equal("what is kept under a new identifier", await cache.retrieve("b"), [[8.0]])


@case("Removing deletes one entry; a missing entry is a FileNotFoundError")
async def remove(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.store([[1.0]], "a")
        await cache.store([[2.0]], "b")
        await cache.remove("a")
        require_equal("what is kept", list(await cache.retrieve_many(["a", "b"])), [None, [[2.0]]])
        for identifier in ("a", "never"):
            refused = False
            try:
                await cache.remove(identifier)
            except FileNotFoundError:
                refused = True
            require(refused, "removing a missing entry must be a FileNotFoundError")
        await cache.store([[3.0]], "a")
        require_equal("what is kept when stored again", await cache.retrieve("a"), [[3.0]])


@case("Clearing deletes every entry, and may be repeated")
async def clear(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.clear()
        for number in range(20):
            await cache.store([[float(number)]], number)
        await cache.clear()
        await cache.clear()
        require_equal("what is kept", list(await cache.retrieve_many(range(20))), [None] * 20)
        await cache.store([[1.0]], 7)
        require_equal("what is kept when stored again", await cache.retrieve(7), [[1.0]])


@case("A damaged entry is a miss, and may be stored again")
async def damaged(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, folder):
        await cache.store_many([([[1.0, 2.0]], number) for number in range(5)])
        await cache.aclose()
        await asyncio.to_thread(contract.damage, folder)
        again = await contract.make(folder)
        try:
            found = list(await again.retrieve_many(range(5)))
            require(all(one in (None, [[1.0, 2.0]]) for one in found), f"damage gives other vectors: {found}")
            require(None in found, "nothing was damaged")
            await again.store([[3.0, 4.0]], 0, overwrite=True)
            require_equal("what is kept when stored again", await again.retrieve(0), [[3.0, 4.0]])
        finally:
            await again.aclose()


_COUNT = 300


@case("Entries stored together are found one by one, and the other way round")
async def many_and_single(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.store_many([(EmbeddingVectors([[float(number)]]), {"n": number}) for number in range(_COUNT)])
        require_equal("an entry", await cache.retrieve({"n": 7}), [[7.0]])
        await cache.store([[0.5]], {"n": "single"})
        wanted: list[Any] = [{"n": _COUNT - 1}, {"n": "single"}, {"n": -1}, {"n": 0}, {"n": 0}]
        found = [one if one is None else [list(row) for row in one] for one in await cache.retrieve_many(wanted)]
        require_equal("several entries", found, [[[_COUNT - 1.0]], [[0.5]], None, [[0.0]], [[0.0]]])


@case("Storing many keeps the entries that exist, and stores the others")
async def partly_there(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.store([[1.0]], "a")
        await cache.store_many([([[2.0]], "a"), ([[3.0]], "b")])
        require_equal("what is kept", list(await cache.retrieve_many("ab")), [[[1.0]], [[3.0]]])
        await cache.store_many([([[4.0]], "a"), ([[5.0]], "c")], overwrite=True)
        found = list(await cache.retrieve_many("abc"))
        require_equal("what is kept when overwritten", found, [[[4.0]], [[3.0]], [[5.0]]])


@case("Of one identifier given twice the first entry is kept, and with overwrite the last")
async def twice_in_many(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.store_many([([[1.0]], "a"), ([[2.0]], "a")])
        require_equal("what is kept", await cache.retrieve("a"), [[1.0]])
        await cache.store_many([([[3.0]], "a"), ([[4.0]], "a")], overwrite=True)
        require_equal("what is kept when overwritten", await cache.retrieve("a"), [[4.0]])


@case("Storing or retrieving no entries does nothing")
async def none_at_all(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.store_many([])
        require_equal("what is found", list(await cache.retrieve_many([])), [])


@case("Vectors of several sizes in several entries keep their sizes")
async def sizes(contract: CacheContractBase, variant: str) -> None:
    given = {size: [[float(size)] * size] for size in (1, 2, 3, 64, 1024)}
    async with contract.opened() as (cache, _):
        await cache.store_many([(vectors, size) for size, vectors in given.items()])
        found = {size: await cache.retrieve(size) for size in given}
    require_equal("what is kept", found, given)


CASES: tuple[Case[Any], ...] = (
    miss,
    overwrite,
    remove,
    clear,
    damaged,
    many_and_single,
    partly_there,
    twice_in_many,
    none_at_all,
    sizes,
)
