"""Statistics of a cache, for every kind of storage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["CacheStats", "checked_age"]


@dataclass(frozen=True, slots=True)
class CacheStats:
    """What a cache holds: entries, their bytes, and when the oldest and the newest were written."""

    entries: int
    size_bytes: int
    oldest: datetime | None
    newest: datetime | None


def checked_age(max_age: timedelta | float | None, max_entries: int | None) -> float | None:
    """The age in seconds; `ValueError` when one of the two is negative."""
    seconds = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
    if (seconds or 0) < 0 or (max_entries or 0) < 0:
        raise ValueError("max_age and max_entries must not be negative")
    return seconds
