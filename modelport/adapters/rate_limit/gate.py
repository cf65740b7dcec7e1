"""One scope of a rate limiter: its window, and what the server has told. Safe for several threads."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from .headers import blocked_for, remaining
from .limits import RateLimit, Window

__all__ = ["Gate", "Told"]


class Told:
    """What the answers have told: a time to stay away, and what is left until when. Times are monotonic seconds."""

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
        """A request goes now, and its part of what is left."""
        for kind, needed in (("requests", 1), ("tokens", tokens)):
            left, until = self._left.get(kind, (0, 0.0))
            if until > now:
                self._left[kind] = (max(0, left - needed), until)
            else:
                self._left.pop(kind, None)

    def learn(self, now: float, wall: float, status: int, headers: Mapping[str, str]) -> None:
        """Read an answer's headers. Of two answers the one that leaves less is believed, until it is renewed."""
        blocked = blocked_for(status, headers, wall)
        if blocked is not None:
            self.blocked_until = max(self.blocked_until, now + blocked)
        for told in remaining(headers, wall):
            left, until = self._left.get(told.kind, (told.left, 0.0))
            fewer = min(left, told.left) if until > now else told.left
            self._left[told.kind] = (fewer, now + told.seconds)


class Gate:
    """Lets requests of one scope through."""

    def __init__(self, limit: RateLimit | None) -> None:
        self._window = Window(limit) if limit else None
        self._lock = Lock()
        self.told = Told()

    def try_take(self, now: float, tokens: int) -> float:
        """0 when the request was let through, else the seconds to wait before asking again."""
        with self._lock:
            wait = max(self.told.wait(now, tokens), self._window.wait(now, tokens) if self._window else 0.0)
            if wait <= 0:
                self.told.take(now, tokens)
                if self._window:
                    self._window.take(now, tokens)
            return max(0.0, wait)

    def learn(self, now: float, wall: float, status: int, headers: Mapping[str, str]) -> None:
        """Read an answer's headers."""
        with self._lock:
            self.told.learn(now, wall, status, headers)
