"""What every embedding cache promises, on each of ours: files, SQLite, PostgreSQL and the template's own loops.

PostgreSQL needs a running server: `MODELPORT_TEST_POSTGRES=postgresql+asyncpg://user@host/database`. The test of killed
processes runs for `MODELPORT_TEST_CACHE_SECONDS` (default 1.5).
"""

from __future__ import annotations

import asyncio
import gc
import os
import runpy
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modelport
from modelport.adapters.cache.file import FileEmbeddingCache
from modelport.adapters.cache.sql import SQLEmbeddingCache
from modelport.application.embedding.cache import EmbeddingCacheBase
from modelport.domain.embedding.identity import canonical_json
from modelport.domain.embedding.values import Embedding, EmbeddingVectors
from modelport.ports.embedding_cache import EmbeddingCache

POSTGRES = os.environ.get("MODELPORT_TEST_POSTGRES", "")
SECONDS = float(os.environ.get("MODELPORT_TEST_CACHE_SECONDS", "1.5"))
ENOUGH = 20
"""Entries that each process must have written, and reads that must have found one, before a trial proves anything."""
WORKER = Path(__file__).with_name("cache_worker.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(modelport.__path__[0]).parent)}


class DictCache(EmbeddingCacheBase):
    """The least that a cache of one's own has to write."""

    def __init__(self) -> None:
        self.kept: dict[bytes, list[Embedding]] = {}

    async def store(self, embeddings: list[Embedding], identifier: Any, overwrite: bool = False) -> None:
        assert all(type(vector) is list for vector in embeddings)
        if overwrite or canonical_json(identifier) not in self.kept:
            self.kept[canonical_json(identifier)] = embeddings

    async def retrieve(self, identifier: Any) -> list[Embedding] | None:
        return self.kept.get(canonical_json(identifier))

    async def remove(self, identifier: Any) -> None:
        if self.kept.pop(canonical_json(identifier), None) is None:
            raise FileNotFoundError

    async def clear(self) -> None:
        self.kept.clear()


def make(kind: str, folder: Path, most: int | None = None) -> EmbeddingCacheBase:
    match kind:
        case "file":
            return FileEmbeddingCache(folder / "cache", max_file_number=most)
        case "sqlite":
            return SQLEmbeddingCache(f"sqlite+aiosqlite:///{folder}/cache.db", max_entries=most)
        case "postgres":
            return SQLEmbeddingCache(POSTGRES, max_entries=most)
    return DictCache()


OURS = ["file", "sqlite", "postgres"] if POSTGRES else ["file", "sqlite"]
KINDS = ["dict", *OURS]


def test_postgresql_is_among_them() -> None:
    if not POSTGRES:
        pytest.skip("no PostgreSQL: MODELPORT_TEST_POSTGRES holds no URL, so every test here leaves it out")
    assert "postgres" in KINDS


@pytest.fixture(params=KINDS)
async def cache(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EmbeddingCacheBase]:
    made = make(request.param, tmp_path)
    await made.clear()
    yield made
    await made.aclose()


async def test_vectors_come_back_exactly_as_they_were_given(cache: EmbeddingCacheBase) -> None:
    given_vectors = [[0.1, 1e300, -0.0], [0.5, 2.0, float("inf")]]
    await cache.store(given_vectors, {"text": "a"})
    found = await cache.retrieve({"text": "a"})
    assert found == given_vectors
    assert type(found) is list
    assert type(found[0]) is list
    assert type(found[0][0]) is float


async def test_the_specifications_keywords_work(cache: EmbeddingCacheBase) -> None:
    await cache.store(embeddings=[[1.0]], identifier="a")
    await cache.store(embeddings=[[2.0]], identifier="a", overwrite=False)
    assert await cache.retrieve(identifier="a") == [[1.0]]


async def test_key_order_never_matters(cache: EmbeddingCacheBase) -> None:
    await cache.store([[1.0]], {"model": "m", "input": {"type": "text", "text": "ä"}})
    assert await cache.retrieve({"input": {"text": "ä", "type": "text"}, "model": "m"}) == [[1.0]]


@pytest.mark.parametrize(
    "identifier", [None, True, 1, 1.5, "", "text", [], ["a", 1], {}, {"a": {"b": [None]}}, "\ud800"]
)
async def test_any_json_value_identifies(cache: EmbeddingCacheBase, identifier: Any) -> None:
    assert await cache.retrieve(identifier) is None
    await cache.store([[1.0, 2.0]], identifier)
    assert await cache.retrieve(identifier) == [[1.0, 2.0]]
    await cache.remove(identifier)
    assert await cache.retrieve(identifier) is None


@pytest.mark.parametrize("wrong", [object(), {"a": b"bytes"}, float("nan")])
async def test_what_is_not_json_is_refused(cache: EmbeddingCacheBase, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        await cache.store([[1.0]], wrong)
    with pytest.raises((TypeError, ValueError)):
        await cache.retrieve(wrong)


async def test_what_is_there_stays_unless_overwritten(cache: EmbeddingCacheBase) -> None:
    await cache.store([[1.0]], "a")
    await cache.store([[2.0]], "a")
    assert await cache.retrieve("a") == [[1.0]]
    await cache.store([[3.0, 4.0]], "a", overwrite=True)
    assert await cache.retrieve("a") == [[3.0, 4.0]]
    await cache.store([[5.0]], "b", overwrite=True)
    assert await cache.retrieve("b") == [[5.0]]


async def test_removing_what_is_absent_is_an_error(cache: EmbeddingCacheBase) -> None:
    with pytest.raises(FileNotFoundError):
        await cache.remove("a")
    await cache.store([[1.0]], "a")
    await cache.remove("a")
    with pytest.raises(FileNotFoundError):
        await cache.remove("a")


async def test_clear_forgets_everything_and_may_be_called_again(cache: EmbeddingCacheBase) -> None:
    await cache.clear()
    await cache.store_many([(EmbeddingVectors([[float(n)]]), n) for n in range(300)])
    await cache.clear()
    await cache.clear()
    assert list(await cache.retrieve_many(range(300))) == [None] * 300
    await cache.store([[1.0]], 7)
    assert await cache.retrieve(7) == [[1.0]]


async def test_many_at_once_are_the_same_as_one_after_the_other(cache: EmbeddingCacheBase) -> None:
    entries = [(EmbeddingVectors(np.full((1, 3), n, dtype=np.float32)), {"n": n}) for n in range(300)]
    await cache.store_many(entries)
    await cache.store_many([([[9.0]], {"n": 1}), ([[8.0]], {"n": 1000}), ([[7.0]], {"n": 1000})])
    wanted: list[Any] = [{"n": 299}, {"n": 5000}, {"n": 1}, {"n": 1000}, {"n": 1}]
    found = await cache.retrieve_many(wanted)
    assert list(found) == [[[299.0] * 3], None, [[1.0] * 3], [[8.0]], [[1.0] * 3]]
    assert await cache.retrieve({"n": 0}) == [[0.0] * 3]
    await cache.store_many([([[5.0]], "x"), ([[6.0]], "x")], overwrite=True)
    assert await cache.retrieve("x") == [[6.0]]
    assert list(await cache.retrieve_many([])) == []
    await cache.store_many([])


async def test_no_vectors_and_empty_vectors_are_kept_too(cache: EmbeddingCacheBase) -> None:
    await cache.store([], "none")
    await cache.store([[], []], "empty")
    assert await cache.retrieve("none") == []
    assert await cache.retrieve("empty") == [[], []]


async def test_many_tasks_may_use_it_at_once(cache: EmbeddingCacheBase) -> None:
    async def work(task: int) -> None:
        for n in range(8):
            await cache.store([[float(n)]], {"n": n}, overwrite=task % 2 == 0)
            await cache.store([[float(task), float(n)]], {"task": task, "n": n})
            assert await cache.retrieve({"n": n}) == [[float(n)]]
            assert await cache.retrieve({"task": task, "n": n}) == [[float(task), float(n)]]

    await asyncio.gather(*(work(task) for task in range(12)))


def test_ours_fit_the_port(tmp_path: Path) -> None:
    caches: Sequence[EmbeddingCache] = [DictCache(), make("file", tmp_path), make("sqlite", tmp_path)]
    assert all(isinstance(cache, EmbeddingCacheBase) for cache in caches)


@pytest.mark.parametrize("kind", OURS)
async def test_vectors_of_different_sizes_are_refused(kind: str, tmp_path: Path) -> None:
    cache = make(kind, tmp_path)
    with pytest.raises(ValueError, match="shape"):
        await cache.store([[1.0], [1.0, 2.0]], "a")
    await cache.aclose()


@pytest.mark.parametrize("kind", OURS)
def test_successive_event_loops_leak_nothing(kind: str, tmp_path: Path) -> None:
    cache = make(kind, tmp_path)

    async def use(turn: int) -> None:
        await asyncio.gather(*(cache.store([[float(turn)]], {"turn": turn, "n": n}) for n in range(6)))
        found = await cache.retrieve_many([{"turn": turn, "n": n} for n in range(6)])
        assert list(found) == [[[float(turn)]]] * 6
        if turn:
            assert await cache.retrieve({"turn": turn - 1, "n": 0}) == [[float(turn - 1)]]

    for turn in range(3):
        asyncio.run(use(turn))  # never closed: a ResourceWarning would fail this test
        gc.collect()
    asyncio.run(cache.clear())


@pytest.mark.parametrize("kind", OURS)
async def test_a_cancelled_store_leaves_a_usable_cache(kind: str, tmp_path: Path) -> None:
    cache = make(kind, tmp_path)
    entries = [(EmbeddingVectors(np.full((1, 512), n, dtype=np.float32)), {"n": n}) for n in range(4000)]
    for delay in (0.0, 0.001, 0.02):
        task = asyncio.create_task(cache.store_many(entries, overwrite=True))
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await cache.store([[1.0]], "after")
    assert await cache.retrieve("after") == [[1.0]]
    for found, n in zip(await cache.retrieve_many([{"n": n} for n in range(4000)]), range(4000), strict=True):
        assert found is None or found[0] == [float(n)] * 512
    await cache.clear()
    await cache.aclose()


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.integers(0, 7), st.booleans()),
        st.tuples(st.just("store_many"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("remove"), st.integers(0, 7), st.none()),
        st.tuples(st.just("clear"), st.none(), st.none()),
        st.tuples(st.just("reopen"), st.none(), st.none()),
    ),
    max_size=25,
)


async def follow(open_cache: Callable[[], EmbeddingCacheBase], operations: list[Any], most: int | None) -> None:
    """Run the operations on a cache and on a plain dictionary that forgets its oldest, and compare after each."""
    cache, model, value = open_cache(), OrderedDict[int, float](), 0.0
    await cache.clear()

    def put(key: int, overwrite: bool) -> None:
        if overwrite or key not in model:
            model.pop(key, None)
            model[key] = value
        while most is not None and len(model) > most:
            model.popitem(last=False)

    for name, key, overwrite in operations:
        value += 1.0
        if name == "store":
            put(key, overwrite)
            await cache.store([[value]], key, overwrite)
        elif name == "store_many":
            # Within its limits a cache may evict after each entry of a batch or after all of them.
            keys = [key, key + 1, key + 2] if most is None else [key]
            for one in keys:
                put(one, overwrite)
            await cache.store_many([([[value]], one) for one in keys], overwrite)
        elif name == "remove":
            if model.pop(key, None) is None:
                with pytest.raises(FileNotFoundError):
                    await cache.remove(key)
            else:
                await cache.remove(key)
        elif name == "clear":
            model.clear()
            await cache.clear()
        else:
            await cache.aclose()
            await asyncio.sleep(0.006)  # file times are coarse, and a new instance has only them to go by
            cache = open_cache()
        found = await cache.retrieve_many(range(10))
        assert list(found) == [[[model[key]]] if key in model else None for key in range(10)]
    await cache.aclose()


@pytest.mark.parametrize("kind", OURS)
@given(operations=OPERATIONS, most=st.one_of(st.none(), st.integers(0, 4)))
@settings(max_examples=20)
def test_any_operations_behave_like_a_dictionary(kind: str, operations: list[Any], most: int | None) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(follow(lambda: make(kind, Path(folder), most), operations, most))


@pytest.mark.parametrize("kind", OURS)
async def test_processes_share_a_cache_and_may_be_killed(kind: str, tmp_path: Path) -> None:
    cache = make(kind, tmp_path)
    await cache.clear()
    target = {"file": str(tmp_path / "cache"), "sqlite": f"sqlite+aiosqlite:///{tmp_path}/cache.db"}.get(kind, POSTGRES)
    vectors_of = runpy.run_path(str(WORKER))["vectors_of"]
    logs = [tmp_path / "one.log", tmp_path / "other.log"]
    workers = [start(kind, target, first, log) for first, log in zip((1_000_000, 2_000_000), logs, strict=True)]
    try:
        reads = await watch(cache, logs, vectors_of, workers)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    committed = [number for log in logs for number in logged(log)]
    found = await cache.retrieve_many([{"entry": number} for number in committed])
    assert all(kept == vectors_of(number) for kept, number in zip(found, committed, strict=True))
    assert reads > ENOUGH
    assert min(len(logged(log)) for log in logs) > ENOUGH
    await cache.clear()
    await cache.aclose()


def start(kind: str, target: str, first: int, log: Path) -> subprocess.Popen[bytes]:
    adapter = "file" if kind == "file" else "sql"
    return subprocess.Popen([sys.executable, WORKER, adapter, target, str(first), log], env=ENVIRONMENT)


async def watch(
    cache: EmbeddingCacheBase, logs: list[Path], vectors_of: Any, workers: list[subprocess.Popen[bytes]]
) -> int:
    """How many reads were hits, while both wrote and half-way through the first was killed.

    It takes `SECONDS`, and longer where the machine is too busy to write and read enough in that time.
    """
    while not all(logged(log) for log in logs):
        assert all(worker.poll() is None for worker in workers)
        await asyncio.sleep(0.05)
    begun, hits = time.monotonic(), 0
    while (passed := time.monotonic() - begun) < SECONDS or hits <= ENOUGH or len(logged(logs[1])) <= ENOUGH:
        if passed > SECONDS / 2 and len(logged(logs[0])) > ENOUGH:
            workers[0].kill()
        for log in logs:
            number = logged(log)[-1]
            for entry in (number, number + 1, 0xFFFF):
                found = await cache.retrieve({"entry": entry})
                assert found is None or vectors_of(entry) == found
                hits += found is not None
            assert await cache.retrieve({"entry": number}) is not None
    assert workers[1].poll() is None
    return hits


def logged(log: Path) -> list[int]:
    """The entries whose commit a worker has reported; a killed one may leave half a line."""
    text = log.read_text() if log.exists() else ""
    return [int(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
