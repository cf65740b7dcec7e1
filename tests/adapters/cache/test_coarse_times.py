"""Files whose times are too coarse to tell a change by: such entries are read each time, and never from memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modelport.adapters.cache.file import FileEmbeddingCache
from modelport.adapters.cache.npy import encode_entry
from modelport.domain.embedding.identity import identifier_digest
from modelport.domain.embedding.values import EmbeddingVectors
from tests.adapters.cache.test_recent import from_memory, hit

ONE = EmbeddingVectors(np.ones((1, 10), dtype=np.float32))
TWO = EmbeddingVectors(np.full((1, 10), 2, dtype=np.float32))
TICK_NS = 2_000_000_000
set_times = os.utime


def counts_in_two_seconds(path: str, *, ns: tuple[int, int]) -> None:
    """What a FAT file system makes of it."""
    set_times(path, ns=(ns[0] // TICK_NS * TICK_NS, ns[1] // TICK_NS * TICK_NS))


def takes_no_time(path: str, *, ns: tuple[int, int]) -> None:
    """What a share that belongs to somebody else does."""
    raise PermissionError(1, "not permitted", path)


@pytest.fixture(params=[counts_in_two_seconds, takes_no_time])
def coarse(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.setattr(os, "utime", request.param)


def entry(folder: Path, identifier: str) -> Path:
    return folder / f"{identifier_digest(identifier)}.npy"


def write_within_the_tick(path: Path, vectors: EmbeddingVectors) -> None:
    """Another process writes over the file, and nothing but its bytes tells it."""
    before = path.stat()
    path.write_bytes(encode_entry(vectors.exact))
    set_times(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size)


async def test_what_was_stored_is_read_again_each_time(tmp_path: Path, coarse: Callable[[], None]) -> None:
    coarse()
    cache = FileEmbeddingCache(tmp_path, memory_mb=1)
    await cache.store_many([(ONE, "a")])
    assert not await from_memory(cache, "a")
    write_within_the_tick(entry(tmp_path, "a"), TWO)
    assert await hit(cache, "a") == TWO


async def test_an_entry_that_is_written_over_leaves_the_memory(tmp_path: Path, coarse: Callable[[], None]) -> None:
    cache = FileEmbeddingCache(tmp_path, memory_mb=1)
    await cache.store_many([(ONE, "a")])
    assert len(cache._recent) == 1
    coarse()
    await cache.store_many([(TWO, "a")], overwrite=True)
    assert len(cache._recent) == 0
    assert await hit(cache, "a") == TWO


@pytest.mark.parametrize(
    ("age_ns", "kept"), [(-TICK_NS, False), (0, False), (TICK_NS // 2, False), (2 * TICK_NS, True)]
)
async def test_a_file_of_others_is_kept_in_memory_once_its_time_tells(age_ns: int, kept: bool, tmp_path: Path) -> None:
    path = entry(tmp_path, "a")
    path.write_bytes(encode_entry(ONE.exact))
    then = time.time_ns() - age_ns
    os.utime(path, ns=(then, then))
    assert await from_memory(FileEmbeddingCache(tmp_path, memory_mb=1), "a") is kept
