"""Rate limits in an answer's headers: what is left, and when it is renewed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ...domain.retry import parse_retry_after

__all__ = ["Remaining", "blocked_for", "remaining"]

_NAMES: tuple[tuple[Literal["requests", "tokens"], str, str], ...] = (
    ("requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("requests", "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("tokens", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("tokens", "anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("requests", "ratelimit-remaining", "ratelimit-reset"),
)
_PART = re.compile(r"(?<![\d.])(\d++(?:\.\d++)?)(ms|h|m|s)")
_LONGEST_TEXT = 100
_LONGEST = 86_400.0
"""Seconds; the longest period that providers count in is a day. A larger value is not a waiting time: some servers send
seconds since 1970, which would make a process wait for years."""
_MOST_DIGITS = 18
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Remaining:
    """How many requests or tokens are left for how many seconds from now."""

    kind: Literal["requests", "tokens"]
    left: int
    seconds: float


def remaining(headers: Mapping[str, str], wall: float) -> Iterator[Remaining]:
    """All limits in the headers; `wall` is the time in seconds since the epoch."""
    for kind, left_name, reset_name in _NAMES:
        left, reset = headers.get(left_name, ""), headers.get(reset_name, "")
        seconds = _until(reset, wall)
        if left.isdecimal() and len(left) <= _MOST_DIGITS and seconds is not None and 0 < seconds <= _LONGEST:
            yield Remaining(kind, int(left), seconds)


def blocked_for(status: int, headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds that a refusal asks clients to wait; at most a day."""
    seconds = parse_retry_after(headers, wall) if status in (429, 503, 529) else None
    return seconds if seconds is not None and seconds <= _LONGEST else None


def _until(text: str, wall: float) -> float | None:
    """Seconds from `6m0s`, `20ms`, `17` or a date."""
    if len(text) > _LONGEST_TEXT:
        return None
    parts = _PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp() - wall
    except (ValueError, OverflowError):
        return None
