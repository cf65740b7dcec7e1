"""How much a cache may hold, what must go, and when to look again at what other processes have stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from ...domain.errors import SettingsError

__all__ = ["MEGABYTE", "CacheLimits"]

MEGABYTE = 1024 * 1024
_LEAST_STORES = 16
_SHARE = 8


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """Limits on entries and bytes; `None` means no limit, 0 means that nothing is kept."""

    max_entries: int | None = None
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        for name, maximum in (("number of entries", self.max_entries), ("size", self.max_bytes)):
            if maximum is not None and maximum < 0:
                raise SettingsError(f"the cache's greatest {name} must not be negative; leave it out for no limit")

    @classmethod
    def of(cls, max_entries: int | None, max_megabytes: float | None) -> CacheLimits:
        """Limits from a number of entries and a size in MB of 1,048,576 bytes."""
        if max_megabytes is not None and not isfinite(max_megabytes):
            raise SettingsError("the cache's greatest size must be finite; leave it out for no limit")
        return cls(max_entries, None if max_megabytes is None else int(max_megabytes * MEGABYTE))

    @property
    def bounded(self) -> bool:
        """Whether there is any limit to keep."""
        return self.max_entries is not None or self.max_bytes is not None

    def refuses(self, size: int) -> bool:
        """Whether an entry of so many bytes has no place even in an empty cache."""
        return self.max_entries == 0 or (self.max_bytes is not None and size > self.max_bytes)

    def exceeded(self, entries: int, size: int) -> bool:
        """Whether so many entries of so many bytes together are too much."""
        return (self.max_entries is not None and entries > self.max_entries) or (
            self.max_bytes is not None and size > self.max_bytes
        )

    def surplus(self, oldest_first: Iterable[int], entries: int, size: int) -> int:
        """How many of the oldest must go, given their sizes and the totals; only as many sizes are read as needed."""
        count = 0
        for entry_size in oldest_first:
            if not self.exceeded(entries, size):
                break
            entries, size, count = entries - 1, size - entry_size, count + 1
        return count

    def stores_before_look(self, entries: int, size: int) -> int:
        """How many entries one process may add before it counts again what is there.

        An eighth of what is there or of what still fits, whichever is more: a cache far from its limits is rarely
        counted, one at its limits once per eighth of it, and the cost of counting stays a constant per store.
        """
        return max(_LEAST_STORES, entries // _SHARE, self._room(entries, size) // _SHARE)

    def _room(self, entries: int, size: int) -> int:
        rooms = []
        if self.max_entries is not None:
            rooms.append(self.max_entries - entries)
        if self.max_bytes is not None and entries and size:
            rooms.append((self.max_bytes - size) * entries // size)
        return min(rooms, default=0)
