"""One process that fills a cache until it is ended, for the tests of several processes.

usage: cache_worker.py file|sql TARGET FIRST LOG      stores entries FIRST, FIRST + 1, … and logs each after its commit
"""

from __future__ import annotations

import asyncio
import os
import sys

import numpy as np

from modelport.application.embedding.cache import EmbeddingCacheBase
from modelport.domain.embedding.values import EmbeddingVectors

BATCH = 5


def vectors_of(number: int) -> EmbeddingVectors:
    """What entry `number` holds: enough bytes for a torn write to show."""
    return EmbeddingVectors(np.random.default_rng(number).random((1, 600), dtype=np.float32))


def make(kind: str, target: str) -> EmbeddingCacheBase:
    if kind == "file":
        from modelport.adapters.cache.file import FileEmbeddingCache

        return FileEmbeddingCache(target)
    from modelport.adapters.cache.sql import SQLEmbeddingCache

    return SQLEmbeddingCache(target)


async def fill(cache: EmbeddingCacheBase, first: int, log: int) -> None:
    number = first
    while True:
        await cache.store(vectors_of(number).tolist(), {"entry": number})
        os.write(log, b"%d\n" % number)
        batch = range(number + 1, number + 1 + BATCH)
        await cache.store_many([(vectors_of(entry), {"entry": entry}) for entry in batch])
        os.write(log, b"".join(b"%d\n" % entry for entry in batch))
        # Both processes also write over one shared entry, so that writers of the same name meet.
        await cache.store(vectors_of(-1 & 0xFFFF).tolist(), {"entry": 0xFFFF}, overwrite=True)
        number += 1 + BATCH


if __name__ == "__main__":
    kind, target, first, log_file = sys.argv[1:]
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    asyncio.run(fill(make(kind, target), int(first), log))
