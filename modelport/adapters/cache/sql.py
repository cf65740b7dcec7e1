"""An embedding cache in a database: SQLite in a file, or PostgreSQL where several machines share it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ...application.embedding.cache import EmbeddingCacheBase
from ...domain.embedding.identity import identifier_digest, identifier_digests
from ...domain.embedding.values import Embedding, EmbeddingVectors, VectorsLike
from ...domain.errors import SettingsError
from .limits import CacheLimits
from .pace import FEW, Pace
from .recent import DEFAULT_MEMORY_MB, RecentVectors
from .stats import CacheStats, checked_age

if TYPE_CHECKING:
    from ..sql.direct import DirectSqlite, Statements
    from .sql_table import Row, RowMark

__all__ = ["CacheStats", "SQLEmbeddingCache"]

_log = logging.getLogger(__name__)

_CHUNK = 128
"""Entries per statement and transaction: half a megabyte for 1,024 numbers each."""
_READ_CHUNK = 1024
"""Entries read per statement: 4 MB, which keep the event loop for a few milliseconds."""
_GLANCE_BYTES = 1 << 16
"""The largest entry that the event loop reads: 16,000 numbers."""
_BUSY_SECONDS = 3.0
"""How long to wait for a lock that another process holds on SQLite."""
_MOST_ROWS = 2**63 - 1
"""The largest number that databases count to."""
_LOOK_CHUNK = 4096
"""Entries looked at per statement for their being the same; the times of more than 5,000 could not be added up."""


class SQLEmbeddingCache(EmbeddingCacheBase):
    """Keeps each entry as a row, under the SHA-256 of its identifier; the tables are made at first use.

    Args:
        url: `sqlite+aiosqlite:///file.db` (the folder is made) or `postgresql+asyncpg://user@host/database`. A SQLite
            database in memory ends with the event loop.
        max_entries: entries kept at most; 0 keeps none, `None` sets no limit.
        max_size_mb: the size of their vectors at most, in MB of 1,048,576 bytes; the database adds its own overhead.
        memory_mb: the entries read and written last that stay in memory too, in MB; 0 for none. All caches of one
            database in a process share them.

    Beyond a limit the entries that were written first are removed first, in the same transaction as the store.

    * What `store` returned from is committed and survives the process; a damaged row is a miss, and is removed.
      Vectors come back exactly as they were given.
    * Many tasks, event loops, processes and (PostgreSQL) machines may use one cache. One process keeps its limits
      exactly. Of several each counts its own rows and those of the others only now and then, so each may carry the
      cache above a limit by an eighth (at least 16 entries) until it counts again.
    * `store_many` commits 128 entries at a time.
    * An entry is taken from memory only while its row is the same (by its size and the time it was written), so
      removals and changes by other processes take effect at once. What is in memory is not read again.
    * Up to 8 small entries are read from a SQLite file in the event loop, as long as it answers at once; what has to
      wait for a lock or a slow disk is done in a thread.
    * A SQLite file that is removed or replaced is opened again, and made where it is missing. A file that can only be
      read is read. A lock of another process is waited for up to 3 seconds.
    * Connections end with the event loop; `aclose` ends them sooner.

    Raises `SettingsError` for a URL it cannot use, missing packages and tables of another version, and
    `ModelportError` when the database fails.
    """

    _shared = ("_engines", "_recent")

    def __init__(
        self,
        url: str = "sqlite+aiosqlite:///.cache/embeddings.db",
        *,
        max_entries: int | None = None,
        max_size_mb: float | None = None,
        memory_mb: float = DEFAULT_MEMORY_MB,
    ) -> None:
        self._limits = CacheLimits.of(max_entries, max_size_mb)
        try:
            from ..sql.engine import LoopEngines, database_url
            from .sql_table import EntryTable, is_prepared, prepare
        except ImportError as error:
            raise SettingsError(f"SQLEmbeddingCache needs the package sqlalchemy[asyncio]: {error}") from error
        try:
            target = database_url(url)
        finally:
            del url  # an error must not hold the password in it
        self._engines = LoopEngines(target, prepare, is_prepared=is_prepared, busy_seconds=_BUSY_SECONDS)
        self._table = EntryTable(target.get_backend_name())
        self._ledger = _Ledger(self._limits)
        self._recent: RecentVectors[RowMark] = RecentVectors.of(str(target), memory_mb)
        self._pace = Pace()
        self._clock: Callable[[], float] = time.time
        self._last_us = 0

    async def store(self, embeddings: VectorsLike, identifier: Any, overwrite: bool = False) -> None:
        """Keep the vectors; what is there stays unless `overwrite`.

        An entry larger than the whole cache is not kept, which is logged. Raises `ValueError` for vectors of different
        sizes and `TypeError` for an identifier that is not JSON.
        """
        await self.store_many([(embeddings, identifier)], overwrite)

    async def retrieve(self, identifier: Any) -> list[Embedding] | None:
        """The vectors as plain lists, or `None`."""
        (found,) = await self.retrieve_many([identifier])
        return None if found is None else found.tolist()

    async def remove(self, identifier: Any) -> None:
        """Forget one entry; `FileNotFoundError` when there is none."""
        digest = _digest(identifier)
        sizes = await self._engines.transaction(lambda statements: self._table.delete(statements, [digest]))
        self._ledger.add(-len(sizes), -sum(sizes))
        if not sizes:
            raise FileNotFoundError("the embedding cache has no entry for this identifier")

    async def clear(self) -> None:
        """Forget all entries. A SQLite file keeps its size, and the space in it is used again."""
        await self._engines.transaction(self._table.delete_all)
        self._ledger.forget()
        self._recent.clear()

    async def store_many(self, entries: Sequence[tuple[VectorsLike, Any]], overwrite: bool = False) -> None:
        """`store` for each `(embeddings, identifier)`; of two with one identifier the last wins with `overwrite`."""
        for start in range(0, len(entries), _CHUNK):
            chunk = entries[start : start + _CHUNK]
            # A thread only for work that takes longer than switching to it.
            if len(chunk) > 1:
                rows = await asyncio.to_thread(self._rows, chunk, overwrite)
            else:
                rows = self._rows(chunk, overwrite)
            await self._write(rows, overwrite)

    async def retrieve_many(self, identifiers: Sequence[Any]) -> list[EmbeddingVectors | None]:
        """What is kept under each identifier, in order, without making lists of the numbers."""
        if len(identifiers) > FEW:
            return await self._read_all(identifiers)
        if self._pace.quick and (seen := self._glance(identifiers)) is not None:
            await self._pace.turn()
            return seen
        begun = perf_counter()
        found = await self._read_all(identifiers)
        self._pace.in_thread(begun)
        await self._engines.open_direct()
        return found

    async def stats(self) -> CacheStats:
        """What the cache holds now."""
        async with self._engines.reading() as connection:
            entries, size, oldest, newest = await self._table.totals(connection)
        return CacheStats(entries, size, _moment(oldest), _moment(newest))

    async def prune(self, *, max_age: timedelta | float | None = None, max_entries: int | None = None) -> int:
        """Remove entries older than `max_age` (seconds or a `timedelta`), then all but the newest `max_entries`.

        Returns how many were removed. Raises `ValueError` for a negative argument.
        """
        seconds = checked_age(max_age, max_entries)
        before = None if seconds is None else int(max(0.0, self._clock() - seconds) * 1e6)

        def remove(statements: Statements) -> int:
            removed = 0 if before is None else self._table.delete_before(statements, before)
            if max_entries is not None and max_entries <= _MOST_ROWS:
                removed += self._table.delete_beyond(statements, max_entries)
            return removed

        removed = await self._engines.transaction(remove)
        self._ledger.forget()
        return removed

    async def aclose(self) -> None:
        """Close the running event loop's connections; the next call opens new ones."""
        await self._engines.aclose()

    def _rows(self, entries: Sequence[tuple[VectorsLike, Any]], overwrite: bool) -> dict[bytes, Row | None]:
        """Rows by digest; `None` for an entry that must not be found any more, as it is too large to be kept."""
        from .sql_table import to_row

        rows: dict[bytes, Row | None] = {}
        for embeddings, identifier in entries:
            digest = _digest(identifier)
            if digest in rows and not overwrite:
                continue
            row = to_row(digest, self._next_us(), EmbeddingVectors(embeddings).exact)
            if not self._limits.refuses(row["size"]):
                rows[digest] = row
                continue
            _log.warning("embedding of %d bytes not kept: it is larger than the whole cache may be", row["size"])
            if overwrite:
                rows[digest] = None
        return rows

    def _next_us(self) -> int:
        """Microseconds since 1970, later at each call, so that age is also the order of writing."""
        self._last_us = max(int(self._clock() * 1e6), self._last_us + 1)
        return self._last_us

    async def _write(self, rows: dict[bytes, Row | None], overwrite: bool) -> None:
        kept = [row for row in rows.values() if row is not None]
        refused = [digest for digest, row in rows.items() if row is None]
        if not rows:
            return
        try:
            await self._engines.transaction(lambda statements: self._put(statements, kept, refused, overwrite))
        except BaseException:
            self._ledger.forget()  # rolled back, after some of it was counted
            raise
        self._remember(kept)

    def _put(self, statements: Statements, kept: Sequence[Row], refused: Sequence[bytes], overwrite: bool) -> None:
        try:
            gone = self._table.delete(statements, refused)
            self._ledger.add(-len(gone), -sum(gone))
            sizes = self._table.insert(statements, kept, overwrite) if kept else []
            if self._limits.bounded and kept:
                self._keep_limits(statements, sizes, overwrite)
        except BaseException:
            self._ledger.forget()  # here too, as a cancelled call does not wait for its work
            raise

    def _keep_limits(self, statements: Statements, sizes: list[int], overwrite: bool) -> None:
        self._ledger.add(len(sizes), sum(sizes))
        # What an overwritten row held is not known, so its place is counted again.
        if overwrite or self._ledger.due:
            self._ledger.counted(*self._table.count(statements))
        while self._limits.exceeded(self._ledger.entries, self._ledger.size):
            oldest = self._table.oldest(statements, _CHUNK)
            surplus = self._limits.surplus((size for _, size in oldest), self._ledger.entries, self._ledger.size)
            gone = self._table.delete(statements, [digest for digest, _ in oldest[:surplus]])
            self._ledger.add(-len(gone), -sum(gone))
            if len(gone) < surplus or not gone:
                # Others are removing too. Count, and leave what still is too much to the next store.
                return self._ledger.counted(*self._table.count(statements))

    def _remember(self, rows: Sequence[Row]) -> None:
        """Keep rows in memory too. One that stayed out of the table, as another was there, has a mark of its own."""
        from .sql_table import vectors_of

        for row in rows:
            vectors = vectors_of(row["vectors"], row["vector_count"], row["item_size"])
            if vectors is not None:
                mark = row["created_us"], row["size"]
                self._recent.put(row["digest"], mark, EmbeddingVectors(vectors), row["size"])

    def _glance(self, identifiers: Sequence[Any]) -> list[EmbeddingVectors | None] | None:
        """What is kept under a few identifiers, read in the event loop; `None` where that may have to wait."""
        direct, begun = self._engines.at_hand(), perf_counter()
        if direct is None:
            return None
        try:
            return [self._seen(direct, bytes.fromhex(name)) for name in identifier_digests(identifiers)]
        except (sqlite3.Error, LookupError):  # locked, or whatever else is said by a connection that may wait
            return None
        finally:
            self._pace.in_loop(begun)

    def _seen(self, direct: DirectSqlite, digest: bytes) -> EmbeddingVectors | None:
        """One entry; raises `LookupError` for one that is large or damaged."""
        from .sql_table import from_row

        known = self._recent.get(digest)
        row = self._table.look(direct, digest, known[0] if known else None, _GLANCE_BYTES)
        if row is None:
            return None
        if known is not None and len(row) == 1 + len(known[0]):
            return known[1]
        table = None if row[-1] is None else from_row(row)
        if table is None:
            raise LookupError
        vectors = EmbeddingVectors(table)
        self._recent.put(digest, (row[1], row[2]), vectors, row[2])
        return vectors

    async def _read_all(self, identifiers: Sequence[Any]) -> list[EmbeddingVectors | None]:
        found: list[EmbeddingVectors | None] = []
        for start in range(0, len(identifiers), _LOOK_CHUNK):
            names = identifier_digests(identifiers[start : start + _LOOK_CHUNK])
            digests = list(map(bytes.fromhex, names))
            found += map((await self._read(dict.fromkeys(digests))).get, digests)
        return found

    async def _read(self, digests: Iterable[bytes]) -> dict[bytes, EmbeddingVectors]:
        from .sql_table import from_row

        known = {digest: entry for digest in digests if (entry := self._recent.get(digest))}
        damaged = []
        async with self._engines.reading() as connection:
            same = await self._table.unchanged(connection, {digest: entry[0] for digest, entry in known.items()})
            found = {digest: known[digest][1] for digest in same}
            missing = [digest for digest in digests if digest not in found]
            rows: list[Sequence[Any]] = []  # Any: the columns' own types
            for start in range(0, len(missing), _READ_CHUNK):
                rows += await self._table.select(connection, missing[start : start + _READ_CHUNK])
        for row in rows:
            digest, created_us, size = row[:3]
            table = from_row(row)
            if table is None:
                damaged.append((digest, created_us))
            else:
                found[digest] = EmbeddingVectors(table)
                self._recent.put(digest, (created_us, size), found[digest], size)
        await self._remove_damaged(damaged)
        return found

    async def _remove_damaged(self, entries: Iterable[tuple[bytes, int]]) -> None:
        for digest, created_us in entries:
            _log.warning("damaged embedding %s removed", digest.hex())
            await self._engines.transaction(partial(self._table.delete_exactly, digest=digest, created_us=created_us))


class _Ledger:
    """What this process knows of the table's totals, so that a store need not count."""

    def __init__(self, limits: CacheLimits) -> None:
        self._limits = limits
        self.entries = self.size = self._before_count = 0

    @property
    def due(self) -> bool:
        """Whether it is time to count."""
        return self._before_count <= 0

    def add(self, entries: int, size: int) -> None:
        """So many entries and bytes more."""
        self.entries += entries
        self.size += size
        self._before_count -= max(entries, 0)

    def counted(self, entries: int, size: int) -> None:
        """The true totals."""
        self.entries, self.size = entries, size
        self._before_count = self._limits.stores_before_look(entries, size)

    def forget(self) -> None:
        """Count at the next store."""
        self._before_count = 0


def _digest(identifier: Any) -> bytes:  # Any: a JSON value
    return bytes.fromhex(identifier_digest(identifier))


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, timezone.utc)
