"""The table of cache entries: its versioned schema, its statements, and rows as vectors. Needs SQLAlchemy."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from ...domain.embedding.values import FloatArray
from ...domain.errors import SettingsError
from ..sql.direct import DirectSqlite, Rows, Statements, sqlite_text

__all__ = [
    "SCHEMA_VERSION",
    "EntryTable",
    "Row",
    "RowMark",
    "from_row",
    "is_prepared",
    "prepare",
    "to_row",
    "vectors_of",
]

SCHEMA_VERSION = 1

Row = dict[str, Any]  # Any: column values
RowMark = tuple[int, int]
"""When a row was written, in microseconds, and the bytes of its vectors: which of the rows of one digest it is."""

_metadata = sa.MetaData()
_versions = sa.Table(
    "modelport_embedding_schema",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
)
_entries = sa.Table(
    "modelport_embeddings",
    _metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("vector_count", sa.Integer, nullable=False),
    sa.Column("item_size", sa.SmallInteger, nullable=False),
    sa.Column("checksum", sa.BigInteger, nullable=False),
    sa.Column("vectors", sa.LargeBinary, nullable=False),
)
# Holds the size too, so that counting and adding up never read the vectors.
_by_age = sa.Index("modelport_embeddings_by_age", _entries.c.created_us, _entries.c.size)
_DTYPES: dict[int, np.dtype[Any]] = {4: np.dtype("<f4"), 8: np.dtype("<f8")}
_SETUP_LOCK = 0x6D706F7274  # any number, the same in every process


def to_row(digest: bytes, created_us: int, table: FloatArray) -> Row:
    """A row for vectors of shape (vectors, size): little-endian float32 or float64, row after row."""
    wire = np.ascontiguousarray(table, dtype=table.dtype.newbyteorder("<")).tobytes()
    return {
        "digest": digest,
        "created_us": created_us,
        "size": len(wire),
        "vector_count": len(table),
        "item_size": table.itemsize,
        "checksum": zlib.crc32(wire),
        "vectors": wire,
    }


def from_row(row: Sequence[Any]) -> FloatArray | None:
    """The vectors, as a read-only view of the row's bytes; `None` when they are damaged."""
    _, _, size, count, item_size, checksum, wire = row
    if len(wire) != size or zlib.crc32(wire) != checksum:
        return None
    return vectors_of(wire, count, item_size)


def vectors_of(wire: bytes, count: int, item_size: int) -> FloatArray | None:
    """So many vectors as a read-only view of their bytes; `None` when these are not so many."""
    dtype = _DTYPES.get(item_size)
    if dtype is None or count < 0 or len(wire) % (item_size * max(count, 1)):
        return None
    return np.ndarray((count, len(wire) // (item_size * max(count, 1))), dtype, wire)


async def is_prepared(connection: AsyncConnection) -> bool:
    """Whether the tables are there, found out by reading only. Raises `SettingsError` for those of another version."""
    names = await connection.run_sync(lambda plain: set(sa.inspect(plain).get_table_names()))
    if not {_versions.name, _entries.name} <= names:
        return False
    found = (await connection.execute(sa.select(_versions.c.version))).scalar()
    if found is not None:
        _check_version(found)
    return found is not None


async def prepare(connection: AsyncConnection) -> None:
    """Make the tables where they are missing, inside a transaction that keeps other processes waiting.

    Raises `SettingsError` when the tables there are of another version.
    """
    if connection.dialect.name == "sqlite":
        # DDL opens no transaction of its own in the driver; two processes must not create the tables at once.
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SETUP_LOCK)))
    await connection.execute(CreateTable(_versions, if_not_exists=True))
    found = (await connection.execute(sa.select(_versions.c.version))).scalar()
    if found is None:
        await connection.execute(sa.insert(_versions).values(id=1, version=SCHEMA_VERSION))
    else:
        _check_version(found)
    await connection.execute(CreateTable(_entries, if_not_exists=True))
    await connection.execute(CreateIndex(_by_age, if_not_exists=True))


def _check_version(found: int) -> None:
    if found != SCHEMA_VERSION:
        raise SettingsError(
            f"the embedding cache's tables have version {found}, and this release reads version {SCHEMA_VERSION}: "
            f"use another database, or drop {_entries.name} and {_versions.name} there (cached vectors are lost)"
        )


class EntryTable:
    """The statements, on a connection that the caller has opened."""

    def __init__(self, dialect: str) -> None:
        self._sqlite = dialect != "postgresql"
        insert = (postgresql if dialect == "postgresql" else sqlite).insert(_entries)
        fresh = {column.name: insert.excluded[column.name] for column in _entries.c if column.name != "digest"}
        self._insert = insert.on_conflict_do_nothing(index_elements=["digest"]).returning(_entries.c.size)
        self._upsert = insert.on_conflict_do_update(index_elements=["digest"], set_=fresh).returning(_entries.c.size)

    def insert(self, statements: Statements, rows: Sequence[Row], overwrite: bool) -> list[int]:
        """Write rows of distinct digests; the sizes of those written, as rows that are there stay unless `overwrite`.

        In the order of the digests, so that two writers of the same rows wait for each other and never in a circle.
        """
        ordered = sorted(rows, key=lambda row: row["digest"])
        return _sizes(statements.rows(self._upsert if overwrite else self._insert, ordered))

    async def select(self, connection: AsyncConnection, digests: Sequence[bytes]) -> Sequence[Sequence[Any]]:
        """The rows of these digests that are there, in no order: all columns in the table's order."""
        return await self._of_digests(connection, _SELECT, digests)

    async def unchanged(self, connection: AsyncConnection, marks: Mapping[bytes, RowMark]) -> Iterable[bytes]:
        """The digests whose rows still have these marks."""
        if not marks:
            return ()
        # Rows that are written over get later times, so with the same number and sums all of them are the same.
        written, sizes = map(sum, zip(*marks.values(), strict=True))
        ((count, *sums),) = await self._of_digests(connection, _ADD_MARKS, list(marks))
        if [count, *(int(total or 0) for total in sums)] == [len(marks), written, sizes]:
            return marks
        rows = await self._of_digests(connection, _SELECT_MARKS, list(marks))
        return [digest for digest, *mark in rows if tuple(mark) == marks[digest]]

    async def _of_digests(
        self, connection: AsyncConnection, statement: sa.Select[Any], digests: Sequence[bytes]
    ) -> Sequence[Sequence[Any]]:
        if not digests:
            return []
        if self._sqlite:  # its driver takes everything as it is, and the statement need not be put together anew
            text = sqlite_text(statement)[0].replace("(?)", f"({','.join('?' * len(digests))})")
            found = await connection.exec_driver_sql(text, tuple(digests))
        else:
            found = await connection.execute(statement, {"digests": digests})
        return list(found)

    def look(self, direct: DirectSqlite, digest: bytes, known: RowMark | None, most: int) -> Sequence[Any] | None:
        """The row of this digest, or `None`; only its mark where that is the known one, and its vectors only where they
        have at most so many bytes (else `None` stands in their place)."""
        if known is not None:
            marks = direct.look(_SELECT_MARKS, (digest,))
            if not marks or tuple(marks[0][1:]) == known:
                return marks[0] if marks else None
        rows = direct.look(_SELECT_SMALL, (most, digest))
        return rows[0] if rows else None

    def delete(self, statements: Statements, digests: Sequence[bytes]) -> list[int]:
        """Delete rows; the sizes of those that were there."""
        return _sizes(statements.rows(_DELETE, {"digests": digests})) if digests else []

    def delete_exactly(self, statements: Statements, digest: bytes, created_us: int) -> None:
        """Delete the row that was read, and not one that has replaced it since."""
        statements.rows(_DELETE_EXACTLY, {"this": digest, "time": created_us})

    def delete_all(self, statements: Statements) -> None:
        """Delete every row."""
        statements.rows(_DELETE_ALL)

    def delete_before(self, statements: Statements, created_us: int) -> int:
        """Delete what was written before that time; how many rows."""
        return len(statements.rows(_DELETE_BEFORE, {"time": created_us}))

    def delete_beyond(self, statements: Statements, keep: int) -> int:
        """Delete all but the newest so many; how many rows."""
        return len(statements.rows(_DELETE_BEYOND, {"keep": keep}))

    def oldest(self, statements: Statements, count: int) -> list[tuple[bytes, int]]:
        """Digest and size of the oldest rows that no other process is just deleting."""
        return [(digest, size) for digest, size in statements.rows(_OLDEST, {"count": count})]

    def count(self, statements: Statements) -> tuple[int, int]:
        """Rows, and bytes of vectors."""
        ((rows, size, _, _),) = statements.rows(_TOTALS)
        return rows, int(size or 0)

    async def totals(self, connection: AsyncConnection) -> tuple[int, int, int | None, int | None]:
        """Rows, bytes of vectors, and the times of the oldest and the newest row in microseconds."""
        rows, size, oldest, newest = (await connection.execute(_TOTALS)).one()
        return rows, int(size or 0), oldest, newest


def _sizes(rows: Rows) -> list[int]:
    return [size for (size,) in rows]


_WANTED = _entries.c.digest.in_(sa.bindparam("digests", [b""], expanding=True))
_SELECT = sa.select(_entries).where(_WANTED)
_MARK = _entries.c.created_us, sa.func.length(_entries.c.vectors)
_SELECT_MARKS = sa.select(_entries.c.digest, *_MARK).where(_WANTED)
_SMALL = sa.case((sa.func.length(_entries.c.vectors) <= sa.bindparam("most", type_=sa.Integer), _entries.c.vectors))
_SELECT_SMALL = sa.select(*_entries.c[:-1], _SMALL).where(_entries.c.digest == sa.bindparam("this"))
_ADD_MARKS = sa.select(sa.func.count(), *map(sa.func.sum, _MARK)).where(_WANTED)
_DELETE = sa.delete(_entries).where(_WANTED).returning(_entries.c.size)
_DELETE_EXACTLY = sa.delete(_entries).where(
    (_entries.c.digest == sa.bindparam("this")) & (_entries.c.created_us == sa.bindparam("time"))
)
_DELETE_ALL = sa.delete(_entries)
_DELETE_BEFORE = sa.delete(_entries).where(_entries.c.created_us < sa.bindparam("time")).returning(_entries.c.size)
_NEWEST = (
    sa.select(_entries.c.digest)
    .order_by(_entries.c.created_us.desc(), _entries.c.digest.desc())
    .offset(sa.bindparam("keep", type_=sa.BigInteger))
)
_DELETE_BEYOND = sa.delete(_entries).where(_entries.c.digest.in_(_NEWEST.scalar_subquery())).returning(_entries.c.size)
_OLDEST = (
    sa.select(_entries.c.digest, _entries.c.size)
    .order_by(_entries.c.created_us, _entries.c.digest)
    .limit(sa.bindparam("count", type_=sa.Integer))
    .with_for_update(skip_locked=True)  # left out by SQLite, where one writer holds the database
)
_TOTALS = sa.select(
    sa.func.count(),
    sa.func.sum(_entries.c.size),
    sa.func.min(_entries.c.created_us),
    sa.func.max(_entries.c.created_us),
).select_from(_entries)
