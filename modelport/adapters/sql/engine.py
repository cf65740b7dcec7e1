"""Database connections, one pool per event loop, closed when the loop ends. Needs SQLAlchemy."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from ...application.call.per_loop import PerLoop
from ...domain.errors import ModelportError, SettingsError

__all__ = ["LoopEngines", "database_url"]

_CACHE = "the embedding cache"
_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "postgres": "asyncpg"}
_BUSY_SECONDS = 30.0
_POOL_SIZE = 4
_WAL_ATTEMPTS = 50


def database_url(text: str, subject: str = _CACHE) -> sa.URL:
    """The URL with its asynchronous driver; a SQLite path is made absolute. `subject` is what errors are about.

    Raises `SettingsError` for another kind of database and for a driver that is not installed.
    """
    try:
        url = sa.make_url(text)
    except ArgumentError as error:
        raise SettingsError(f"{subject}'s url is not a database URL") from error
    kind, _, driver = url.drivername.partition("+")
    wanted = _DRIVERS.get(kind)
    if wanted is None or driver not in ("", wanted):
        raise SettingsError(
            f"{subject} cannot use {url.drivername!r}: "
            "write sqlite+aiosqlite:///path/to/file.db or postgresql+asyncpg://user@host/database"
        )
    for module in (wanted, "greenlet"):
        if find_spec(module) is None:
            raise SettingsError(f"{subject} at {_shown(url)} needs the package {module}: install it")
    url = url.set(drivername=f"{'sqlite' if kind == 'sqlite' else 'postgresql'}+{wanted}")
    return url.set(database=os.path.abspath(url.database or "")) if _in_a_file(url) else url


class LoopEngines:
    """Opens connections in the running event loop, and prepares the tables once per loop.

    A pool is closed when its loop shuts down or, if that is sooner, when this object is garbage.
    """

    def __init__(
        self, url: sa.URL, prepare: Callable[[AsyncConnection], Awaitable[None]], subject: str = _CACHE
    ) -> None:
        self._url = url
        self._make_tables = prepare
        self._subject = subject
        self._pools = PerLoop(partial(_Pool, url), _Pool.dispose)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection outside any transaction: each statement sees what is committed."""
        with self._own_errors():
            pool = await self._current()
            async with pool.reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed at the end and rolled back on an error. On SQLite one at a time in a process."""
        with self._own_errors():
            pool = await self._current()
            async with pool.turn(), pool.engine.begin() as connection:
                yield connection

    async def aclose(self) -> None:
        """Close the running loop's connections; they are opened again when they are needed."""
        await self._pools.aclose()

    async def _current(self) -> _Pool:
        pool = self._pools.get()
        if not pool.ready:
            async with pool.preparing:
                await self._prepare(pool)
        return pool

    async def _prepare(self, pool: _Pool) -> None:
        if pool.ready:
            return
        if self._url.get_backend_name() == "sqlite":
            if _in_a_file(self._url):
                await asyncio.to_thread(os.makedirs, os.path.dirname(str(self._url.database)), exist_ok=True)
            await _use_write_ahead_log(pool.engine)
        async with pool.engine.begin() as connection:
            await self._make_tables(connection)
        pool.ready = True

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise ModelportError(f"{self._subject} at {_shown(self._url)} failed: {error.orig}") from error
        except (SQLAlchemyError, OSError) as error:
            raise ModelportError(f"{self._subject} at {_shown(self._url)} failed: {error}") from error


class _Pool:
    """The connections of one event loop."""

    def __init__(self, url: sa.URL) -> None:
        self.engine = engine = _engine(url)
        self.ready = False
        self.preparing = asyncio.Lock()
        self._sqlite = engine.dialect.name == "sqlite"
        # PostgreSQL would open and end a transaction around each read; the SQLite driver opens none for reading.
        self.reader = engine if self._sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
        # Waiting for this lock is fair and cheap; SQLite itself waits by sleeping, in no order.
        self._one_writer = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until it is this task's turn to write, where there can be only one writer."""
        if not self._sqlite:
            yield
            return
        async with self._one_writer:
            yield

    async def dispose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


class _SelfClosing(sqlite3.Connection):
    """Closes when it is dropped, as by a connecting that was cancelled, before Python 3.13 would warn of it."""

    def __del__(self) -> None:
        with suppress(sqlite3.Error):
            self.close()


def _engine(url: sa.URL) -> AsyncEngine:
    options: dict[str, Any] = {"poolclass": AsyncAdaptedQueuePool, "pool_size": _POOL_SIZE, "max_overflow": 0}
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, hide_parameters=True, pool_pre_ping=True, **options)
    if not _in_a_file(url):
        options["pool_size"] = 1  # a database in memory lives in its one connection
    # Each connection has a thread of its own; only one that was not handed out is closed by another.
    arguments = {"timeout": _BUSY_SECONDS, "factory": _SelfClosing, "check_same_thread": False}
    engine = create_async_engine(url, hide_parameters=True, connect_args=arguments, **options)
    sa.event.listen(engine.sync_engine, "connect", _set_up_connection)
    sa.event.listen(engine.sync_engine, "invalidate", _roll_back)
    return engine


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


async def _use_write_ahead_log(engine: AsyncEngine) -> None:
    """Turn on the write-ahead log, so that readers and the writer do not block each other. The file keeps the mode."""
    for attempt in range(_WAL_ATTEMPTS):
        try:
            async with engine.connect() as connection:
                mode = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar()
                if mode not in ("wal", "memory"):
                    await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                return
        except OperationalError as error:
            # Changing the mode does not wait for other connections by itself, however long the busy timeout is.
            if "locked" not in str(error.orig) or attempt == _WAL_ATTEMPTS - 1:
                raise
            await asyncio.sleep(0.1)


def _in_a_file(url: sa.URL) -> bool:
    database = url.database or ""
    return url.get_backend_name() == "sqlite" and database not in ("", ":memory:") and not database.startswith("file:")


def _shown(url: sa.URL) -> str:
    return url.render_as_string(hide_password=True)
