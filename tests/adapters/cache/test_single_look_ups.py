"""A few entries are looked up without a thread, and find what other caches and other processes have done."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.cache.file import FileEmbeddingCache
from modelport.adapters.cache.sql import SQLEmbeddingCache
from modelport.domain.errors import ModelportError
from tests.adapters.cache.test_cache_contract import ENVIRONMENT
from tests.dev_mode import run_in_dev_mode

AnyCache = FileEmbeddingCache | SQLEmbeddingCache


def make(kind: str, folder: Path, memory_mb: float = 1) -> AnyCache:
    if kind == "file":
        return FileEmbeddingCache(folder / "cache", memory_mb=memory_mb)
    return SQLEmbeddingCache(f"sqlite+aiosqlite:///{folder}/cache.db", memory_mb=memory_mb)


async def quick(cache: AnyCache, identifier: Any) -> list[list[float]] | None:
    """What is found in the event loop; fails where the cache leaves it to a thread."""
    found = cache._glance([identifier])
    assert found is not None, "the look-up would be made in a thread"
    return None if found[0] is None else found[0].tolist()


async def warmed(cache: AnyCache) -> None:
    """Look up until the event loop is allowed to."""
    for _ in range(1000):
        await cache.retrieve("warm")
        if cache._pace.quick:
            return
    raise AssertionError("the store was slow a thousand times")


@pytest.fixture(params=["file", "sqlite"])
async def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[1, 0], ids=["memory", "no memory"])
async def cache(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> AsyncIterator[AnyCache]:
    made = make(kind, tmp_path, request.param)
    for number, name in enumerate("abc"):
        await made.store([[float(number)]], name)
    await warmed(made)
    yield made
    await made.aclose()


async def test_entries_and_misses_are_found_in_the_event_loop(cache: AnyCache) -> None:
    assert [await quick(cache, name) for name in "abcd"] == [[[0.0]], [[1.0]], [[2.0]], None]
    assert await cache.retrieve("b") == [[1.0]]
    assert list(await cache.retrieve_many("abcdabcd")) == [[[0.0]], [[1.0]], [[2.0]], None] * 2


async def test_what_another_process_has_done_is_seen_at_once(cache: AnyCache, kind: str, tmp_path: Path) -> None:
    assert await quick(cache, "a") == [[0.0]]
    code = f"""
import asyncio
from pathlib import Path
from tests.adapters.cache.test_single_look_ups import make
async def main():
    cache = make({kind!r}, Path({str(tmp_path)!r}))
    await cache.store([[9.0, 9.0]], "a", overwrite=True)
    await cache.remove("b")
    await cache.store([[7.0]], "new")
asyncio.run(main())
"""
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], check=True, env=ENVIRONMENT)
    assert [await quick(cache, name) for name in ("a", "b", "c", "new")] == [[[9.0, 9.0]], None, [[2.0]], [[7.0]]]


def remove_files(folder: Path) -> None:
    for file in [*(folder / "cache").glob("*"), *folder.glob("cache.db*")]:
        file.unlink()


async def test_a_store_that_was_removed_is_empty_and_can_be_filled_again(
    cache: AnyCache, kind: str, tmp_path: Path
) -> None:
    if sys.platform == "win32":
        pytest.skip("open files cannot be removed")
    remove_files(tmp_path)
    assert await cache.retrieve("a") is None
    await cache.store([[5.0]], "a")
    assert await cache.retrieve("a") == [[5.0]]
    assert await make(kind, tmp_path).retrieve("a") == [[5.0]]


async def test_an_identifier_that_is_not_json_is_refused(cache: AnyCache) -> None:
    with pytest.raises(TypeError):
        await cache.retrieve(object())


def test_a_loop_that_was_closed_is_not_missed(kind: str, tmp_path: Path) -> None:
    cache = make(kind, tmp_path)

    async def use(number: int) -> None:
        await cache.store([[float(number)]], number)
        await warmed(cache)
        assert [await quick(cache, one) for one in range(number + 1)] == [[[float(one)]] for one in range(number + 1)]

    for number in range(3):
        asyncio.run(use(number))
    loops = [asyncio.new_event_loop() for _ in range(2)]
    for number in (3, 4, 5):  # two loops in turn, and neither is shut down
        loops[number % 2].run_until_complete(use(number))
    for loop in loops:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_forked_process_and_its_parent_lose_nothing(kind: str, tmp_path: Path) -> None:
    code = f"""
import asyncio, os
from pathlib import Path
from tests.adapters.cache.test_single_look_ups import make, warmed
cache = make({kind!r}, Path({str(tmp_path)!r}))
to_parent, to_child = os.pipe(), os.pipe()

async def use(number):
    await cache.store([[float(number)]], number)
    await warmed(cache)
    assert await cache.retrieve(number) == [[float(number)]]

async def in_child():
    await use(2)
    os.write(to_parent[1], b"x")
    os.read(to_child[0], 1)  # the parent has closed its connections
    await use(3)

with asyncio.Runner() as runner:
    runner.run(use(1))
    if not (child := os.fork()):
        asyncio.run(in_child())
        os._exit(0)
    os.read(to_parent[0], 1)
    runner.run(cache.aclose())
    os.write(to_child[1], b"x")
    assert os.waitpid(child, 0)[1] == 0
    runner.run(use(4))
    found = runner.run(cache.retrieve_many(range(5)))
    print(*(entry and entry[0][0] for entry in found))
"""
    status, printed, errors = run_in_dev_mode(code)
    assert (status, printed) == (0, "None 1.0 2.0 3.0 4.0\n"), errors


def locked(folder: Path) -> closing[sqlite3.Connection]:
    """Another process that writes, and does not come to an end."""
    other = sqlite3.connect(folder / "cache.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return closing(other)


async def test_a_writer_does_not_keep_look_ups_waiting(tmp_path: Path) -> None:
    cache = make("sqlite", tmp_path, 0)
    await cache.store([[1.0]], "a")
    await warmed(cache)
    with locked(tmp_path):
        assert await quick(cache, "a") == [[1.0]]
        assert await quick(cache, "b") is None


async def test_a_database_that_is_locked_is_waited_for_by_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No lock of SQLite's that a test can take keeps readers waiting, so the reader only says that there is one."""
    cache = make("sqlite", tmp_path, 0)
    assert isinstance(cache, SQLEmbeddingCache)
    await cache.store([[1.0]], "a")
    await warmed(cache)
    direct, asked = cache._engines.at_hand(), []
    assert direct is not None

    def busy(*given: object) -> Any:
        asked.append(threading.get_ident())
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(direct, "look", busy)
    assert await cache.retrieve("a") == [[1.0]]
    assert await cache.retrieve("b") is None
    assert asked == [threading.get_ident()] * 2


async def test_a_store_waits_for_a_lock_in_a_thread_and_the_loop_stays_free(tmp_path: Path) -> None:
    cache = make("sqlite", tmp_path, 0)
    await cache.store([[1.0]], "a")
    await warmed(cache)
    with locked(tmp_path) as other:
        storing = asyncio.create_task(cache.store([[2.0]], "b"))
        for _ in range(50):
            await asyncio.sleep(0.001)
            assert await quick(cache, "a") == [[1.0]]
        assert not storing.done()
        other.execute("COMMIT")
        await storing
    assert await quick(cache, "b") == [[2.0]]


async def test_a_store_that_waits_in_vain_fails_and_those_behind_it_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = SQLEmbeddingCache(f"sqlite+aiosqlite:///{tmp_path}/cache.db?timeout=0.2")
    await cache.store([[1.0]], "a")
    direct, waited = cache._engines.at_hand(), []
    assert direct is not None
    transaction = direct.transaction

    def counted(work: Any) -> Any:
        waited.append(work)
        return transaction(work)

    monkeypatch.setattr(direct, "transaction", counted)
    with locked(tmp_path):
        stores = [cache.store([[2.0]], number) for number in range(50)]
        failures = await asyncio.gather(*stores, return_exceptions=True)
        assert all(isinstance(one, ModelportError) and "database is locked" in str(one) for one in failures)
    assert len(waited) == 1
    await cache.store([[3.0]], "b")
    assert list(await cache.retrieve_many(["a", 0, "b"])) == [[[1.0]], None, [[3.0]]]


async def test_a_cancelled_store_ends_at_once_and_the_next_one_waits_for_its_turn(tmp_path: Path) -> None:
    cache = make("sqlite", tmp_path, 0)
    await cache.store([[1.0]], "a")
    with locked(tmp_path) as other:
        first = asyncio.create_task(cache.store([[2.0]], "b"))
        await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        second = asyncio.create_task(cache.store([[3.0]], "c"))
        await asyncio.sleep(0.01)
        assert not second.done()
        other.execute("COMMIT")
        await second
    assert await cache.retrieve("c") == [[3.0]]
    await cache.aclose()


async def test_large_and_damaged_rows_are_left_to_a_thread(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = make("sqlite", tmp_path, 0)
    numbers = [float(number) for number in range(20_000)]
    await cache.store([numbers], "large")
    await cache.store([[1.0]], "damaged")
    await warmed(cache)
    with closing(sqlite3.connect(tmp_path / "cache.db")) as other, other:
        other.execute("UPDATE modelport_embeddings SET checksum = 1 WHERE size = 4")
    for name in ("large", "damaged"):
        assert cache._glance([name]) is None
    assert await cache.retrieve("large") == [numbers]
    assert await cache.retrieve("damaged") is None
    assert "damaged" in caplog.text
    assert (await cache.stats()).entries == 1
