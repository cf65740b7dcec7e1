"""Database connections, one pool per event loop, closed when the loop ends. Needs SQLAlchemy."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from ...application.call.per_loop import PerLoop
from ...domain.errors import ModelportError, SettingsError, forget_frames, hide_in_causes
from ...domain.secrets import SecretFilter, hide_url_secrets, url_secrets
from .direct import DirectSqlite, Statements
from .options import DRIVERS, driver_options
from .pool import Pool, in_a_file

__all__ = ["LoopEngines", "database_url", "shown_url"]

T = TypeVar("T")

_CACHE = "the embedding cache"
_BUSY_SECONDS = 30.0
_NO_TABLE = ("no such table", "UndefinedTableError")


def database_url(text: str, subject: str = _CACHE) -> sa.URL:
    """The URL with its asynchronous driver; a SQLite path is made absolute. `subject` is what errors are about.

    Raises `SettingsError` for another kind of database, for a driver that is not installed, and for an option that
    cannot be used.
    """
    try:
        return _checked_url(text, subject)
    except SettingsError as error:
        forget_frames(error)  # which hold the password
        raise
    finally:
        del text


def _checked_url(text: str, subject: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(f"{subject}'s url is not a database URL") from error
    place = url.host if url.drivername.startswith("sqlite") else f"{url.host}{url.database}"
    if "@" in (place or "") or not 0 < (url.port or 1) < 65536:
        raise SettingsError(
            f"{subject}'s url has a port above 65535, or an @ in its password or user; write such an @ as %40"
        )
    kind, _, driver = url.drivername.partition("+")
    wanted = DRIVERS.get(kind)
    if wanted is None or driver not in ("", wanted):
        raise SettingsError(
            f"{subject} cannot use {url.drivername!r}: "
            "write sqlite+aiosqlite:///path/to/file.db or postgresql+asyncpg://user@host/database"
        )
    for module in (wanted, "greenlet"):
        if find_spec(module) is None:
            raise SettingsError(f"{subject} at {shown_url(url)} needs the package {module}: install it")
    url = url.set(drivername=f"{'sqlite' if kind == 'sqlite' else 'postgresql'}+{wanted}")
    driver_options(url.get_backend_name(), url.query, not in_a_file(url), subject)
    return url.set(database=os.path.abspath(url.database or "")) if in_a_file(url) else url


def shown_url(url: sa.URL) -> str:
    """The URL for messages: without the password and without its options, one of which may be a password."""
    return url.set(query={}).render_as_string(hide_password=True)


def _make_folder(path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)


def _make_private(path: str) -> None:
    """An empty file that only its owner reads, where there is none; SQLite gives its mode to the files beside it."""
    _make_folder(path)
    with suppress(OSError):  # it is there, or SQLite says what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


class LoopEngines:
    """Opens connections in the running event loop, and prepares the tables once per loop.

    A pool is closed when its loop shuts down or, if that is sooner, when this object is garbage. A SQLite file that was
    removed or replaced is opened again, and made where it is missing.

    Args:
        prepare: makes the tables, in a transaction.
        is_prepared: whether they are there; asked before, so that a database that others write to or that can only be
            read is not written to.
        busy_seconds: how long SQLite waits for a lock of another process.
    """

    def __init__(
        self,
        url: sa.URL,
        prepare: Callable[[AsyncConnection], Awaitable[None]],
        subject: str = _CACHE,
        is_prepared: Callable[[AsyncConnection], Awaitable[bool]] | None = None,
        busy_seconds: float = _BUSY_SECONDS,
    ) -> None:
        self._url = url
        self._make_tables = prepare
        self._is_prepared = is_prepared
        self._subject = subject
        self._pools = PerLoop(partial(Pool, url, busy_seconds, subject), Pool.dispose)

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
            if pool.read_only:
                raise sqlite3.OperationalError("attempt to write a readonly database")
            async with pool.turn(), pool.engine.begin() as connection:
                yield connection

    async def transaction(self, work: Callable[[Statements], T]) -> T:
        """What work gives in a transaction as in `writing`; it blocks, and may be run in a thread."""
        with self._own_errors():
            pool = await self._current()
            if pool.read_only:
                raise sqlite3.OperationalError("attempt to write a readonly database")
            return await pool.transaction(work)

    def at_hand(self) -> DirectSqlite | None:
        """Connections that answer without waiting, where the running loop has them open already."""
        pool = self._pools.get()
        return pool.direct if pool.ready and pool.direct is not None and not pool.moved else None

    async def open_direct(self) -> None:
        """Open what `at_hand` gives, where the database can be used so."""
        with self._own_errors():
            await (await self._current()).open_direct()

    async def aclose(self) -> None:
        """Close the running loop's connections; they are opened again when they are needed."""
        await self._pools.aclose()

    async def _current(self) -> Pool:
        pool = self._pools.get()
        while pool.ready and pool.moved:
            await self._pools.aclose()
            pool = self._pools.get()
        if not pool.ready:
            async with pool.preparing:
                await self._prepare(pool)
        return pool

    async def _prepare(self, pool: Pool) -> None:
        if pool.ready:
            return
        if pool.in_a_file and not pool.read_only:
            writable = self._url.query.get("mode", "rwc") == "rwc"
            await asyncio.to_thread(_make_private if writable else _make_folder, str(self._url.database))
        try:
            await self._set_up(pool)
        except OperationalError as error:
            cannot_write = any(words in str(error.orig) for words in ("unable to open", "readonly"))
            if not cannot_write or not pool.file_exists:
                raise
            await pool.reopen_read_only()
            await self._set_up(pool)
        pool.prepared()

    async def _set_up(self, pool: Pool) -> None:
        if self._url.get_backend_name() == "sqlite":
            await pool.use_write_ahead_log()
        if self._is_prepared is not None:
            async with pool.reader.connect() as connection:
                if await self._is_prepared(connection):
                    return
        async with pool.engine.begin() as connection:
            await self._make_tables(connection)

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            reason = error.orig if isinstance(error, DBAPIError) else error
            if any(words in str(reason) for words in _NO_TABLE):
                self._pools.get().ready = False  # another program dropped it; the next statement makes it again
            failure = self._failure(error, reason)
            raise failure from failure.__cause__

    def _failure(self, error: Exception, reason: object) -> ModelportError:
        """The error to raise; neither it nor its causes show a password, which drivers may repeat."""
        hide = SecretFilter(url_secrets(self._url.render_as_string(hide_password=False)), shortest=4)
        failure = ModelportError(
            f"{self._subject} at {shown_url(self._url)} failed: {hide_url_secrets(hide(str(reason)))}"
        )
        failure.__cause__ = error
        if hide:
            hide_in_causes(failure, hide)
        return failure
