"""The database connections of one event loop. Needs SQLAlchemy."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from ...application.call.worker import Worker
from .connection import SelfClosing
from .direct import DirectSqlite, Statements, WithSqlalchemy
from .options import driver_options

__all__ = ["Pool", "in_a_file"]

_POOL_SIZE = 4
_WAL_PAUSE = 0.1

_FileMark = tuple[int, int]

T = TypeVar("T")


class Pool:
    """Connections to one database.

    Args:
        busy_seconds: how long SQLite waits for a lock of another process.

    Attributes:
        ready: whether the tables are there.
        read_only: whether the database can only be read.
        locked_out: how often a lock of another process was waited for in vain.
        direct: the connections past SQLAlchemy, to a SQLite file with a write-ahead log, once they are open.
    """

    def __init__(self, url: sa.URL, busy_seconds: float, subject: str) -> None:
        self._url = url
        self._subject = subject
        self._busy_seconds = busy_seconds
        self._sqlite = url.get_backend_name() == "sqlite"
        self._mark: _FileMark | None = None
        self.ready = False
        self.read_only = False
        self.locked_out = 0
        self.direct: DirectSqlite | None = None
        self._no_direct, self._asked_direct = not self.in_a_file, False
        self._worker = Worker()
        self.preparing = asyncio.Lock()
        # Waiting for this lock is fair and cheap; SQLite itself waits by sleeping, in no order.
        self._one_writer = asyncio.Lock()
        self._open(driver_options(url.get_backend_name(), url.query, not in_a_file(url), subject))

    @property
    def in_a_file(self) -> bool:
        """Whether it is a SQLite database in a file."""
        return in_a_file(self._url)

    @property
    def file_exists(self) -> bool:
        """Whether it is in a file that is there."""
        return self.in_a_file and _mark(self._url) is not None

    @property
    def moved(self) -> bool:
        """Whether the file that the connections have open is not the database any more: removed, or replaced."""
        return self._mark is not None and self._mark != _mark(self._url)

    def prepared(self) -> None:
        """The tables are there, in the file that is there now."""
        self._mark = _mark(self._url) if self.in_a_file else None
        self.ready = True

    async def reopen_read_only(self) -> None:
        """Read a SQLite file that cannot be opened for writing, as in a folder without the permission for its log."""
        await self.engine.dispose()
        self._open({"mode": "ro", "immutable": "1"})

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until it is this task's turn to write, where there can be only one writer.

        When the writer before waited for a lock of another process in vain, so would this one: it fails at once.
        """
        if not self._sqlite:
            yield
            return
        before = self.locked_out
        async with self._one_writer:
            if self.locked_out != before:
                raise sqlite3.OperationalError("database is locked")
            try:
                yield
            except OperationalError as error:
                self.locked_out += "locked" in str(error.orig)
                raise

    async def transaction(self, work: Callable[[Statements], T]) -> T:
        """Run work in a transaction: in a thread for a SQLite file, and otherwise on a connection of the pool."""
        direct, before = await self.open_direct(), self.locked_out
        if direct is not None:
            await self._one_writer.acquire()
            if self.direct is direct:
                # The turn ends with the work, as a call that was cancelled does not wait for it.
                doing = partial(self._written, direct, work, before)
                return await self._worker.start(doing, self._one_writer.release)
            self._one_writer.release()  # closed meanwhile
        async with self.turn(), self.engine.begin() as connection:
            return await connection.run_sync(lambda plain: work(WithSqlalchemy(plain)))

    def _written(self, direct: DirectSqlite, work: Callable[[Statements], T], before: int) -> T:
        if self.locked_out != before:
            raise sqlite3.OperationalError("database is locked")
        try:
            return direct.transaction(work)
        except sqlite3.OperationalError as error:
            self.locked_out += "locked" in str(error)
            raise

    async def open_direct(self) -> DirectSqlite | None:
        """The connections past SQLAlchemy, where there can be any."""
        if self.direct is None and not self._no_direct and self.ready and not self.read_only:
            async with self.preparing:
                self._asked_direct = True
                await self._worker.start(self._open_direct)
        return self.direct

    def _open_direct(self) -> None:
        # Kept by the thread, and not by the call, as one that is cancelled would lose them.
        if self.direct is not None or self._no_direct:
            return
        try:
            self.direct = DirectSqlite(str(self._url.database), self._timeout)
        except sqlite3.Error:
            self._no_direct = True

    async def use_write_ahead_log(self) -> None:
        """Turn on the write-ahead log: readers and the writer do not block each other then. The file keeps the mode."""
        attempts = max(1, round(min(self._busy_seconds, 5.0) / _WAL_PAUSE))
        for attempt in range(attempts):
            try:
                async with self.engine.connect() as connection:
                    mode = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar()
                    if mode not in ("wal", "memory") and not self.read_only:
                        await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                    return
            except OperationalError as error:
                # Changing the mode does not wait for other connections by itself, however long the busy timeout is.
                if "readonly" in str(error.orig):
                    return
                if "locked" not in str(error.orig) or attempt == attempts - 1:
                    raise
                await asyncio.sleep(_WAL_PAUSE)

    async def dispose(self) -> None:
        """Close all connections; work that a thread has begun is ended before."""
        direct, self.direct = self.direct, None
        try:
            if self._asked_direct:
                self._no_direct = True
                await self._worker.start(partial(self._close_direct, direct))
        finally:
            await self.engine.dispose()

    def _close_direct(self, direct: DirectSqlite | None) -> None:
        opened, self.direct = self.direct, None  # by work that was begun before
        for one in (direct, opened):
            if one is not None:
                one.close()

    def _open(self, options: dict[str, Any]) -> None:  # Any: the driver's types
        self._timeout: float = options.get("timeout", self._busy_seconds)
        self.read_only = options.get("mode") == "ro" or options.get("immutable") == "1"
        self.engine = engine = _engine(self._url, options, self._busy_seconds)
        # PostgreSQL would open and end a transaction around each read; the SQLite driver opens none for reading.
        self.reader = engine if self._sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")


def in_a_file(url: sa.URL) -> bool:
    """Whether it is a SQLite database in a file, and not in memory or at a `file:` URL of SQLite's own."""
    database = url.database or ""
    return url.get_backend_name() == "sqlite" and database not in ("", ":memory:") and not database.startswith("file:")


def _engine(url: sa.URL, options: dict[str, Any], busy_seconds: float) -> AsyncEngine:
    pool: dict[str, Any] = {"poolclass": AsyncAdaptedQueuePool, "pool_size": _POOL_SIZE, "max_overflow": 0}
    if url.get_backend_name() != "sqlite":
        plain = url.set(query={})
        return create_async_engine(plain, hide_parameters=True, pool_pre_ping=True, connect_args=options, **pool)
    if in_a_file(url):
        url = _file_url(url, {name: options[name] for name in ("mode", "immutable") if name in options})
    else:
        pool["pool_size"] = 1  # a database in memory lives in its one connection
    # Each connection has a thread of its own; only one that was not handed out is closed by another.
    timeout = options.get("timeout", busy_seconds)
    arguments = {"timeout": timeout, "factory": SelfClosing, "check_same_thread": False}
    engine = create_async_engine(url, hide_parameters=True, connect_args=arguments, **pool)
    sa.event.listen(engine.sync_engine, "connect", _set_up_connection)
    sa.event.listen(engine.sync_engine, "invalidate", _roll_back)
    return engine


def _file_url(url: sa.URL, options: dict[str, str]) -> sa.URL:
    if not options:
        return url.set(query={})
    return url.set(database=f"file:{quote(str(url.database))}", query={**options, "uri": "true"})


def _mark(url: sa.URL) -> _FileMark | None:
    try:
        facts = os.stat(str(url.database))
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _set_up_connection(connection: Any, _record: object) -> None:  # Any: the driver's connection
    cursor = connection.cursor()
    # With the write-ahead log this loses no commit when the process dies; only a power cut may undo the newest.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _roll_back(connection: Any, _record: object, _error: object) -> None:  # Any: the driver's connection
    # Called before a connection is given up, as after a cancellation. Its cursor lives on in the error's traceback, and
    # SQLite keeps a closed connection with cursors open, with its write lock, until the next garbage collection.
    # The error being raised matters more than one from here or a second cancellation; the rollback is queued anyway.
    with suppress(Exception, asyncio.CancelledError):
        connection.rollback()
