"""The tables of a shared rate limiter: the granted requests, and until when none may be granted. Needs SQLAlchemy."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from .limits import RateLimit, Window

__all__ = ["LEASE_SECONDS", "Grants", "prepare"]

_metadata = sa.MetaData()
_grants = sa.Table(
    "modelport_rate_grants_1",
    _metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("scope", sa.String(200), nullable=False),
    sa.Column("granted_us", sa.BigInteger, nullable=False),
    sa.Column("tokens", sa.Integer, nullable=False),
)
_by_time = sa.Index("modelport_rate_grants_1_by_time", _grants.c.scope, _grants.c.granted_us, _grants.c.tokens)
_blocks = sa.Table(
    "modelport_rate_blocks_1",
    _metadata,
    sa.Column("scope", sa.String(200), primary_key=True),
    sa.Column("until_us", sa.BigInteger, nullable=False),
)
LEASE_SECONDS = 10.0
"""How long a request counts that is never answered, as its process died or found no connection."""
_SETUP_LOCK = 0x6D70726174  # any number, the same in every process
_CLEANUP_SHARE = 0.02


async def prepare(connection: AsyncConnection) -> None:
    """Make the tables where they are missing; their version is in their names."""
    await _lock(connection, _SETUP_LOCK)
    for table in (_grants, _blocks):
        await connection.execute(CreateTable(table, if_not_exists=True))
    await connection.execute(CreateIndex(_by_time, if_not_exists=True))


class Grants:
    """What was let through in one scope, inside a transaction."""

    def __init__(self, connection: AsyncConnection, scope: str) -> None:
        self._connection = connection
        self._scope = scope[:200]
        self._now_us = 0

    async def lock(self) -> None:
        """Let no other process decide at the same time, and read the database's clock."""
        digest = hashlib.sha256(self._scope.encode()).digest()
        await _lock(self._connection, int.from_bytes(digest[:8], "big", signed=True))
        if self._connection.dialect.name == "sqlite":
            self._now_us = int(time.time() * 1e6)  # all processes are on this machine
            return
        clock = sa.func.extract("epoch", sa.func.clock_timestamp())
        self._now_us = int(float((await self._connection.execute(sa.select(clock))).scalar_one()) * 1e6)

    async def wait(self, limit: RateLimit, tokens: int, blocked: float) -> float:
        """Seconds until a request of so many tokens fits; `blocked` are seconds that this process must wait."""
        until = await self._blocked_until(blocked)
        since = self._now_us - int(limit.span * 1e6)
        in_window = (_grants.c.scope == self._scope) & (_grants.c.granted_us > since)
        totals = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(_grants.c.tokens), 0)).where(in_window)
        count, used = (await self._connection.execute(totals)).one()
        fits = (limit.requests is None or count < limit.requests) and (
            limit.tokens is None or used + tokens <= limit.tokens
        )
        if fits or not count:
            return (until - self._now_us) / 1e6
        listed = sa.select(_grants.c.granted_us, _grants.c.tokens).where(in_window).order_by(_grants.c.granted_us)
        rows = (await self._connection.execute(listed)).all()
        window = Window(limit, [(granted / 1e6, spent) for granted, spent in rows])
        return max((until - self._now_us) / 1e6, window.wait(self._now_us / 1e6, tokens), 0.001)

    async def add(self, limit: RateLimit, tokens: int) -> int:
        """Store a request that is sent now; returns its number. Those that no longer count are removed now and then.

        It arrives at the server at an unknown time before its answer. So it counts from its answer on, and until then
        it is stored with a time in the future.
        """
        row = {"scope": self._scope, "granted_us": self._now_us + int(LEASE_SECONDS * 1e6), "tokens": tokens}
        inserted = await self._connection.execute(sa.insert(_grants).values(row).returning(_grants.c.id))
        number: int = inserted.scalar_one()
        if random.random() < _CLEANUP_SHARE:
            over = self._now_us - int(2 * limit.span * 1e6)
            past = (_grants.c.scope == self._scope) & (_grants.c.granted_us < over)
            await self._connection.execute(sa.delete(_grants).where(past))
        return number

    async def answered(self, numbers: Sequence[int]) -> None:
        """These requests have been answered by now."""
        if not numbers:
            return
        these = _grants.c.id.in_(numbers) & (_grants.c.granted_us > self._now_us)
        await self._connection.execute(sa.update(_grants).where(these).values(granted_us=self._now_us))

    async def _blocked_until(self, blocked: float) -> int:
        """Until when all must wait; stored when this process knows of a later time."""
        mine = _blocks.c.scope == self._scope
        found = (await self._connection.execute(sa.select(_blocks.c.until_us).where(mine))).scalar()
        own = self._now_us + int(blocked * 1e6)
        if blocked > 0 and own > (found or 0) + 1000:
            change: Any = sa.insert(_blocks) if found is None else sa.update(_blocks).where(mine)
            await self._connection.execute(change.values(scope=self._scope, until_us=own))
            return own
        return found or 0


async def _lock(connection: AsyncConnection, number: int) -> None:
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
