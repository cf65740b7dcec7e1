"""An embedding cache of files: one `.npy` per identifier, safe for several threads, tasks and processes."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from itertools import islice
from threading import Lock
from time import perf_counter
from typing import Any

from ...application.call.worker import Worker
from ...application.embedding.cache import EmbeddingCacheBase
from ...domain.embedding.identity import identifier_digest, identifier_digests
from ...domain.embedding.values import Embedding, EmbeddingVectors, FloatArray, VectorsLike
from .folder import EntryFolder, FileMark
from .limits import CacheLimits
from .npy import decode_entry, encode_entry, view_entry
from .pace import FEW, Pace
from .recent import DEFAULT_MEMORY_MB, RecentVectors
from .stats import CacheStats, checked_age

__all__ = ["FileEmbeddingCache"]

_log = logging.getLogger(__name__)

_CHUNK = 128
"""Entries stored per turn in a thread: a cancelled call ends after the turn that it is in."""
_READ_CHUNK = 1024
"""The same for reading, which takes a fortieth of the time."""
_GLANCE_BYTES = 1 << 16
"""The largest entry that the event loop reads: 16,000 numbers."""
_SETTLED_NS = 2_000_000_000
"""How old a file must be for its time to tell a later change: the coarsest file system counts in 2 s."""


class FileEmbeddingCache(EmbeddingCacheBase):
    """Keeps each entry as `<SHA-256 of the identifier>.npy` in one folder, which is made at the first store.

    Args:
        cache_dir: the folder, fixed at construction; other files in it are left alone.
        max_file_number: entries kept at most; 0 keeps none, `None` sets no limit.
        max_cache_size: their size at most, in MB of 1,048,576 bytes.
        memory_mb: the entries read and written last that stay in memory too, in MB; 0 for none. All caches of one
            folder in a process share them.

    Beyond a limit the entries that were written first are removed first; reading does not make an entry younger.

    * An entry is there whole or not at all, and stays when the process is killed right after `store`. A damaged one is
      a miss, and is removed. `store` does not wait for the disk, so a power cut may lose the newest entries.
    * One process keeps its limits exactly. It counts its own entries and reads the folder only at the first store and,
      where limits are set, after every eighth of the cache that it has added. Of several processes each may therefore
      carry the cache above a limit by an eighth (at least 16 entries) until it looks again.
    * Files are written in threads, and read in threads where they are many, large, or on a disk that is slow: up to 8
      entries that a disk gives at once are read without one. Vectors come back exactly as they were given.
    * An entry is taken from memory only while its file is the same (inode and time), so removals
      and changes by other processes take effect at once.
    """

    _shared = ("_ledger", "_recent")

    def __init__(
        self,
        cache_dir: str | os.PathLike[str] = "./.cache/embeddings",
        max_file_number: int | None = None,
        max_cache_size: float | None = None,
        *,
        memory_mb: float = DEFAULT_MEMORY_MB,
    ) -> None:
        self._folder = EntryFolder(os.path.abspath(cache_dir))
        self._limits = CacheLimits.of(max_file_number, max_cache_size)
        self._ledger = _Ledger(self._folder, self._limits)
        self._recent: RecentVectors[FileMark] = RecentVectors.of(self._folder.path, memory_mb)
        self._worker = Worker()
        self._pace = Pace()

    async def store(self, embeddings: VectorsLike, identifier: Any, overwrite: bool = False) -> None:
        """Keep the vectors; what is there stays unless `overwrite`.

        An entry larger than the whole cache is not kept, which is logged. Raises `ValueError` for vectors of different
        sizes, `TypeError` for an identifier that is not JSON, and `OSError` when the file cannot be written.
        """
        await self._worker.run(self._store, embeddings, identifier, overwrite)

    async def retrieve(self, identifier: Any) -> list[Embedding] | None:
        """The vectors as plain lists, or `None`."""
        (found,) = await self.retrieve_many((identifier,))
        return None if found is None else found.tolist()

    async def remove(self, identifier: Any) -> None:
        """Forget one entry; `FileNotFoundError` when there is none."""
        if not await asyncio.to_thread(self._discard, identifier_digest(identifier)):
            raise FileNotFoundError(f"the embedding cache in {self._folder.path} has no entry for this identifier")

    async def clear(self) -> None:
        """Remove all entries; the folder and other files in it stay."""
        await asyncio.to_thread(self._clear)

    async def store_many(self, entries: Sequence[tuple[VectorsLike, Any]], overwrite: bool = False) -> None:
        """`store` for each `(embeddings, identifier)`, many per turn in a thread."""
        if len(entries) == 1:
            return await self._worker.run(self._store, *entries[0], overwrite)
        for start in range(0, len(entries), _CHUNK):
            await asyncio.to_thread(self._store_chunk, entries[start : start + _CHUNK], overwrite)

    async def retrieve_many(self, identifiers: Sequence[Any]) -> list[EmbeddingVectors | None]:
        """What is kept under each identifier, in order, without making lists of the numbers."""
        few = len(identifiers) <= FEW
        if few and self._pace.quick and (seen := self._glance(identifiers)) is not None:
            await self._pace.turn()
            return seen
        if few:
            return await self._worker.run(self._load_few, identifiers)
        found: list[EmbeddingVectors | None] = []
        for start in range(0, len(identifiers), _READ_CHUNK):
            found += await asyncio.to_thread(self._load_chunk, identifiers[start : start + _READ_CHUNK])
        return found

    async def stats(self) -> CacheStats:
        """What the cache holds now; reads the whole folder."""
        return await asyncio.to_thread(self._stats)

    async def prune(self, *, max_age: timedelta | float | None = None, max_entries: int | None = None) -> int:
        """Remove entries older than `max_age` (seconds or a `timedelta`), then all but the newest `max_entries`.

        Returns how many were removed. Raises `ValueError` for a negative argument.
        """
        return await asyncio.to_thread(self._prune, checked_age(max_age, max_entries), max_entries)

    def _store(self, embeddings: VectorsLike, identifier: Any, overwrite: bool) -> None:
        name = identifier_digest(identifier)
        if not overwrite and self._folder.has(name):
            return
        table = EmbeddingVectors(embeddings).exact
        data = encode_entry(table)
        if self._limits.refuses(len(data)):
            _log.warning("embedding of %d bytes not kept: it is larger than the whole cache may be", len(data))
            self._discard(name)  # an overwritten entry must not be found again
            return
        mark = self._folder.write(name, data)
        if mark is None:
            self._recent.drop(name)
        else:
            self._recent.put(name, mark, EmbeddingVectors(view_entry(data, table)), len(data))
        self._ledger.added(name, len(data))

    def _store_chunk(self, entries: Sequence[tuple[VectorsLike, Any]], overwrite: bool) -> None:
        for embeddings, identifier in entries:
            self._store(embeddings, identifier, overwrite)

    def _glance(self, identifiers: Sequence[Any]) -> list[EmbeddingVectors | None] | None:
        """What is kept under a few identifiers, read in the event loop; `None` where that is work for a thread."""
        begun, folder, found = perf_counter(), self._folder, list[EmbeddingVectors | None]()
        try:
            for name in identifier_digests(identifiers):
                known = self._recent.get(name)
                if known and known[0] == folder.mark(name):
                    found.append(known[1])
                    continue
                entry = folder.read(name, _GLANCE_BYTES)
                table = None if entry is None else decode_entry(entry[0])
                if entry is not None and table is None:
                    return None  # damaged, and has to be removed
                found.append(self._read(name, entry, table))
        except OSError:  # too large, or the thread says what is wrong
            return None
        finally:
            self._pace.in_loop(begun)
        return found

    def _load_few(self, identifiers: Sequence[Any]) -> list[EmbeddingVectors | None]:
        begun = perf_counter()
        found = self._load_chunk(identifiers)
        self._pace.in_thread(begun)
        return found

    def _load_chunk(self, identifiers: Sequence[Any]) -> list[EmbeddingVectors | None]:
        recent, mark_of = self._recent.get, self._folder.mark
        found: list[EmbeddingVectors | None] = []
        for name in identifier_digests(identifiers):
            known = recent(name)
            found.append(known[1] if known and known[0] == mark_of(name) else self._load(name))
        return found

    def _load(self, name: str) -> EmbeddingVectors | None:
        entry = self._folder.read(name)
        table = None if entry is None else decode_entry(entry[0])
        if entry is not None and table is None and self._folder.discard(name, entry[1]):
            _log.warning("damaged entry %s.npy removed from %s", name, self._folder.path)
            self._ledger.removed(name)
        return self._read(name, entry, table)

    def _read(
        self, name: str, entry: tuple[bytes, FileMark] | None, table: FloatArray | None
    ) -> EmbeddingVectors | None:
        """The table of an entry that was read, kept in memory where its time tells a later change."""
        if entry is None or table is None:
            self._recent.drop(name)
            return None
        data, mark = entry
        vectors = EmbeddingVectors(table)
        if time.time_ns() - mark[1] > _SETTLED_NS:
            self._recent.put(name, mark, vectors, len(data))
        return vectors

    def _discard(self, name: str) -> bool:
        self._ledger.removed(name)
        self._recent.drop(name)
        return self._folder.discard(name)

    def _stats(self) -> CacheStats:
        files = self._folder.entries()
        times = [datetime.fromtimestamp(file.modified_ns / 1e9, timezone.utc) for file in files]
        return CacheStats(
            len(files), sum(file.size for file in files), min(times, default=None), max(times, default=None)
        )

    def _prune(self, seconds: float | None, max_entries: int | None) -> int:
        files = sorted(self._folder.entries(), key=lambda file: file.modified_ns)
        surplus = 0 if max_entries is None else max(0, len(files) - max_entries)
        before = None if seconds is None else (time.time() - seconds) * 1e9
        old = [file for place, file in enumerate(files) if place < surplus or (before and file.modified_ns < before)]
        removed = sum(self._folder.discard(file.name) for file in old)
        self._ledger.forget()
        return removed

    def _clear(self) -> None:
        self._folder.clear()
        self._ledger.forget()
        self._recent.clear()


class _Ledger:
    """What this process knows of the folder, oldest entry first, so that a store need not read it."""

    def __init__(self, folder: EntryFolder, limits: CacheLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._lock = Lock()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0
        self._before_look = 0
        self._swept = False

    def added(self, name: str, size: int) -> None:
        """An entry was written: remove the oldest ones beyond the limits."""
        with self._lock:
            if not self._swept:
                self._swept = True
                self._folder.sweep()
            if not self._limits.bounded:
                return
            self._take(name)
            self._put(name, size)
            self._before_look -= 1
            if self._before_look <= 0:
                self._look()
            self._evict()

    def removed(self, name: str) -> None:
        """An entry is gone."""
        with self._lock:
            self._take(name)

    def forget(self) -> None:
        """All entries were removed or may have changed: list the folder again at the next store."""
        with self._lock:
            self._sizes.clear()
            self._bytes = self._before_look = 0

    def _put(self, name: str, size: int) -> None:
        self._sizes[name] = size
        self._bytes += size

    def _take(self, name: str) -> None:
        self._bytes -= self._sizes.pop(name, 0)

    def _look(self) -> None:
        # File times are coarse: of two files with the same one, ours come in the order we wrote them.
        order = {name: place for place, name in enumerate(self._sizes)}
        files = self._folder.entries()
        files.sort(key=lambda file: (file.modified_ns, order.get(file.name, -1), file.name))
        self._sizes.clear()
        self._bytes = 0
        for file in files:
            self._put(file.name, file.size)
        self._before_look = self._limits.stores_before_look(len(files), self._bytes)

    def _evict(self) -> None:
        count = self._limits.surplus(self._sizes.values(), len(self._sizes), self._bytes)
        for name in list(islice(self._sizes, count)):
            self._take(name)
            self._folder.discard(name)
