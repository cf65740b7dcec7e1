"""Cost of the embedding caches as they fill: microseconds per store and per hit at several sizes.

usage: python tests/benchmarks/cache.py file|sql DIRECTORY|URL [SIZES...]     (default sizes: 100 1000 10000 100000)

Filling goes by `store_many`; a store and a hit are single calls, one after the other, of one vector of 1,024 numbers.
Take a new folder: for minutes after many files were deleted, ext4 is up to three times slower to make new ones.
Prints one JSON object per size, and a last one with the growth of a store from the first size to the last.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import numpy as np

from modelport.application.embedding.cache import EmbeddingCacheBase
from modelport.domain.embedding.values import EmbeddingVectors

SAMPLES = 200
ROUNDS = 5
VECTORS = EmbeddingVectors(np.array([[0.001 * i for i in range(1024)]], dtype=np.float32))


def make(kind: str, target: str) -> EmbeddingCacheBase:
    """The cache to measure, with limits far away: keeping them must be as cheap as keeping none."""
    if kind == "file":
        from modelport.adapters.cache.file import FileEmbeddingCache

        return FileEmbeddingCache(cache_dir=target, max_file_number=10**7, max_cache_size=10**6)
    from modelport.adapters.cache.sql import SQLEmbeddingCache

    url = target if "://" in target else f"sqlite+aiosqlite:///{target}/cache.db"
    return SQLEmbeddingCache(url, max_entries=10**7, max_size_mb=10**6)


async def median_us(call: Callable[[int], Awaitable[object]], numbers: range) -> float:
    """Median over rounds of the mean microseconds of a call; a round shares out what others do on the machine."""
    rounds = []
    for start in range(0, len(numbers), len(numbers) // ROUNDS):
        part = numbers[start : start + len(numbers) // ROUNDS]
        begun = time.perf_counter()
        for number in part:
            await call(number)
        rounds.append((time.perf_counter() - begun) / len(part) * 1e6)
    return statistics.median(rounds)


async def measure(cache: EmbeddingCacheBase, sizes: list[int]) -> None:
    rows = VECTORS.tolist()

    async def store(number: int) -> None:
        await cache.store(rows, {"i": number})

    async def hit(number: int) -> None:
        assert await cache.retrieve({"i": number}) is not None

    count, stores = 0, []
    await cache.clear()
    for size in sizes:
        begun, before = time.perf_counter(), count
        await cache.store_many([(VECTORS, {"i": number}) for number in range(count, size)])
        bulk = (time.perf_counter() - begun) / max(size - before, 1) * 1e6
        stores.append(await median_us(store, range(size, size + SAMPLES)))
        count = size + SAMPLES
        hits = await median_us(hit, range(0, count, count // SAMPLES)[:SAMPLES])
        begun = time.perf_counter()
        wanted = [{"i": number} for number in range(min(count, 5000))]
        assert all(found is not None for found in await cache.retrieve_many(wanted))
        bulk_hit = (time.perf_counter() - begun) / len(wanted) * 1e6
        print(json.dumps({
            "entries": size, "store_us": round(stores[-1]), "hit_us": round(hits),
            "store_many_us": round(bulk), "retrieve_many_us": round(bulk_hit),
        }), flush=True)  # fmt: skip
    print(json.dumps({"store_growth": round(stores[-1] / stores[0], 2)}))
    await cache.aclose()


if __name__ == "__main__":
    kind, target, *given = sys.argv[1:]
    asyncio.run(measure(make(kind, target), [int(size) for size in given] or [100, 1000, 10_000, 100_000]))
