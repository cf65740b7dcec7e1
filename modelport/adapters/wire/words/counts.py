"""Token counts as servers send them: integers, floats, digits in a string, zeros for absent counts."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

__all__ = ["add_counts", "count", "counts"]


def count(source: object, key: str) -> int:
    """The count of that name; 0 if it is missing or not a number."""
    value = source.get(key) if isinstance(source, dict) else None
    if value.__class__ is int:
        return max(0, value)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return 0
    return max(0, int(value)) if isinstance(value, float) and isfinite(value) else 0


def counts(source: object, *keys: str) -> list[int]:
    """The counts of these names, as `count` reads them."""
    found: list[int] = []
    if not isinstance(source, dict):
        return [0] * len(keys)
    for key in keys:
        value = source.get(key)
        found.append(0 if value is None else value if value.__class__ is int and value >= 0 else count(source, key))
    return found


def add_counts(usage: dict[str, Any], later: Mapping[str, Any]) -> None:  # Any: a provider's JSON
    """Merge a later report into the usage. Counts are cumulative; a later zero or absent count does not replace an
    earlier one.
    """
    if not usage:
        usage.update(later)
        return
    for key, value in later.items():
        known = usage.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            add_counts(known, value)
        elif value or not known:
            usage[key] = value
