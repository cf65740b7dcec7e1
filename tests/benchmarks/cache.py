"""What one look-up and one store of the embedding caches cost, beside diskcache, lmdb, bare sqlite3 and plain files.

Microseconds of CPU time of this process, its threads included, for an entry of 1,024 numbers (4 kB) among 30,000, or as
many as MODELPORT_BENCHMARK_ENTRIES says. All of them find an entry by the SHA-256 of the same identifier, take turns in
each round, and give arrays, or lists where the row says so. The keys of one round are spread over all entries, and no
other round asks for them: what a cache holds in memory (of ours the third of the entries that was read or written last)
helps it as much as it helps in use. Needs 1 GB of disk for a minute.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import os
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from modelport.domain.embedding.identity import identifier_digest
from modelport.domain.embedding.values import EmbeddingVectors
from modelport.embedding import FileEmbeddingCache, SQLEmbeddingCache
from tests.benchmarks.table import Row, main

SIZE, BATCH = 1024, 2048
WHOLE = SIZE * 4 + 700
"""What an entry counts for in memory."""
TABLE = np.random.default_rng(0).random((1, SIZE), dtype=np.float32)
LISTS, WIRE = TABLE.tolist(), TABLE.tobytes()
VECTORS = EmbeddingVectors(TABLE)


def identifier(number: int) -> dict[str, Any]:
    return {"model": "text-embedding-3-small", "dimensions": SIZE, "text": f"a short text with the number {number}"}


class Peer:
    """A store of bytes, used as an application would that has no embedding cache."""

    def __init__(self, folder: Path) -> None:
        self.open(folder)

    def open(self, folder: Path) -> None:
        raise NotImplementedError

    def put(self, pairs: Iterable[tuple[str, bytes]]) -> None:
        """Store and commit."""
        raise NotImplementedError

    def get(self, key: str) -> bytes:
        raise NotImplementedError

    async def hit(self, number: int) -> Any:
        return np.frombuffer(self.get(identifier_digest(identifier(number))), np.float32)

    async def hit_lists(self, number: int) -> Any:
        return [np.frombuffer(self.get(identifier_digest(identifier(number))), np.float32).tolist()]

    async def store(self, number: int) -> None:
        self.put([(identifier_digest(identifier(number)), TABLE.tobytes())])

    async def store_lists(self, number: int) -> None:
        self.put([(identifier_digest(identifier(number)), np.asarray(LISTS, np.float32).tobytes())])

    async def store_many(self, numbers: Sequence[int]) -> None:
        self.put((identifier_digest(identifier(number)), TABLE.tobytes()) for number in numbers)

    async def hit_many(self, numbers: Sequence[int]) -> Any:
        return [await self.hit(number) for number in numbers]

    async def close(self) -> None:
        """Nothing to close."""


class PlainFiles(Peer):
    def open(self, folder: Path) -> None:
        self.folder = folder

    def put(self, pairs: Iterable[tuple[str, bytes]]) -> None:
        for key, value in pairs:
            place = f"{self.folder}/{key[:2]}"
            os.makedirs(place, exist_ok=True)
            with open(f"{place}/{key}.tmp", "wb") as file:
                file.write(value)
            os.replace(f"{place}/{key}.tmp", f"{place}/{key}")

    def get(self, key: str) -> bytes:
        return Path(f"{self.folder}/{key[:2]}/{key}").read_bytes()


class BareSqlite(Peer):
    def open(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "plain.db")
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=NORMAL")
        self.connection.execute("CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")

    def put(self, pairs: Iterable[tuple[str, bytes]]) -> None:
        self.connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", pairs)
        self.connection.commit()

    def get(self, key: str) -> bytes:
        found: bytes = self.connection.execute("SELECT value FROM entries WHERE key = ?", (key,)).fetchone()[0]
        return found

    async def close(self) -> None:
        self.connection.close()


class Diskcache(Peer):
    def open(self, folder: Path) -> None:
        module = importlib.import_module("diskcache")
        self.cache = module.Cache(str(folder), size_limit=2**40, eviction_policy="none")

    def put(self, pairs: Iterable[tuple[str, bytes]]) -> None:
        for key, value in pairs:
            self.cache.set(key, value)

    def get(self, key: str) -> bytes:
        found: bytes = self.cache.get(key)
        return found

    async def close(self) -> None:
        self.cache.close()


class Lmdb(Peer):
    def open(self, folder: Path) -> None:
        self.environment = importlib.import_module("lmdb").open(str(folder), map_size=4 << 30, sync=False)

    def put(self, pairs: Iterable[tuple[str, bytes]]) -> None:
        with self.environment.begin(write=True) as transaction:
            for key, value in pairs:
                transaction.put(key.encode(), value)

    def get(self, key: str) -> bytes:
        with self.environment.begin() as transaction:
            found: bytes = transaction.get(key.encode())
        return found

    async def close(self) -> None:
        self.environment.close()


class Ours:
    """One of the project's caches, with limits far away: keeping them must be as cheap as keeping none."""

    def __init__(self, folder: Path, kind: str, entries: int) -> None:
        self.cache: FileEmbeddingCache | SQLEmbeddingCache
        memory = entries * WHOLE / 3 / 2**20
        if kind == "file":
            self.cache = FileEmbeddingCache(folder, max_file_number=10**7, max_cache_size=10**6, memory_mb=memory)
        else:
            address = f"sqlite+aiosqlite:///{folder}/cache.db"
            self.cache = SQLEmbeddingCache(address, max_entries=10**7, max_size_mb=10**6, memory_mb=memory)

    async def hit(self, number: int) -> Any:
        (found,) = await self.cache.retrieve_many((identifier(number),))
        assert found is not None
        return found.only_row

    async def hit_lists(self, number: int) -> Any:
        return await self.cache.retrieve(identifier(number))

    async def store(self, number: int) -> None:
        await self.cache.store_many([(VECTORS, identifier(number))])

    async def store_lists(self, number: int) -> None:
        await self.cache.store(LISTS, identifier(number))

    async def store_many(self, numbers: Sequence[int]) -> None:
        await self.cache.store_many([(VECTORS, identifier(number)) for number in numbers])

    async def hit_many(self, numbers: Sequence[int]) -> Any:
        found = await self.cache.retrieve_many([identifier(number) for number in numbers])
        return [one and one.only_row for one in found]

    async def close(self) -> None:
        await self.cache.aclose()


Store = Peer | Ours
PEERS: dict[str, type[Peer]] = {
    "diskcache": Diskcache, "lmdb": Lmdb, "sqlite3": BareSqlite, "plain files": PlainFiles
}  # fmt: skip
SINGLE = ("hit", "hit_lists", "store", "store_lists")
Costs = dict[tuple[str, str], float]


def made(folder: Path, entries: int) -> dict[str, Store]:
    """All stores; without those whose package is absent."""
    stores: dict[str, Store] = {name: Ours(folder / name, name, entries) for name in ("file", "SQLite")}
    for name, kind in PEERS.items():
        (folder / name).mkdir()
        try:
            stores[name] = kind(folder / name)
        except ImportError:
            continue
    return stores


async def microseconds(work: Callable[[Any], Awaitable[object]], given: Sequence[Any]) -> float:
    """CPU time of calls, one after the other."""
    begun = time.process_time()
    for one in given:
        await work(one)
    return (time.process_time() - begun) * 1e6


async def in_bulk(stores: dict[str, Store], entries: int) -> Costs:
    """Fill all stores, then read each entry in batches; the second of two passes counts."""
    parts = [range(start, min(start + BATCH, entries)) for start in range(0, entries, BATCH)]
    costs: Costs = {}
    for what in ("store_many", "hit_many", "hit_many"):
        taken: dict[str, float] = dict.fromkeys(stores, 0.0)
        for part in parts:
            for name, store in stores.items():
                taken[name] += await microseconds(getattr(store, what), [part])
        costs |= {(what, name): total / entries for name, total in taken.items()}
    return costs


async def one_by_one(stores: dict[str, Store], entries: int, rounds: int, calls: int) -> Costs:
    """Single calls, each round with entries of its own: the median of the rounds."""
    taken: dict[tuple[str, str], list[float]] = {(what, name): [] for what in SINGLE for name in stores}
    fresh, step = itertools.count(entries), max(1, entries // (rounds * calls * 2))
    spread = itertools.cycle(range(0, entries, step))
    for _ in range(rounds):
        for what in SINGLE:
            numbers = list(itertools.islice(fresh if what.startswith("store") else spread, calls))
            for name, store in stores.items():
                taken[what, name].append(await microseconds(getattr(store, what), numbers) / calls)
    return {key: statistics.median(values) for key, values in taken.items()}


async def check(stores: dict[str, Store], entries: int) -> None:
    """Every store gives back what it was given."""
    for store in stores.values():
        for number in (0, entries - 1, entries):
            assert np.array_equal(await store.hit(number), TABLE[0]) or np.array_equal(await store.hit(number), TABLE)
            assert await store.hit_lists(number) == LISTS
        assert all(np.array_equal(np.ravel(row), TABLE[0]) for row in await store.hit_many(range(min(entries, 50))))


async def measured(entries: int, rounds: int, calls: int) -> Costs:
    with TemporaryDirectory() as folder:
        stores = made(Path(folder), entries)
        try:
            costs = await in_bulk(stores, entries)
            for _ in range(3):  # connections are opened
                for store in stores.values():
                    await store.hit(0)
            costs |= await one_by_one(stores, entries, rounds, calls)
            await check(stores, entries)
        finally:
            for store in stores.values():
                await store.close()
    return costs


def row(costs: Costs, text: str, what: str, ours: str, peer: str, goal: float | None) -> Row:
    others = [f"{name} {costs[what, name]:.3g}" for name in PEERS if (what, name) in costs and name != peer]
    beside = costs.get((what, peer))
    note = ", ".join(others) if beside is not None else f"{peer} is not installed; {', '.join(others)}"
    return Row(
        f"{text}, {ours} cache", costs[what, ours], beside, peer, "µs", goal if beside is not None else None, note
    )


def rows(smoke: bool) -> list[Row]:
    """Single and bulk hits and stores of both caches."""
    entries = int(os.environ.get("MODELPORT_BENCHMARK_ENTRIES", "30000"))
    costs = asyncio.run(measured(*((30, 1, 2) if smoke else (entries, 7, 100))))
    asked = [
        ("a single hit", "hit", "file", "diskcache", 1.5),
        ("a single hit", "hit", "SQLite", "sqlite3", 3.0),
        ("a single hit as lists", "hit_lists", "file", "diskcache", 1.5),
        ("a single hit as lists", "hit_lists", "SQLite", "sqlite3", 3.0),
        ("storing one vector", "store", "file", "diskcache", 2.0),
        ("storing one vector", "store", "SQLite", "diskcache", 2.0),
        ("storing one list", "store_lists", "file", "diskcache", 2.0),
        ("storing one list", "store_lists", "SQLite", "diskcache", 2.0),
        ("hits of 2,048 at once, an entry", "hit_many", "file", "plain files", None),
        ("hits of 2,048 at once, an entry", "hit_many", "SQLite", "sqlite3", None),
        ("storing 2,048 at once, an entry", "store_many", "file", "plain files", None),
        ("storing 2,048 at once, an entry", "store_many", "SQLite", "sqlite3", None),
    ]
    return [row(costs, *one) for one in asked]


if __name__ == "__main__":
    main(rows)
