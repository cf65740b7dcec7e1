"""Many entries at once are the same as one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...domain.embedding.values import EmbeddingVectors
from .case import Case, case, require_equal

if TYPE_CHECKING:
    from .cache import CacheContract

__all__ = ["CASES"]

_COUNT = 300


@case("Many entries at once are found one by one, and the other way round")
async def many_and_single(contract: CacheContract, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.store_many([(EmbeddingVectors([[float(number)]]), {"n": number}) for number in range(_COUNT)])
        require_equal("an entry", await cache.retrieve({"n": 7}), [[7.0]])
        await cache.store([[0.5]], {"n": "single"})
        wanted: list[Any] = [{"n": _COUNT - 1}, {"n": "single"}, {"n": -1}, {"n": 0}, {"n": 0}]
        found = [one if one is None else [list(row) for row in one] for one in await cache.retrieve_many(wanted)]
        require_equal("several entries", found, [[[_COUNT - 1.0]], [[0.5]], None, [[0.0]], [[0.0]]])


@case("Storing many keeps what is there, and stores the rest")
async def partly_there(contract: CacheContract, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.store([[1.0]], "a")
        await cache.store_many([([[2.0]], "a"), ([[3.0]], "b")])
        require_equal("what is kept", list(await cache.retrieve_many("ab")), [[[1.0]], [[3.0]]])
        await cache.store_many([([[4.0]], "a"), ([[5.0]], "c")], overwrite=True)
        found = list(await cache.retrieve_many("abc"))
        require_equal("what is kept when overwritten", found, [[[4.0]], [[3.0]], [[5.0]]])


@case("Of one identifier twice in many, the first stays, and with overwrite the last")
async def twice_in_many(contract: CacheContract, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.store_many([([[1.0]], "a"), ([[2.0]], "a")])
        require_equal("what is kept", await cache.retrieve("a"), [[1.0]])
        await cache.store_many([([[3.0]], "a"), ([[4.0]], "a")], overwrite=True)
        require_equal("what is kept when overwritten", await cache.retrieve("a"), [[4.0]])


@case("None at all is nothing to do")
async def none_at_all(contract: CacheContract, variant: str) -> None:
    async with contract.opened() as (cache, _):
        await cache.store_many([])
        require_equal("what is found", list(await cache.retrieve_many([])), [])


@case("Vectors of several sizes in several entries keep their sizes")
async def sizes(contract: CacheContract, variant: str) -> None:
    given = {size: [[float(size)] * size] for size in (1, 2, 3, 64, 1024)}
    async with contract.opened() as (cache, _):
        await cache.store_many([(vectors, size) for size, vectors in given.items()])
        found = {size: await cache.retrieve(size) for size in given}
    require_equal("what is kept", found, given)


CASES: tuple[Case[Any], ...] = (many_and_single, partly_there, twice_in_many, none_at_all, sizes)
