"""A rate limiter for one process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping

from ...application.call.per_loop import PerLoop
from ...ports.clock import Clock
from ..net.clock import SystemClock
from .gate import Gate
from .limits import RateLimit, scope_of

__all__ = ["InProcessRateLimiter", "locks_by_name"]


class InProcessRateLimiter:
    """Keeps within the given limits, and within the provider's own, as its answers report them.

    Args:
        limits: by `provider/model`, `provider` (all models together), `provider/*` or `*` (each model by itself).
        clock: measures the periods and waits.

    In no period are more requests or tokens let through than the limit says. Tokens are the engine's estimate. After a
    refusal with `retry-after` nothing is sent until then, and when the headers of the last answers say that nothing is
    left, nothing is sent until the renewal. Requests are let through in the order in which they came.
    """

    counts_tokens = True

    def __init__(self, limits: Mapping[str, RateLimit] | None = None, clock: Clock | None = None) -> None:
        self._limits = dict(limits or {})
        self._clock = clock or SystemClock()
        self._gates: dict[str, Gate] = {}
        self._turns = locks_by_name()

    async def acquire(self, key: str, tokens: int) -> None:
        """Wait until one request of about so many tokens may be sent."""
        gate, scope = self._gate(key)
        async with self._turns.get()[scope]:
            while (wait := gate.try_take(self._clock.monotonic(), tokens)) > 0:
                await self._clock.sleep(wait)

    def observe(self, key: str, status: int, headers: Mapping[str, str]) -> None:
        """Read the limits in an answer's headers."""
        gate, _ = self._gate(key)
        gate.learn(self._clock.monotonic(), self._clock.wall(), status, headers)

    def _gate(self, key: str) -> tuple[Gate, str]:
        scope, limit = scope_of(key, self._limits)
        gate = self._gates.get(scope)
        if gate is None:
            gate = self._gates.setdefault(scope, Gate(limit))
        return gate, scope


def locks_by_name() -> PerLoop[defaultdict[str, asyncio.Lock]]:
    """Locks of the running event loop by name; those who wait for one get it in the order in which they came."""
    return PerLoop(lambda: defaultdict(asyncio.Lock))
