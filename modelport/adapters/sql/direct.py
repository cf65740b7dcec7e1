"""A SQLite file through the standard library alone: statements take a tenth of the time, and need SQLAlchemy only once.

Facts: https://www.sqlite.org/wal.html (readers do not wait for the writer), https://www.sqlite.org/lang_returning.html.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from .connection import SelfClosing

__all__ = ["AnyStatement", "DirectSqlite", "Rows", "Statements", "WithSqlalchemy", "sqlite_text"]

T = TypeVar("T")

AnyStatement = sa.Select[*tuple[Any, ...]] | sa.Insert | sa.Update | sa.Delete  # Any: whatever its columns hold
Rows = Sequence[Sequence[Any]]
"""The rows that a statement gives (Any: column values)."""
_Values = Mapping[str, Any]
_WANTED = "digests"
"""The parameter that is a list of values of any length: one in the statement itself, which has no other parameter."""


class Statements(Protocol):
    """Runs statements inside one transaction. Blocking."""

    def rows(self, statement: AnyStatement, values: _Values | Sequence[_Values] | None = None) -> Rows:
        """The rows that it gives; of a statement that is run for several sets of values, those of all."""
        ...


class WithSqlalchemy:
    """Statements on a connection of SQLAlchemy's."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def rows(self, statement: AnyStatement, values: _Values | Sequence[_Values] | None = None) -> Rows:
        """As the protocol says."""
        found = self._connection.execute(statement, values)
        return found.all() if found.returns_rows else []


class DirectSqlite:
    """Two connections to one SQLite file: one that an event loop reads with, and one that a thread writes with.

    Args:
        path: the file, which has to be there.
        busy_seconds: how long the writer waits for a lock of another process. The reader never waits.

    Raises `sqlite3.Error` when it cannot be opened or has no write-ahead log: a reader could then have to wait.
    """

    def __init__(self, path: str, busy_seconds: float) -> None:
        self._writer = _connect(path, busy_seconds)
        try:
            self._reader = _connect(path, 0)
        except BaseException:
            self._writer.close()
            raise

    def look(self, statement: AnyStatement, values: Sequence[Any]) -> Rows:
        """The rows that are committed, for one set of values in the statement's order. Raises `sqlite3.Error` at once
        where it would have to wait for a lock."""
        return self._reader.execute(sqlite_text(statement)[0], values).fetchall()

    def transaction(self, work: Callable[[Statements], T]) -> T:
        """Run work in a transaction, which is committed at its end or, after an error, undone. Blocking."""
        connection = self._writer
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(_WithSqlite(connection))
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # an error of the disk has undone it already
                connection.execute("ROLLBACK")
            raise
        return result

    def close(self) -> None:
        """Close both connections. Blocking: the last one of a file writes its log back."""
        self._reader.close()
        self._writer.close()


class _WithSqlite:
    """Statements as the standard library takes them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: AnyStatement, values: _Values | Sequence[_Values] | None = None) -> Rows:
        text, names, defaults = sqlite_text(statement)
        if isinstance(values, Mapping) and _WANTED in values:
            digests = values[_WANTED]
            text = text.replace("(?)", f"({','.join('?' * len(digests))})")
            return self._connection.execute(text, tuple(digests)).fetchall()
        found: list[Sequence[Any]] = []
        for given in [values or {}] if values is None or isinstance(values, Mapping) else values:
            row = [given[name] if name in given else defaults[name] for name in names]
            found += self._connection.execute(text, row).fetchall()
        return found


@lru_cache(maxsize=64)
def sqlite_text(statement: AnyStatement) -> tuple[str, Sequence[str], _Values]:
    """The statement as SQLite takes it, the names of its values in order, and those that are part of it.

    A list of values is one value; replace `(?)` for more of them.
    """
    compiled = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    return str(compiled), list(compiled.positiontup or ()), compiled.params


def _connect(path: str, busy_seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(path)}?mode=rw",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,  # it is opened by one thread, used by another, and closed by a third
        factory=SelfClosing,
    )
    try:
        ((mode,),) = connection.execute("PRAGMA journal_mode").fetchall()
        if mode != "wal":
            raise sqlite3.OperationalError(f"the journal mode is {mode}, not wal")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # reads the schema, and repairs the log
    except BaseException:
        connection.close()
        raise
    return connection
