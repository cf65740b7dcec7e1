"""Collections of embedded texts in SQLite or PostgreSQL. Needs SQLAlchemy and numpy.

A search compares with every text, a few thousand at a time: it is exact, and its memory does not grow with them.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable

from ...domain.embedding.values import FloatArray
from ...domain.errors import SettingsError
from ..sql.engine import LoopEngines, database_url
from ..sql.schema import Schema

__all__ = ["CollectionSummary", "Found", "SQLCollections", "default_path"]

_SUBJECT = "the collections"
_CHUNK = 2048
_metadata = sa.MetaData()
_collections = sa.Table(
    "modelport_collections",
    _metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("dimensions", sa.Integer, nullable=False),
)
_texts = sa.Table(
    "modelport_collection_texts",
    _metadata,
    sa.Column("collection", sa.String(200), primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("vector", sa.LargeBinary, nullable=False),  # little-endian float32 of length 1
)


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection: the model of its vectors, and how many texts it has."""

    name: str
    model: str
    texts: int


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A text and the cosine of its angle with what was looked for: 1 for the same direction."""

    score: float
    text: str


def default_path() -> Path:
    """The file in the user's data folder that is used when no URL is given."""
    import platformdirs

    return Path(platformdirs.user_data_dir("modelport", appauthor=False)) / "collections.db"


class SQLCollections:
    """Texts with their vectors, by the name of a collection; all vectors of one are of one model.

    Args:
        url: `sqlite+aiosqlite:///file.db` or `postgresql+asyncpg://user@host/database`; by default the file
            `collections.db` in the user's data folder.
    """

    def __init__(self, url: str | None = None) -> None:
        target = database_url(url or f"sqlite+aiosqlite:///{default_path()}", _SUBJECT)
        self._engines = LoopEngines(target, _SCHEMA.prepare, _SUBJECT, _SCHEMA.is_prepared)

    async def add(self, collection: str, model: str, texts: Sequence[str], vectors: FloatArray) -> None:
        """Add texts, or replace the vectors of those that are there. `vectors` has the shape (texts, dimensions).

        Raises `SettingsError` when the collection's vectors are of another model or size.
        """
        async with self._engines.writing() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            facts = {"name": collection, "model": model, "dimensions": vectors.shape[1]}
            await connection.execute(dialect.insert(_collections).values(facts).on_conflict_do_nothing())
            known = await self._facts(connection, collection)
            if known != (model, vectors.shape[1]):
                raise SettingsError(
                    f"the collection {collection!r} has vectors of {known and known[0]}, not of {model}; give "
                    "--model, or another collection"
                )
            insert = dialect.insert(_texts)
            keys = ["collection", "digest"]
            upsert = insert.on_conflict_do_update(index_elements=keys, set_={"vector": insert.excluded.vector})
            rows = {row["digest"]: row for row in _rows(collection, texts, vectors)}
            for chunk in _chunks([rows[digest] for digest in sorted(rows)]):
                await connection.execute(upsert, chunk)

    async def nearest(self, collection: str, vector: FloatArray, count: int) -> list[Found]:
        """The most similar texts, best first."""
        wanted = _unit(vector.reshape(1, -1))[0]
        best: list[Found] = []
        after = b""
        async with self._engines.reading() as connection:
            while rows := await self._page(connection, collection, after):
                after = rows[-1].digest
                table = np.frombuffer(b"".join(row.vector for row in rows), dtype="<f4")
                if table.size != len(rows) * wanted.size:
                    raise SettingsError(f"the collection {collection!r} has vectors of another size; give its --model")
                scores = table.reshape(len(rows), -1) @ wanted
                found = (Found(float(score), row.text) for score, row in zip(scores, rows, strict=True))
                best = heapq.nlargest(count, [*best, *found])
        return best

    async def model_of(self, collection: str) -> str | None:
        """The model of its vectors; `None` when there is no such collection."""
        async with self._engines.reading() as connection:
            found = await self._facts(connection, collection)
        return found[0] if found else None

    async def summaries(self) -> list[CollectionSummary]:
        """All collections, by name."""
        joined = _collections.outerjoin(_texts, _texts.c.collection == _collections.c.name)
        counted = sa.select(_collections.c.name, _collections.c.model, sa.func.count(_texts.c.digest))
        grouped = counted.select_from(joined).group_by(_collections.c.name, _collections.c.model)
        async with self._engines.reading() as connection:
            rows = await connection.execute(grouped.order_by(_collections.c.name))
            return [CollectionSummary(*row) for row in rows]

    async def remove(self, collection: str) -> bool:
        """Remove a collection; whether there was one."""
        async with self._engines.writing() as connection:
            await connection.execute(sa.delete(_texts).where(_texts.c.collection == collection))
            gone = await connection.execute(sa.delete(_collections).where(_collections.c.name == collection))
        return gone.rowcount > 0

    async def aclose(self) -> None:
        """Close the running event loop's connections."""
        await self._engines.aclose()

    async def _facts(self, connection: AsyncConnection, collection: str) -> tuple[str, int] | None:
        wanted = sa.select(_collections.c.model, _collections.c.dimensions).where(_collections.c.name == collection)
        found = (await connection.execute(wanted)).one_or_none()
        return (found.model, found.dimensions) if found else None

    async def _page(self, connection: AsyncConnection, collection: str, after: bytes) -> Sequence[Any]:
        """The next texts by digest (Any: rows of these columns)."""
        page = sa.select(_texts.c.digest, _texts.c.text, _texts.c.vector)
        page = page.where(_texts.c.collection == collection, _texts.c.digest > after)
        return (await connection.execute(page.order_by(_texts.c.digest).limit(_CHUNK))).all()


async def _make_tables(connection: AsyncConnection) -> None:
    for table in (_collections, _texts):
        await connection.execute(CreateTable(table, if_not_exists=True))


_SCHEMA = Schema(_SUBJECT, "modelport_collection_schema", (_make_tables,))


def _rows(collection: str, texts: Sequence[str], vectors: FloatArray) -> Iterable[dict[str, Any]]:
    for text, vector in zip(texts, _unit(vectors), strict=True):
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        plain = text.replace("\0", "")  # which PostgreSQL has not
        yield {"collection": collection, "digest": digest, "text": plain, "vector": vector.astype("<f4").tobytes()}


def _unit(vectors: FloatArray) -> FloatArray:
    """The vectors with the length 1; one without a length stays as it is."""
    table = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    unit: FloatArray = np.divide(table, lengths, out=np.zeros_like(table), where=lengths > 0)
    return unit


def _chunks(rows: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    return (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))
