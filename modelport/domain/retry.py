"""Decides when to retry: pure functions; the caller supplies clock, randomness and sleep.

Facts: docs/protocols/transport.md#retries.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import InvalidRequestError, ModelError
from .records import record

__all__ = [
    "Budget",
    "RetryPolicy",
    "Timeouts",
    "parse_retry_after",
    "parse_should_retry",
    "retryable_status",
    "wait_before_retry",
]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is retried, and after which waits.

    At most `max_retries + 1` requests are made per call. The wait before the n-th retry is drawn uniformly from zero to
    `retry_delay * multiplier ** (n - 1)` seconds, at most `max_delay`. A wait that the server asks for is respected;
    when it is above `max_wait`, the error is raised at once.
    """

    max_retries: int = 3
    retry_delay: float = 1.0
    multiplier: float = 2.0
    max_delay: float = 30.0
    max_wait: float = 120.0

    def __post_init__(self) -> None:
        retries: object = self.max_retries
        if not isinstance(retries, int):
            raise InvalidRequestError(f"max_retries is {retries!r}; give a whole number")
        if self.max_retries < 0 or self.retry_delay < 0:
            raise InvalidRequestError("max_retries and retry_delay must not be negative")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The four clocks, in seconds; `None` switches one off.

    Attributes:
        connect: until the connection is established.
        first_event: from sending the request to the first content, which includes long thinking without any output.
        idle: between any two bytes, keep-alives included.
        total: the whole call with its retries. Only this clock includes the time that the caller spends between two
            steps of a stream.
    """

    connect: float | None = 10.0
    first_event: float | None = 600.0
    idle: float | None = 300.0
    total: float | None = 3600.0


@record(slots=True)
class Budget:
    """The requests that one call may make in total, for retries, strategies and re-asks."""

    limit: int
    spent: int = 0

    def take(self) -> bool:
        """Spend one request; `False` when none is left."""
        if self.spent >= self.limit:
            return False
        self.spent += 1
        return True

    def give_back(self) -> None:
        """Return one request that was not made."""
        self.spent -= 1

    @property
    def left(self) -> int:
        """How many requests may still be made."""
        return self.limit - self.spent


def retryable_status(status: int) -> bool:
    """Whether the same request may succeed later, judged by the HTTP status alone."""
    return status in (408, 409, 429) or status >= 500


_LONGEST_DATE = 64
"""Characters: an HTTP date has 29, one of an e-mail a few more."""


def parse_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds the server asks to wait: `retry-after-ms`, else `retry-after` as a number or an HTTP date.

    `now` is the wall clock in seconds since the epoch; header names are lower case; zero, negative, infinite and
    unreadable values are `None`.
    """
    milliseconds = _positive(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _positive(text)
    if seconds is not None or text is None or len(text) > _LONGEST_DATE:
        return seconds
    from datetime import timezone
    from email.utils import parsedate_to_datetime  # imported here because it is rarely needed and slow to import

    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:  # `-0000`, which is UTC all the same
            date = date.replace(tzinfo=timezone.utc)
        wait = date.timestamp() - now
    except (ValueError, OverflowError):
        return None
    return wait if wait > 0 else None


def parse_should_retry(headers: Mapping[str, str]) -> bool | None:
    """The server's `x-should-retry`, which overrides the status rule."""
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower())


def wait_before_retry(
    error: ModelError, policy: RetryPolicy, retries_made: int, dice: float, time_left: float | None
) -> float | None:
    """Seconds to wait before trying again, or `None` to give up. `dice` is uniform in [0, 1)."""
    if not error.retryable or retries_made >= policy.max_retries:
        return None
    if error.retry_after is not None:
        wait = error.retry_after
        if wait > policy.max_wait:
            return None
    else:
        wait = dice * _longest_wait(policy, retries_made)
    if time_left is not None and wait >= time_left:
        return None
    return wait


def _longest_wait(policy: RetryPolicy, retries_made: int) -> float:
    if policy.retry_delay == 0:
        return 0.0
    try:
        return min(policy.max_delay, policy.retry_delay * policy.multiplier**retries_made)
    except OverflowError:
        return policy.max_delay


def _positive(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else 0.0
    except ValueError:
        return None
    return value if value > 0 and math.isfinite(value) else None
