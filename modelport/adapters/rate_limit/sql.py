"""A rate limiter for many processes and machines, on the database that they share."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...domain.errors import ModelportError, SettingsError
from ...ports.clock import Clock
from ..net.clock import SystemClock
from .gate import Gate
from .in_process import locks_by_name
from .limits import RateLimit, scope_of

if TYPE_CHECKING:
    from .sql_grants import Grants

__all__ = ["SQLRateLimiter"]

_log = logging.getLogger(__name__)

_SUBJECT = "the rate limiter"
_LONGEST_SLEEP = 0.25
"""Seconds after which a waiting process looks again: an answer to another one may have made room."""


class SQLRateLimiter:
    """Keeps all processes that use one database within limits together.

    Args:
        url: `postgresql+asyncpg://user@host/database`, or `sqlite+aiosqlite:///file.db` for processes of one machine.
        limits: as of `InProcessRateLimiter`; give every process the same ones.
        clock: waits. The database's own clock times what was let through.

    A request counts from its answer on, since it may have travelled that long: in no period do more requests arrive at
    the server than the limit says, however slow some processes are. One that is never answered counts for ten seconds.

    A refusal with `retry-after` that one process meets holds the others too, from its next request on. What answers
    report as left is kept in each process. Raises `SettingsError` for a URL it cannot use and for
    missing packages, and `ModelportError` when the database fails.
    """

    counts_tokens = True

    def __init__(self, url: str, limits: Mapping[str, RateLimit], clock: Clock | None = None) -> None:
        self._limits = dict(limits)
        self._clock = clock or SystemClock()
        self._gates: dict[str, Gate] = {}
        self._turns = locks_by_name()
        self._in_flight: dict[str, deque[tuple[int, float]]] = {}
        self._answered: dict[str, list[int]] = {}
        self._telling: set[asyncio.Task[None]] = set()
        try:
            from ..sql.engine import LoopEngines, database_url
            from .sql_grants import LEASE_SECONDS, Grants, prepare
        except ImportError as error:
            raise SettingsError(f"SQLRateLimiter needs an extra: pip install 'modelport[sql]' ({error})") from error
        try:
            target = database_url(url, _SUBJECT)
        finally:
            del url  # an error must not hold the password in it
        self._engines = LoopEngines(target, prepare, _SUBJECT)
        self._grants: type[Grants] = Grants
        self._lease = LEASE_SECONDS

    async def acquire(self, key: str, tokens: int) -> None:
        """Wait until one request of about so many tokens may be sent."""
        scope, limit = scope_of(key, self._limits)
        gate = self._gate(scope)
        async with self._turns.get()[scope]:
            while (wait := gate.try_take(self._clock.monotonic(), tokens)) > 0:
                await self._clock.sleep(wait)
            if limit is None:
                return
            while (wait := await self._ask(scope, limit, tokens, gate)) > 0:
                # Not all processes at the same moment.
                await self._clock.sleep(min(wait, _LONGEST_SLEEP) * (1 + random.random() * 0.05))

    def observe(self, key: str, status: int, headers: Mapping[str, str]) -> None:
        """Read the limits in an answer's headers."""
        scope = scope_of(key, self._limits)[0]
        now = self._clock.monotonic()
        self._gate(scope).learn(now, self._clock.wall(), status, headers)
        sent = self._in_flight.get(scope, deque())
        while sent and sent[0][1] < now - self._lease:
            sent.popleft()
        if sent:  # any of them: only the number in flight matters
            self._answered.setdefault(scope, []).append(sent.popleft()[0])
            task = asyncio.get_running_loop().create_task(self._tell(scope))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def aclose(self) -> None:
        """Close the running event loop's connections; the next call opens new ones."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(task for task in self._telling if task.get_loop() is loop))
        await self._engines.aclose()

    async def _tell(self, scope: str) -> None:
        """Write answers down, unless the next request has done it already."""
        if not self._answered.get(scope):
            return
        try:
            async with self._engines.writing() as connection:
                grants = self._grants(connection, scope)
                await grants.lock()
                await grants.answered(self._answered.pop(scope, []))
        except ModelportError as error:  # they count for longer than they need
            _log.warning("%s", error)

    async def _ask(self, scope: str, limit: RateLimit, tokens: int, gate: Gate) -> float:
        """0 when the request was let through and written down, else the seconds to wait before asking again."""
        blocked = gate.server.blocked_until - self._clock.monotonic()
        async with self._engines.writing() as connection:
            grants = self._grants(connection, scope)
            await grants.lock()
            await grants.answered(self._answered.pop(scope, []))
            wait = max(blocked, await grants.wait(limit, tokens, blocked))
            number = await grants.add(limit, tokens) if wait <= 0 else None
        if number is not None:
            self._in_flight.setdefault(scope, deque()).append((number, self._clock.monotonic()))
        return wait

    def _gate(self, scope: str) -> Gate:
        """The server's limits as this process knows them; the window is in the database."""
        return self._gates.setdefault(scope, Gate(None))
