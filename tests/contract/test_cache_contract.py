"""The cache contract on every built-in cache and on the least that an application writes, and what breaks it."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from modelport.embedding import EmbeddingCacheBase, FileEmbeddingCache, SQLEmbeddingCache
from modelport.testing import CacheContract, Status

POSTGRES = os.environ.get("MODELPORT_TEST_POSTGRES", "")


class DictCache(EmbeddingCacheBase):
    """The least that a cache of one's own has to write."""

    def __init__(self) -> None:
        self.kept: dict[str, list[list[float]]] = {}

    async def store(self, embeddings: list[list[float]], identifier: Any, overwrite: bool = False) -> None:
        if overwrite or self.key(identifier) not in self.kept:
            self.kept[self.key(identifier)] = embeddings

    async def retrieve(self, identifier: Any) -> list[list[float]] | None:
        return self.kept.get(self.key(identifier))

    async def remove(self, identifier: Any) -> None:
        if self.kept.pop(self.key(identifier), None) is None:
            raise FileNotFoundError

    async def clear(self) -> None:
        self.kept.clear()

    def key(self, identifier: Any) -> str:
        return json.dumps(identifier, sort_keys=True)


class TestFileEmbeddingCache(CacheContract):
    async def make(self, folder: Path) -> EmbeddingCacheBase:
        return FileEmbeddingCache(folder / "cache")

    def damage(self, folder: Path) -> None:
        for number, entry in enumerate(sorted(folder.rglob("*.npy"))):
            entry.write_bytes(entry.read_bytes()[: 10 * number] + b"?")


class TestFileEmbeddingCacheWithoutMemory(TestFileEmbeddingCache):
    async def make(self, folder: Path) -> EmbeddingCacheBase:
        return FileEmbeddingCache(folder / "cache", memory_mb=0)


class TestSQLEmbeddingCache(CacheContract):
    async def make(self, folder: Path) -> EmbeddingCacheBase:
        return SQLEmbeddingCache(f"sqlite+aiosqlite:///{folder}/cache.db")

    def damage(self, folder: Path) -> None:
        with sqlite3.connect(folder / "cache.db") as database:
            database.execute("UPDATE modelport_embeddings SET vectors = x'0102', size = 2")
        database.close()


class TestDictCache(CacheContract):
    shared = False

    async def make(self, folder: Path) -> EmbeddingCacheBase:
        return DictCache()


if POSTGRES:

    class TestPostgreSQL(CacheContract):
        async def make(self, folder: Path) -> EmbeddingCacheBase:
            return SQLEmbeddingCache(POSTGRES)


# ---- broken ones


class KeysInOrder(DictCache):
    def key(self, identifier: Any) -> str:
        return json.dumps(identifier)


class AlwaysOverwrites(DictCache):
    async def store(self, embeddings: list[list[float]], identifier: Any, overwrite: bool = False) -> None:
        await super().store(embeddings, identifier, True)


class Rounds(DictCache):
    async def retrieve(self, identifier: Any) -> list[list[float]] | None:
        found = await super().retrieve(identifier)
        return found and [[round(number, 6) for number in vector] for vector in found]


class LosesTheLast(DictCache):
    async def store_many(self, entries: Sequence[Any], overwrite: bool = False) -> None:
        await super().store_many(entries[:-1] if len(entries) > 1 else entries, overwrite)


class SwallowsCancellation(DictCache):
    async def store_many(self, entries: Sequence[Any], overwrite: bool = False) -> None:
        try:
            await asyncio.sleep(0.005)
            await super().store_many(entries, overwrite)
        except asyncio.CancelledError:
            await asyncio.sleep(3600)


@pytest.mark.parametrize(
    ("broken", "case"),
    [
        (KeysInOrder, "key_order"),
        (AlwaysOverwrites, "overwrite"),
        (Rounds, "exact_vectors"),
        (LosesTheLast, "partly_there"),
        (SwallowsCancellation, "cancelled"),
    ],
)
async def test_a_broken_cache_is_found(broken: type[DictCache], case: str) -> None:
    class Broken(CacheContract):
        shared = False
        patience = 0.05
        seconds_per_case = 2.0

        async def make(self, folder: Path) -> EmbeddingCacheBase:
            return broken()

    found = {outcome.case for outcome in (await Broken().run()).of(Status.BROKEN)}
    assert case in found


async def test_a_cache_that_cannot_be_made_is_broken_everywhere() -> None:
    class Unmakeable(CacheContract):
        async def make(self, folder: Path) -> EmbeddingCacheBase:
            raise OSError("make room first")

    report = await Unmakeable().run("miss")
    assert [outcome.status for outcome in report.outcomes] == [Status.BROKEN]
    assert "make" in report.outcomes[0].detail
