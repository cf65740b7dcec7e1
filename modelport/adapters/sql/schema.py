"""Tables with a version: made where they are missing, and brought up to date step by step. Needs SQLAlchemy."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable

from ...domain.errors import SettingsError

__all__ = ["Schema", "Step"]

Step = Callable[[AsyncConnection], Awaitable[None]]
"""Brings the tables from one version to the next, in a transaction that the caller has opened."""


@dataclass(frozen=True)
class Schema:
    """The tables of one subject; their version is the number of steps that were taken.

    Attributes:
        subject: what errors are about, such as "the conversation store".
        table: the name of the table that holds the version.
        steps: the first makes the tables, each further one changes them. A released step is never changed.
    """

    subject: str
    table: str
    steps: Sequence[Step]

    async def is_prepared(self, connection: AsyncConnection) -> bool:
        """Whether the tables have this version, found out by reading only; `SettingsError` for a later one."""
        if not await connection.run_sync(lambda plain: sa.inspect(plain).has_table(self.table)):
            return False
        return self._checked(await self._version(connection)) == len(self.steps)

    async def prepare(self, connection: AsyncConnection) -> None:
        """Take the missing steps, in one transaction that keeps other processes waiting.

        Raises `SettingsError` when the tables have a later version than this release knows.
        """
        if connection.dialect.name == "sqlite":
            # DDL opens no transaction of its own in the driver; two processes must not take a step at once.
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            lock = zlib.crc32(self.table.encode())
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
        versions = self._table
        await connection.execute(CreateTable(versions, if_not_exists=True))
        found = self._checked(await self._version(connection))
        for step in self.steps[found:]:
            await step(connection)
        if found < len(self.steps):
            await connection.execute(sa.delete(versions))
            await connection.execute(sa.insert(versions).values(id=1, version=len(self.steps)))

    @property
    def _table(self) -> sa.Table:
        return sa.Table(
            self.table,
            sa.MetaData(),
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("version", sa.Integer, nullable=False),
        )

    async def _version(self, connection: AsyncConnection) -> int:
        return int((await connection.execute(sa.select(self._table.c.version))).scalar() or 0)

    def _checked(self, found: int) -> int:
        if found > len(self.steps):
            raise SettingsError(
                f"the tables of {self.subject} have version {found}, and this release knows versions up to "
                f"{len(self.steps)}: install a newer release, or use another database"
            )
        return found
