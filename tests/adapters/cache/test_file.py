"""The file cache: its folder, its limits, damage, and what it does not do on the event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modelport
from modelport.adapters.cache.file import FileEmbeddingCache
from modelport.domain.embedding.identity import identifier_digest
from modelport.domain.embedding.values import EmbeddingVectors
from modelport.domain.errors import SettingsError

ROOT = Path(modelport.__path__[0]).parent


class FileSystemWatch:
    """Notes which thread opens, renames, removes or lists what, by the interpreter's own audit events."""

    def __init__(self) -> None:
        self.folder = ""
        self.seen: list[tuple[str, int]] = []
        sys.addaudithook(self._note)  # cannot be taken away again, so it is only ever installed once

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        known = ("open", "os.rename", "os.remove", "os.scandir", "os.listdir", "os.mkdir")
        if self.folder and event in known and str(arguments[0]).startswith(self.folder):
            self.seen.append((event, threading.get_ident()))

    def count(self, event: str) -> int:
        return sum(name == event for name, _ in self.seen)


_watch: list[FileSystemWatch] = []


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[FileSystemWatch]:
    if not _watch:
        _watch.append(FileSystemWatch())
    _watch[0].folder, _watch[0].seen = str(tmp_path), []
    yield _watch[0]
    _watch[0].folder = ""


def path_of(folder: Path, identifier: Any) -> Path:
    return folder / f"{identifier_digest(identifier)}.npy"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def sizes_in(folder: Path) -> list[int]:
    return [path.stat().st_size for path in folder.iterdir()]


async def fill(cache: FileEmbeddingCache, numbers: range) -> None:
    for number in numbers:
        await cache.store([[float(number)]], number)


async def kept(cache: FileEmbeddingCache, numbers: range) -> list[int]:
    found = await cache.retrieve_many(numbers)
    return [number for number, hit in zip(numbers, found, strict=True) if hit is not None]


async def test_one_npy_file_per_identifier_and_nothing_else(tmp_path: Path) -> None:
    cache = FileEmbeddingCache(cache_dir=tmp_path / "deep" / "cache", max_file_number=10, max_cache_size=1)
    assert not (tmp_path / "deep").exists()
    await cache.store([[1.0, 2.0], [3.0, 4.0]], {"text": "a"})
    assert names(tmp_path / "deep" / "cache") == {path_of(tmp_path, {"text": "a"}).name}
    stored = np.load(path_of(tmp_path / "deep" / "cache", {"text": "a"}))
    assert stored.dtype == np.float32
    assert stored.tolist() == [[1.0, 2.0], [3.0, 4.0]]


async def test_the_folder_is_fixed_at_construction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = FileEmbeddingCache()
    await cache.store([[1.0]], "a")
    assert path_of(tmp_path / ".cache" / "embeddings", "a").exists()
    monkeypatch.chdir("/")
    assert await cache.retrieve("a") == [[1.0]]


@pytest.mark.parametrize("limit", [{"max_file_number": -1}, {"max_cache_size": -0.1}])
def test_negative_limits_are_refused(limit: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        FileEmbeddingCache(**limit)


def flipped(data: bytes) -> bytes:
    return data[:200] + bytes([data[200] ^ 1]) + data[201:]


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:150], lambda data: data + b"x", flipped, lambda data: b"\0" * len(data)],
)
async def test_a_damaged_file_is_a_miss_and_goes(damage: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = FileEmbeddingCache(tmp_path, max_file_number=2)
    await cache.store([[float(n) for n in range(100)]], "a")
    path = path_of(tmp_path, "a")
    path.write_bytes(damage(path.read_bytes()))
    assert await cache.retrieve("a") is None
    assert not path.exists()
    assert "damaged entry" in caplog.text
    await cache.store([[1.0]], "a")
    assert await cache.retrieve("a") == [[1.0]]


async def test_a_good_file_that_replaced_a_damaged_one_is_not_removed(tmp_path: Path) -> None:
    cache = FileEmbeddingCache(tmp_path)
    await cache.store([[1.0]], "a")
    read = cache._folder.read(identifier_digest("a"))
    assert read is not None
    await cache.store([[2.0]], "a", overwrite=True)
    assert not cache._folder.discard(identifier_digest("a"), mark=read[1])
    assert await cache.retrieve("a") == [[2.0]]


async def test_the_oldest_go_first_and_reading_does_not_make_younger(tmp_path: Path) -> None:
    cache = FileEmbeddingCache(tmp_path, max_file_number=3)
    await fill(cache, range(3))
    await cache.retrieve(0)
    await fill(cache, range(3, 5))
    assert await kept(cache, range(5)) == [2, 3, 4]
    await cache.store([[2.5]], 2, overwrite=True)
    await fill(cache, range(5, 6))
    assert await kept(cache, range(6)) == [2, 4, 5]
    assert len(names(tmp_path)) == 3


async def test_size_is_limited_in_megabytes(tmp_path: Path) -> None:
    vectors = EmbeddingVectors(np.ones((1, 1024), dtype=np.float32))
    cache = FileEmbeddingCache(tmp_path, max_cache_size=0.05)
    await cache.store_many([(vectors, number) for number in range(20)])
    sizes = sizes_in(tmp_path)
    assert sum(sizes) <= 0.05 * 1024 * 1024 < sum(sizes) + sizes[0]
    assert await kept(cache, range(20)) == list(range(20 - len(sizes), 20))


async def test_an_entry_larger_than_the_cache_is_not_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = FileEmbeddingCache(tmp_path, max_cache_size=0.001)
    await cache.store([[1.0]], "a")
    with caplog.at_level(logging.WARNING):
        await cache.store([[1.0] * 1000], "b")
        await cache.store([[1.0] * 1000], "a", overwrite=True)
    assert caplog.text.count("larger than the whole cache") == 2
    assert await cache.retrieve_many(["a", "b"]) == [None, None]
    assert names(tmp_path) == set()


async def test_zero_files_keeps_none(tmp_path: Path) -> None:
    cache = FileEmbeddingCache(tmp_path / "cache", max_file_number=0)
    await cache.store([[1.0]], "a")
    assert await cache.retrieve("a") is None


async def test_files_from_before_count_by_age(tmp_path: Path) -> None:
    await fill(FileEmbeddingCache(tmp_path), range(6))
    for number in range(6):
        os.utime(path_of(tmp_path, number), (1000 + number, 1000 + (number + 3) % 6))
    cache = FileEmbeddingCache(tmp_path, max_file_number=4)
    await fill(cache, range(6, 7))
    assert await kept(cache, range(7)) == [0, 1, 2, 6]


async def test_several_processes_stay_near_the_limit_and_return_to_it(tmp_path: Path) -> None:
    ours, other = FileEmbeddingCache(tmp_path, max_file_number=40), FileEmbeddingCache(tmp_path, max_file_number=40)
    most = 0
    for number in range(0, 400, 2):
        await fill(ours, range(number, number + 1))
        await fill(other, range(number + 1, number + 2))
        most = max(most, len(names(tmp_path)))
    assert 40 <= most <= 40 + 16
    await fill(ours, range(400, 417))
    assert len(names(tmp_path)) == 40
    assert set(range(400, 417)) <= set(await kept(ours, range(417)))


async def test_a_store_reads_no_folder(tmp_path: Path, watch: FileSystemWatch) -> None:
    cache = FileEmbeddingCache(tmp_path, max_file_number=10**4, max_cache_size=100)
    await cache.store_many([([[float(n)]], n) for n in range(1000)])
    at_first = watch.count("os.scandir")
    assert at_first <= 4
    await fill(cache, range(1000, 1100))
    assert watch.count("os.scandir") == at_first
    at_limit = FileEmbeddingCache(tmp_path, max_file_number=1000)
    await fill(at_limit, range(1100, 1200))
    assert watch.count("os.scandir") == at_first + 2


def threads_of(watch: FileSystemWatch) -> set[int]:
    return {thread for _, thread in watch.seen}


async def test_the_event_loop_writes_removes_and_lists_nothing(tmp_path: Path, watch: FileSystemWatch) -> None:
    cache = FileEmbeddingCache(tmp_path / "cache", max_file_number=50)
    await fill(cache, range(60))
    await cache.store_many([([[float(n)]], n) for n in range(200)], overwrite=True)
    assert len(await cache.retrieve_many(range(300))) == 300
    await cache.store([[1.0]], 197, overwrite=True)
    await cache.remove(199)
    await cache.clear()
    await cache.store([[1.0]], "a")
    assert {"open", "os.rename", "os.remove", "os.scandir"} <= {event for event, _ in watch.seen}
    assert threading.get_ident() not in threads_of(watch)


async def test_one_small_entry_is_read_without_a_thread_once_the_disk_was_quick(
    tmp_path: Path, watch: FileSystemWatch
) -> None:
    cache = FileEmbeddingCache(tmp_path, memory_mb=0)
    await fill(cache, range(20))
    assert await cache.retrieve(0) == [[0.0]]
    while not cache._pace.quick:  # a busy machine may have been slow at first
        await cache.retrieve(0)
    watch.seen = []
    assert await cache.retrieve(1) == [[1.0]]
    assert list(await cache.retrieve_many(range(8))) == [[[float(n)]] for n in range(8)]
    assert await cache.retrieve("absent") is None
    assert threads_of(watch) == {threading.get_ident()}
    cache._pace._in_threads = 0
    watch.seen = []
    await cache.retrieve_many(range(9))
    assert threading.get_ident() not in threads_of(watch)


async def test_the_event_loop_leaves_large_and_damaged_entries_to_a_thread(
    tmp_path: Path, watch: FileSystemWatch
) -> None:
    cache = FileEmbeddingCache(tmp_path, memory_mb=0)
    numbers = [float(number) for number in range(20_000)]
    await cache.store([numbers], "large")
    await cache.store([[1.0]], "damaged")
    path_of(tmp_path, "damaged").write_bytes(b"damaged")
    cache._pace._in_threads = 0
    watch.seen = []
    assert await cache.retrieve("large") == [numbers]
    assert len(threads_of(watch)) == 2
    cache._pace._in_threads = 0
    watch.seen = []
    assert await cache.retrieve("damaged") is None
    assert ("os.remove", threading.get_ident()) not in watch.seen
    assert watch.count("os.remove") == 1
    assert not path_of(tmp_path, "damaged").exists()


async def test_look_ups_in_a_row_let_other_tasks_run(tmp_path: Path) -> None:
    cache, turns = FileEmbeddingCache(tmp_path), 0
    await fill(cache, range(1))
    cache._pace._in_threads = -1000

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    for _ in range(320):
        assert await cache.retrieve(0) == [[0.0]]
    assert turns >= 20
    task.cancel()


async def test_bulk_work_lets_the_event_loop_run(tmp_path: Path) -> None:
    cache = FileEmbeddingCache(tmp_path)
    work = asyncio.create_task(cache.store_many([([[float(n)]], n) for n in range(600)]))
    turns = 0
    while not work.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 600 // 128


async def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.npy").write_bytes(b"data")
    (tmp_path / ".hidden").write_bytes(b"data")
    cache = FileEmbeddingCache(tmp_path, max_file_number=1)
    await fill(cache, range(3))
    await cache.clear()
    assert names(tmp_path) == {"mine.npy", ".hidden"}


async def test_what_killed_processes_left_is_swept_once_it_is_old(tmp_path: Path) -> None:
    digest = identifier_digest("a")
    old, young = tmp_path / f".{digest}.1.{'0' * 16}.7.tmp", tmp_path / f".{digest}.1.{'1' * 16}.7.tmp"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (1, 1))
    cache = FileEmbeddingCache(tmp_path)
    await cache.store([[1.0]], "a")
    assert names(tmp_path) == {young.name, path_of(tmp_path, "a").name}


async def test_a_folder_removed_during_use_is_made_again(tmp_path: Path) -> None:
    cache = FileEmbeddingCache(tmp_path / "cache", max_file_number=5)
    await cache.store([[1.0]], "a")
    path_of(tmp_path / "cache", "a").unlink()
    (tmp_path / "cache").rmdir()
    assert await cache.retrieve("a") is None
    await cache.clear()
    await cache.store([[2.0]], "a")
    assert await cache.retrieve("a") == [[2.0]]


async def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    path_of(tmp_path, "a").mkdir(parents=True)  # a folder in the entry's place makes the rename fail
    cache = FileEmbeddingCache(tmp_path)
    with pytest.raises(OSError, match="directory"):
        await cache.store([[1.0]], "a", overwrite=True)
    assert names(tmp_path) == {path_of(tmp_path, "a").name}


def test_it_needs_no_database_package() -> None:
    code = "import sys, modelport.adapters.cache.file; sys.exit('sqlalchemy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
