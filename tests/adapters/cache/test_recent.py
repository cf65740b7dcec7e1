"""What the caches keep in memory: bounded, shared, and never older than what is stored."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.cache.file import FileEmbeddingCache
from modelport.adapters.cache.limits import MEGABYTE
from modelport.adapters.cache.npy import encode_entry
from modelport.adapters.cache.recent import RecentVectors
from modelport.adapters.cache.sql import SQLEmbeddingCache
from modelport.domain.embedding.identity import identifier_digest
from modelport.domain.embedding.values import EmbeddingVectors
from modelport.domain.errors import SettingsError

AnyCache = FileEmbeddingCache | SQLEmbeddingCache
ONE = EmbeddingVectors(np.ones((1, 1000), dtype=np.float32))


def make(kind: str, folder: Path, memory_mb: float) -> AnyCache:
    if kind == "file":
        return FileEmbeddingCache(folder / "cache", memory_mb=memory_mb)
    return SQLEmbeddingCache(f"sqlite+aiosqlite:///{folder}/cache.db", memory_mb=memory_mb)


@pytest.fixture(params=["file", "sqlite"])
async def caches(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Callable[[float], AnyCache]]:
    """Caches of one folder or database, by the memory that they have; those with none stand for another process."""
    made: list[AnyCache] = []

    def cache(memory_mb: float) -> AnyCache:
        made.append(make(request.param, tmp_path, memory_mb))
        return made[-1]

    yield cache
    for one in made:
        await one.aclose()


async def hit(cache: AnyCache, identifier: Any) -> EmbeddingVectors | None:
    (found,) = await cache.retrieve_many([identifier])
    return found


async def from_memory(cache: AnyCache, identifier: Any) -> bool:
    """Two hits are one object only if it was in memory."""
    first, second = await hit(cache, identifier), await hit(cache, identifier)
    assert first is not None
    assert first == second
    return first is second


async def test_what_was_stored_is_found_in_memory(caches: Callable[[float], AnyCache]) -> None:
    cache = caches(1)
    await cache.store_many([(ONE, "a"), (ONE, "b")])
    assert await from_memory(cache, "a")
    assert await from_memory(caches(1), "b")
    assert not await from_memory(caches(0), "a")
    found = await hit(cache, "a")
    assert found is not None
    assert not found.array.flags.writeable


async def test_an_array_given_and_changed_later_is_not_what_is_kept(caches: Callable[[float], AnyCache]) -> None:
    cache, table = caches(1), np.ones((1, 3), dtype=np.float32)
    await cache.store_many([(EmbeddingVectors(table), "a")])
    table[:] = 2
    assert await hit(cache, "a") == [[1.0, 1.0, 1.0]]


async def test_what_another_process_does_counts_at_once(caches: Callable[[float], AnyCache]) -> None:
    ours, others = caches(1), caches(0)
    await ours.store_many([(ONE, name) for name in "abc"])
    await others.store([[2.0] * 1000], "a", overwrite=True)
    await others.remove("b")
    assert await hit(ours, "a") == [[2.0] * 1000]
    assert await hit(ours, "b") is None
    assert await from_memory(ours, "c")
    await others.clear()
    assert await ours.retrieve_many(["a", "b", "c"]) == [None] * 3
    await others.store([[3.0]], "c")
    assert await hit(ours, "c") == [[3.0]]


async def test_what_we_overwrite_remove_and_clear_is_gone_from_memory(caches: Callable[[float], AnyCache]) -> None:
    cache = caches(1)
    await cache.store_many([(ONE, name) for name in "abc"])
    await cache.store([[2.0]], "a", overwrite=True)
    await cache.store([[9.0]], "a")
    assert await cache.retrieve("a") == [[2.0]]
    await cache.remove("b")
    assert await cache.retrieve("b") is None
    await cache.clear()
    assert await cache.retrieve("c") is None
    assert len(cache._recent) == 0


async def test_memory_has_a_limit_and_the_store_has_the_rest(caches: Callable[[float], AnyCache]) -> None:
    cache = caches(0.1)
    await cache.store_many([(ONE, number) for number in range(100)])
    assert 15 < len(cache._recent) < 25
    assert await from_memory(cache, 99)
    assert await cache.retrieve_many(range(100)) == [ONE] * 100
    assert len(cache._recent) < 25


async def test_an_entry_larger_than_the_memory_is_read_each_time(caches: Callable[[float], AnyCache]) -> None:
    cache = caches(0.01)
    await cache.store_many([(EmbeddingVectors(np.ones((1, 100_000), dtype=np.float32)), "a")])
    assert not await from_memory(cache, "a")


@pytest.mark.parametrize("memory_mb", [-1, float("nan"), float("inf")])
@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_memory_without_a_size_is_refused(kind: str, memory_mb: float, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="memory_mb"):
        make(kind, tmp_path, memory_mb)


@pytest.mark.parametrize("size", [-1, float("nan"), float("inf")])
def test_a_limit_without_a_size_is_refused(size: float, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="size"):
        FileEmbeddingCache(tmp_path, max_cache_size=size)
    with pytest.raises(SettingsError, match="size"):
        SQLEmbeddingCache(f"sqlite+aiosqlite:///{tmp_path}/cache.db", max_size_mb=size)


def test_memory_ends_with_the_last_cache_of_the_folder(tmp_path: Path) -> None:
    one, same, other = (make("file", tmp_path / name, 1) for name in ("a", "a", "b"))
    assert one._recent is same._recent is not other._recent
    one._recent.put("name", (1, 1), ONE, 4000)
    del one, same
    assert len(make("file", tmp_path / "a", 1)._recent) == 0


@pytest.mark.parametrize("damage", ["first", "last"])
async def test_a_file_damaged_in_place_right_after_the_store_is_a_miss(damage: str, tmp_path: Path) -> None:
    cache = make("file", tmp_path, 1)
    for number in range(20):  # the kernel's clock ticks every few milliseconds: most of these fall into one tick
        await cache.store_many([(ONE, number)])
        path = tmp_path / "cache" / f"{identifier_digest(number)}.npy"
        data = bytearray(path.read_bytes())
        data[0 if damage == "first" else -1] ^= 1
        with path.open("r+b") as file:
            file.write(data)
        assert await hit(cache, number) is None
        assert not path.exists()


async def test_a_young_file_of_others_is_not_kept_as_its_time_tells_nothing_yet(tmp_path: Path) -> None:
    cache = make("file", tmp_path, 1)
    path = tmp_path / "cache" / f"{identifier_digest('a')}.npy"
    path.parent.mkdir()
    path.write_bytes(encode_entry(ONE.exact))
    first = path.stat()
    assert not await from_memory(cache, "a")
    path.write_bytes(encode_entry(ONE.exact * 2))
    os.utime(path, ns=(first.st_mtime_ns, first.st_mtime_ns))
    assert await hit(cache, "a") == (ONE.exact * 2).tolist()
    os.utime(path, (1, 1))
    assert await from_memory(cache, "a")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, MEGABYTE // 3) | st.just(MEGABYTE)), max_size=30))
def test_the_newest_that_fit_are_kept(puts: list[tuple[int, int]]) -> None:
    recent: RecentVectors[int] = RecentVectors(1)
    kept: dict[int, tuple[int, int]] = {}
    for mark, (name, size) in enumerate(puts):
        recent.put(name, mark, ONE, size)
        kept.pop(name, None)
        if size < MEGABYTE:
            kept[name] = (mark, size + 600)
        while sum(size for _, size in kept.values()) > MEGABYTE:
            kept.pop(next(iter(kept)))
        found = {name: recent.get(name) for name in range(6)}
        assert {name: entry[0] for name, entry in found.items() if entry} == {name: kept[name][0] for name in kept}
