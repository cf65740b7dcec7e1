"""A rate limiter for many processes and machines, on the database that they share."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...domain.errors import SettingsError
from ...ports.clock import Clock
from ..clock import SystemClock
from .gate import Gate
from .in_process import LoopLocks
from .limits import RateLimit, scope_of

if TYPE_CHECKING:
    from .sql_grants import Grants

__all__ = ["SQLRateLimiter"]

_SUBJECT = "the rate limiter"


class SQLRateLimiter:
    """Keeps all processes that use one database within limits together.

    Args:
        url: `postgresql+asyncpg://user@host/database`, or `sqlite+aiosqlite:///file.db` for processes of one machine.
        limits: as of `InProcessRateLimiter`; give every process the same ones.
        clock: the time to sleep by. What was let through when is told by the database's own clock.

    A refusal with `retry-after` that one process meets holds the others too, from its next request on. What answers
    tell of requests and tokens left is kept in each process. Raises `SettingsError` for a URL it cannot use and for
    missing packages, and `ModelportError` when the database fails.
    """

    def __init__(self, url: str, limits: Mapping[str, RateLimit], clock: Clock | None = None) -> None:
        self._limits = dict(limits)
        self._clock = clock or SystemClock()
        self._gates: dict[str, Gate] = {}
        self._turns = LoopLocks()
        try:
            from ..cache.sql_engine import LoopEngines, database_url
            from .sql_grants import Grants, prepare
        except ImportError as error:
            raise SettingsError(f"SQLRateLimiter needs an extra: pip install 'modelport[sql]' ({error})") from error
        self._engines = LoopEngines(database_url(url, _SUBJECT), prepare, _SUBJECT)
        self._grants: type[Grants] = Grants

    async def acquire(self, key: str, tokens: int) -> None:
        """Wait for leave to make one request of about so many tokens."""
        scope, limit = scope_of(key, self._limits)
        gate = self._gate(scope)
        async with self._turns.of(scope):
            while (wait := gate.try_take(self._clock.monotonic(), tokens)) > 0:
                await self._clock.sleep(wait)
            if limit is None:
                return
            while (wait := await self._ask(scope, limit, tokens, gate)) > 0:
                # Not all processes at the same moment.
                await self._clock.sleep(wait * (1 + random.random() * 0.05))

    def observe(self, key: str, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer."""
        gate = self._gate(scope_of(key, self._limits)[0])
        gate.learn(self._clock.monotonic(), self._clock.wall(), status, headers)

    async def aclose(self) -> None:
        """Close the running event loop's connections; the next call opens new ones."""
        await self._engines.aclose()

    async def _ask(self, scope: str, limit: RateLimit, tokens: int, gate: Gate) -> float:
        """0 when the request was let through and written down, else the seconds to wait before asking again."""
        blocked = gate.told.blocked_until - self._clock.monotonic()
        async with self._engines.writing() as connection:
            grants = self._grants(connection, scope)
            await grants.lock()
            wait = max(blocked, await grants.wait(limit, tokens, blocked))
            if wait <= 0:
                await grants.add(limit, tokens)
        return wait

    def _gate(self, scope: str) -> Gate:
        """What this process was told; the window is in the database."""
        return self._gates.setdefault(scope, Gate(None))
