"""Vectors that this process has read or written lately, so that a cache need not read them again. Bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from math import inf
from threading import Lock
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from ...domain.embedding.values import EmbeddingVectors
from ...domain.errors import SettingsError
from .limits import MEGABYTE

__all__ = ["DEFAULT_MEMORY_MB", "Recent", "RecentVectors"]

DEFAULT_MEMORY_MB = 128.0
"""10,000 vectors of 3,072 numbers."""
_OVERHEAD = 600
"""Bytes of an entry besides its numbers; so the limit on bytes limits the number of entries too."""

Mark = TypeVar("Mark")

Recent = tuple[Mark, EmbeddingVectors, int]
"""The mark of a stored entry, its vectors, and the bytes that they count for."""


class RecentVectors(Generic[Mark]):
    """The entries read or written last, by name; those put in first go first. Safe for several threads.

    A mark distinguishes a stored entry from a later one of the same name: a reader asks the store for the current mark,
    which is cheaper than the entry, and ignores vectors with another one. So nothing stale is ever returned, even if
    other processes write to the store.
    """

    def __init__(self, max_megabytes: float) -> None:
        if not 0 <= max_megabytes < inf:
            raise SettingsError("the cache's memory_mb must be 0 or more, and finite; 0 keeps nothing in memory")
        self._most = int(max_megabytes * MEGABYTE)
        # A plain dict would look for its first entry behind the places of all that have gone.
        self._kept: OrderedDict[Hashable, Recent[Mark]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    @classmethod
    def of(cls, place: str, max_megabytes: float) -> RecentVectors[Mark]:
        """The one that all caches of this process share for a folder or a database, while any of them lives."""
        with _shared_lock:
            found = _shared.get((place, max_megabytes))
            if found is None:
                found = _shared[place, max_megabytes] = cls(max_megabytes)
            return found

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, name: Hashable) -> Recent[Mark] | None:
        """What is kept under that name, to be used only if the stored entry still has its mark."""
        return self._kept.get(name)

    def put(self, name: Hashable, mark: Mark, vectors: EmbeddingVectors, size: int) -> None:
        """Keep vectors that own their memory: it is never written to, and is not part of a larger array."""
        size += _OVERHEAD
        with self._lock:
            self._take(name)
            if size > self._most:
                return
            self._kept[name] = (mark, vectors, size)
            self._size += size
            while self._size > self._most:
                self._size -= self._kept.popitem(last=False)[1][2]

    def drop(self, name: Hashable) -> None:
        """Forget one entry, if it is there."""
        with self._lock:
            self._take(name)

    def clear(self) -> None:
        """Forget all entries."""
        with self._lock:
            self._kept.clear()
            self._size = 0

    def _take(self, name: Hashable) -> None:
        gone = self._kept.pop(name, None)
        self._size -= gone[2] if gone else 0


_shared: WeakValueDictionary[tuple[str, float], RecentVectors[Any]] = WeakValueDictionary()  # Any: a cache's own mark
_shared_lock = Lock()
