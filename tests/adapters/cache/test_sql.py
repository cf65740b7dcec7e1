"""The database cache: schema, limits, damage, connections and errors."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

import modelport
from modelport.adapters.cache.sql import CacheStats, SQLEmbeddingCache
from modelport.domain.embedding.values import EmbeddingVectors
from modelport.domain.errors import ModelportError, SettingsError
from tests.dev_mode import run_in_dev_mode

ROOT = Path(modelport.__path__[0]).parent
POSTGRES = os.environ.get("MODELPORT_TEST_POSTGRES", "")
LOCKED = 25
"""Seconds: less than the 30 that a writer waits for a lock, more than a busy machine needs for one row."""


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/cache.db"


def sql(folder: Path, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement past the cache."""
    with closing(sqlite3.connect(folder / "cache.db")) as connection, connection:
        return connection.execute(statement, values).fetchall()


async def fill(cache: SQLEmbeddingCache, numbers: range) -> None:
    for number in numbers:
        await cache.store([[float(number)]], number)


async def kept(cache: SQLEmbeddingCache, numbers: range) -> list[int]:
    found = await cache.retrieve_many(numbers)
    return [number for number, hit in zip(numbers, found, strict=True) if hit is not None]


async def test_float32_vectors_are_kept_as_float32_bytes(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path))
    await cache.store(EmbeddingVectors(np.array([[1.5, 2.5]], dtype=np.float32)), "a")
    await cache.store([[0.1]], "b")
    rows = sql(tmp_path, "SELECT size, item_size, vector_count, vectors FROM modelport_embeddings ORDER BY created_us")
    assert rows[0] == (8, 4, 1, np.array([1.5, 2.5], dtype="<f4").tobytes())
    assert rows[1] == (8, 8, 1, np.array([0.1], dtype="<f8").tobytes())


async def test_the_folder_of_a_sqlite_file_is_made_and_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = SQLEmbeddingCache()
    monkeypatch.chdir("/")
    await cache.store([[1.0]], "a")
    assert (tmp_path / ".cache" / "embeddings.db").exists()


async def test_sqlite_runs_with_a_write_ahead_log(tmp_path: Path) -> None:
    await SQLEmbeddingCache(url(tmp_path)).store([[1.0]], "a")
    assert sql(tmp_path, "PRAGMA journal_mode") == [("wal",)]


async def test_a_database_in_memory_serves_one_event_loop() -> None:
    cache = SQLEmbeddingCache("sqlite+aiosqlite:///:memory:")
    await asyncio.gather(*(cache.store([[float(n)]], n) for n in range(20)))
    assert await kept(cache, range(21)) == list(range(20))


async def test_another_schema_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path))
    await cache.store([[1.0]], "a")
    assert sql(tmp_path, "SELECT version FROM modelport_embedding_schema") == [(1,)]
    sql(tmp_path, "UPDATE modelport_embedding_schema SET version = 7")
    for _ in range(2):
        with pytest.raises(SettingsError, match=r"version 7.*reads version 1"):
            await SQLEmbeddingCache(url(tmp_path)).retrieve("a")
    assert sql(tmp_path, "SELECT count(*) FROM modelport_embeddings") == [(1,)]


@pytest.mark.parametrize(
    "wrong", ["mysql://localhost/x", "postgresql+psycopg://localhost/x", "sqlite+pysqlite:///x.db", "no url", ""]
)
def test_other_databases_are_refused(wrong: str) -> None:
    with pytest.raises(SettingsError):
        SQLEmbeddingCache(wrong)


@pytest.mark.parametrize("short", ["sqlite:///{}/cache.db", "sqlite+aiosqlite:///{}/cache.db"])
async def test_the_driver_may_be_left_out(short: str, tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(short.format(tmp_path))
    await cache.store([[1.0]], "a")
    assert await cache.retrieve("a") == [[1.0]]


@pytest.mark.parametrize("package", ["sqlalchemy", "aiosqlite", "greenlet", "asyncpg"])
def test_a_missing_package_is_named(package: str) -> None:
    address = "postgresql://localhost/x" if package == "asyncpg" else "sqlite:///x.db"
    code = f"""
import sys
sys.modules[{package!r}] = None
from modelport.adapters.cache.sql import SQLEmbeddingCache
from modelport.domain.errors import SettingsError
try:
    SQLEmbeddingCache({address!r})
except SettingsError as error:
    assert {package!r} in str(error).lower(), error
else:
    raise SystemExit("no error")
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    "damage",
    ["vectors = substr(vectors, 1, 8)", "vectors = zeroblob(length(vectors))", "item_size = 3", "vector_count = 7"],
)
async def test_a_damaged_row_is_a_miss_and_goes(damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = SQLEmbeddingCache(url(tmp_path), memory_mb=0)
    await fill(cache, range(1))
    await cache.store([[1.0, 2.0, 3.0, 4.0]], "a")
    sql(tmp_path, f"UPDATE modelport_embeddings SET {damage} WHERE size = 16")
    assert await cache.retrieve("a") is None
    assert "damaged" in caplog.text
    assert (await cache.stats()).entries == 1
    await cache.store([[1.0]], "a")
    assert await cache.retrieve("a") == [[1.0]]


async def test_the_oldest_go_first(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path), max_entries=3)
    await fill(cache, range(3))
    await cache.retrieve(0)
    await fill(cache, range(3, 5))
    assert await kept(cache, range(5)) == [2, 3, 4]
    await cache.store([[2.5]], 2, overwrite=True)
    await fill(cache, range(5, 6))
    assert await kept(cache, range(6)) == [2, 4, 5]


async def test_a_batch_larger_than_the_limit_keeps_its_end(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path), max_entries=10)
    await cache.store_many([([[float(n)]], n) for n in range(500)])
    assert await kept(cache, range(500)) == list(range(490, 500))


async def test_size_is_limited_in_megabytes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = SQLEmbeddingCache(url(tmp_path), max_size_mb=4096 * 10 / 2**20)
    vectors = EmbeddingVectors(np.ones((1, 1024), dtype=np.float32))
    await cache.store_many([(vectors, number) for number in range(25)])
    assert await kept(cache, range(25)) == list(range(15, 25))
    assert (await cache.stats()).size_bytes == 40960
    with caplog.at_level(logging.WARNING):
        await cache.store([[0.5] * 11_000], "too large")
    assert "larger than the whole cache" in caplog.text
    assert (await cache.stats()).entries == 10


async def test_an_overwritten_entry_that_became_too_large_is_not_found_again(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path), max_size_mb=100 / 2**20)
    await cache.store([[1.0]], "a")
    await cache.store([[0.5] * 100], "a")
    assert await cache.retrieve("a") == [[1.0]]
    await cache.store([[0.5] * 100], "a", overwrite=True)
    assert await cache.retrieve("a") is None


async def test_entries_of_others_are_counted_in_time(tmp_path: Path) -> None:
    ours, other = SQLEmbeddingCache(url(tmp_path), max_entries=40), SQLEmbeddingCache(url(tmp_path), max_entries=40)
    most = 0
    for number in range(0, 200, 2):
        await fill(ours, range(number, number + 1))
        await fill(other, range(number + 1, number + 2))
        most = max(most, (await ours.stats()).entries)
    assert 40 <= most <= 40 + 16
    await fill(ours, range(200, 217))
    assert (await ours.stats()).entries == 40
    assert set(range(200, 217)) <= set(await kept(ours, range(217)))


async def test_stats_and_prune(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path))
    assert await cache.stats() == CacheStats(0, 0, None, None)
    now = datetime(2026, 11, 1, tzinfo=timezone.utc)
    cache._clock = lambda: now.timestamp()
    for day in range(5):
        now = datetime(2026, 11, 1 + day, tzinfo=timezone.utc)
        await fill(cache, range(day, day + 1))
    stats = await cache.stats()
    assert (stats.entries, stats.size_bytes) == (5, 20)
    assert stats.oldest == datetime(2026, 11, 1, tzinfo=timezone.utc)
    assert stats.newest == now
    assert await cache.prune(max_age=timedelta(days=3)) == 1
    assert await cache.prune(max_age=2.5 * 86400) == 1
    assert await kept(cache, range(5)) == [2, 3, 4]
    assert await cache.prune(max_entries=2) == 1
    assert await cache.prune(max_entries=2) == 0
    assert await kept(cache, range(5)) == [3, 4]
    assert await cache.prune(max_age=0, max_entries=0) == 2
    assert await cache.prune() == 0
    for negative in ({"max_age": -1.0}, {"max_age": timedelta(-1)}, {"max_entries": -1}):
        with pytest.raises(ValueError, match="negative"):
            await cache.prune(**negative)


async def test_a_clock_set_back_does_not_change_the_order(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path), max_entries=2)
    times = iter([1000.0, 500.0, 1.0])
    cache._clock = lambda: next(times)
    await fill(cache, range(3))
    assert await kept(cache, range(3)) == [1, 2]


async def test_closing_is_not_the_end(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path))
    await cache.aclose()
    await cache.store([[1.0]], "a")
    await cache.aclose()
    await cache.aclose()
    assert await cache.retrieve("a") == [[1.0]]


def test_a_script_that_never_closes_ends_in_silence(tmp_path: Path) -> None:
    code = f"""
import asyncio
from modelport.adapters.cache.sql import SQLEmbeddingCache
cache = SQLEmbeddingCache({url(tmp_path)!r})
async def main(n):
    await asyncio.gather(*(cache.store([[1.0]], [n, k]) for k in range(5)))
    passing = SQLEmbeddingCache({url(tmp_path)!r})
    await passing.retrieve("a")
    del passing
for n in range(3):
    asyncio.run(main(n))
"""
    assert run_in_dev_mode(code) == (0, "", "")


def test_a_cache_that_is_dropped_closes_in_silence(tmp_path: Path) -> None:
    code = f"""
import asyncio, gc, threading
from modelport.adapters.cache.sql import SQLEmbeddingCache
async def main():
    for n in range(3):
        cache = SQLEmbeddingCache({url(tmp_path)!r})
        await asyncio.gather(*(cache.store([[1.0]], [n, k]) for k in range(5)))
        del cache
        gc.collect()
    for _ in range(500):
        if not any("aiosqlite" in str(thread) or "worker" in str(thread) for thread in threading.enumerate()):
            return
        await asyncio.sleep(0.01)
    print("still open:", threading.enumerate())
asyncio.run(main())
"""
    assert run_in_dev_mode(code) == (0, "", "")


async def test_many_may_create_the_tables_at_the_same_time(tmp_path: Path) -> None:
    for database in range(10):
        (tmp_path / str(database)).mkdir()
        caches = [SQLEmbeddingCache(url(tmp_path / str(database))) for _ in range(6)]
        await asyncio.gather(*(cache.store([[1.0]], n) for n, cache in enumerate(caches)))
        assert (await caches[0].stats()).entries == 6
        for cache in caches:
            await cache.aclose()


async def test_a_cancelled_transaction_keeps_no_lock(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path))
    entries = [(EmbeddingVectors(np.full((1, 512), n, dtype=np.float32)), n) for n in range(1500)]
    gc.disable()  # a collection would free the lock by chance
    try:
        for turn in range(25):
            task = asyncio.create_task(cache.store_many(entries, overwrite=True))
            await asyncio.sleep(turn * 0.001)
            assert task.cancel(), "the store was over before it could be cancelled"
            if turn % 2:
                await asyncio.sleep(0)
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            begun = time.monotonic()
            await cache.store([[1.0]], ["after", turn])
            assert time.monotonic() - begun < LOCKED
    finally:
        gc.enable()
    await cache.aclose()
    gc.collect()


def test_a_loop_that_ends_during_a_store_keeps_no_lock(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path))
    entries = [(EmbeddingVectors(np.full((1, 512), n, dtype=np.float32)), n) for n in range(1500)]

    async def leave_in_the_middle(turn: int) -> None:
        begun = time.monotonic()
        await cache.store([[1.0]], turn)
        assert time.monotonic() - begun < LOCKED
        task = asyncio.create_task(cache.store_many(entries, overwrite=True))
        await asyncio.sleep(0.002 * turn)
        assert not task.done()

    gc.disable()
    try:
        for turn in range(10):
            asyncio.run(leave_in_the_middle(turn))
    finally:
        gc.enable()
    gc.collect()


async def test_a_failed_transaction_is_not_counted(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path), max_entries=10)
    await fill(cache, range(10))
    sql(tmp_path, "CREATE TRIGGER broken BEFORE DELETE ON modelport_embeddings BEGIN SELECT RAISE(FAIL, 'no'); END")
    for number in range(10, 15):
        with pytest.raises(ModelportError, match="no"):
            await fill(cache, range(number, number + 1))
    sql(tmp_path, "DROP TRIGGER broken")
    await fill(cache, range(20, 21))
    assert await kept(cache, range(21)) == [*range(1, 10), 20]


async def test_failures_of_the_database_are_our_errors(tmp_path: Path) -> None:
    (tmp_path / "cache.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(ModelportError, match=r"cache\.db failed: file is not a database"):
        await SQLEmbeddingCache(url(tmp_path)).store([[1.0]], "a")


async def test_an_unreachable_server_is_our_error_and_hides_the_password() -> None:
    pytest.importorskip("asyncpg", reason="asyncpg is not installed")
    cache = SQLEmbeddingCache("postgresql://app:secret@127.0.0.1:1/app")
    with pytest.raises(ModelportError, match=r"app:\*\*\*@127") as failure:
        await cache.retrieve("a")
    assert "secret" not in str(failure.value)


needs_postgres = pytest.mark.skipif(not POSTGRES, reason="no PostgreSQL: MODELPORT_TEST_POSTGRES holds no URL")


@needs_postgres
async def test_many_may_create_the_tables_at_the_same_time_on_postgresql() -> None:
    engine = create_async_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    for _ in range(5):
        async with engine.connect() as connection:
            await connection.exec_driver_sql("DROP TABLE IF EXISTS modelport_embeddings, modelport_embedding_schema")
        caches = [SQLEmbeddingCache(POSTGRES) for _ in range(6)]
        await asyncio.gather(*(cache.store([[1.0]], n) for n, cache in enumerate(caches)))
        assert (await caches[0].stats()).entries == 6
        for cache in caches:
            await cache.aclose()
    await engine.dispose()


@needs_postgres
async def test_two_writers_of_the_same_rows_never_wait_in_a_circle() -> None:
    caches = [SQLEmbeddingCache(POSTGRES, max_entries=60) for _ in range(3)]
    await caches[0].clear()
    entries = [([[float(n)] * 8], n) for n in range(100)]
    await asyncio.gather(
        *(cache.store_many(entries[::step], overwrite=True) for cache in caches for step in (1, -1, 1, -1))
    )
    await caches[0].store([[1.0]], "last", overwrite=True)
    assert (await caches[0].stats()).entries <= 60
    await caches[0].clear()


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
async def test_only_its_owner_can_read_a_new_sqlite_file_and_its_logs(tmp_path: Path) -> None:
    await SQLEmbeddingCache(url(tmp_path)).store([[1.0]], "a")
    modes = {entry.name: oct(entry.stat().st_mode & 0o777) for entry in os.scandir(tmp_path)}
    assert modes == dict.fromkeys(("cache.db", "cache.db-wal", "cache.db-shm"), "0o600")


async def test_tables_that_another_program_dropped_are_made_again(tmp_path: Path) -> None:
    cache = SQLEmbeddingCache(url(tmp_path), memory_mb=0)
    await cache.store([[1.0]], "a")
    sql(tmp_path, "DROP TABLE modelport_embeddings")
    sql(tmp_path, "DROP TABLE modelport_embedding_schema")
    with pytest.raises(ModelportError, match="no such table"):
        await cache.retrieve("a")
    await cache.store([[2.0]], "a")
    assert await cache.retrieve("a") == [[2.0]]


@pytest.mark.parametrize("place", ["u:a@secret-9@127.0.0.1/d", "u:secret-9@127.0.0.1:99999/d", "u:p@ss/secret-9@h/d"])
def test_a_url_that_is_read_in_another_way_than_meant_is_refused(place: str) -> None:
    with pytest.raises(SettingsError, match="%40") as raised:
        SQLEmbeddingCache(f"postgresql+asyncpg://{place}")
    assert "secret-9" not in str(raised.value)
