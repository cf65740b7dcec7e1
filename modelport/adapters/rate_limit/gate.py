"""One scope of a rate limiter: its own window, and the server's limits. Safe for several threads."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from .headers import blocked_for, remaining
from .limits import RateLimit, Window

__all__ = ["Gate", "ServerLimits"]


class ServerLimits:
    """The limits in the server's answers: until when to wait, and what is left. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.blocked_until = 0.0
        self._left: dict[str, tuple[int, float]] = {}

    def wait(self, now: float, tokens: int) -> float:
        """Seconds to wait before a request of so many tokens."""
        waits = [self.blocked_until - now]
        for kind, needed in (("requests", 1), ("tokens", tokens)):
            left, until = self._left.get(kind, (needed, 0.0))
            if left < needed:
                waits.append(until - now)
        return max(0.0, *waits)

    def take(self, now: float, tokens: int) -> None:
        """Count a request that is sent now."""
        for kind, needed in (("requests", 1), ("tokens", tokens)):
            left, until = self._left.get(kind, (0, 0.0))
            if until > now:
                self._left[kind] = (max(0, left - needed), until)
            else:
                self._left.pop(kind, None)

    def learn(self, now: float, wall: float, status: int, headers: Mapping[str, str]) -> None:
        """Read an answer's headers. Of two answers the one with less left counts, until its renewal."""
        blocked = blocked_for(status, headers, wall)
        if blocked is not None:
            self.blocked_until = max(self.blocked_until, now + blocked)
        for limit in remaining(headers, wall):
            left, until = self._left.get(limit.kind, (limit.left, 0.0))
            fewer = min(left, limit.left) if until > now else limit.left
            self._left[limit.kind] = (fewer, now + limit.seconds)


class Gate:
    """Lets requests of one scope through."""

    def __init__(self, limit: RateLimit | None) -> None:
        self._window = Window(limit) if limit else None
        self._lock = Lock()
        self.server = ServerLimits()

    def try_take(self, now: float, tokens: int) -> float:
        """0 when the request was let through, else the seconds to wait before asking again."""
        with self._lock:
            wait = max(self.server.wait(now, tokens), self._window.wait(now, tokens) if self._window else 0.0)
            if wait <= 0:
                self.server.take(now, tokens)
                if self._window:
                    self._window.take(now, tokens)
            return max(0.0, wait)

    def learn(self, now: float, wall: float, status: int, headers: Mapping[str, str]) -> None:
        """Read an answer's headers."""
        with self._lock:
            self.server.learn(now, wall, status, headers)
