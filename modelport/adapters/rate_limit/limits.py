"""Limits, which requests they count together, and the window that keeps one. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...domain.errors import SettingsError

__all__ = ["RateLimit", "Window", "scope_of"]

_MARGIN, _LEAST_MARGIN = 0.05, 0.25
"""How much longer than the period its requests are counted (a share, and seconds at least): they do not travel equally
fast, so that two which leave a period apart may arrive within it."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most so many requests and tokens in any `period` of so many seconds; `None` means no limit."""

    requests: int | None = None
    tokens: int | None = None
    period: float = 60.0

    def __post_init__(self) -> None:
        if self.period <= 0 or any(given is not None and given < 1 for given in (self.requests, self.tokens)):
            raise SettingsError("a rate limit needs a period above 0, and requests and tokens of at least 1")

    @property
    def span(self) -> float:
        """Seconds that a request counts for."""
        return self.period + max(self.period * _MARGIN, _LEAST_MARGIN)


def scope_of(key: str, limits: Mapping[str, RateLimit]) -> tuple[str, RateLimit | None]:
    """What a request of `provider/model` is counted under, and the limit there.

    Limits are named `provider/model`; `provider`, which counts all its models together; or `provider/*` and `*`, which
    count each model by itself. The most precise name applies.
    """
    provider = key.partition("/")[0]
    for name, scope in ((key, key), (f"{provider}/*", key), (provider, provider), ("*", key)):
        if name in limits:
            return scope, limits[name]
    return key, None


class Window:
    """What was let through within a limit's span."""

    def __init__(self, limit: RateLimit, entries: Iterable[tuple[float, int]] = ()) -> None:
        self._limit = limit
        self._entries = deque(entries)
        self._tokens = sum(tokens for _, tokens in self._entries)

    def wait(self, now: float, tokens: int) -> float:
        """Seconds until a request of so many tokens fits; 0 when it does now.

        A request of more tokens than the limit is let through when nothing else counts: the server decides about it.
        """
        self._forget(now)
        count, total, wait = len(self._entries), self._tokens, 0.0
        for granted, freed in self._entries:
            if self._fits(count, total + tokens):
                break
            count, total, wait = count - 1, total - freed, granted + self._limit.span - now
        return wait

    def take(self, now: float, tokens: int) -> None:
        """Count a request that is sent now."""
        self._entries.append((now, tokens))
        self._tokens += tokens

    def _fits(self, others: int, tokens: int) -> bool:
        requests = self._limit.requests is None or others < self._limit.requests
        return requests and (self._limit.tokens is None or tokens <= self._limit.tokens)

    def _forget(self, now: float) -> None:
        while self._entries and self._entries[0][0] + self._limit.span <= now:
            self._tokens -= self._entries.popleft()[1]
