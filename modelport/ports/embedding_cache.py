"""The port that stores vectors, so that an input is not paid for twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..domain.embedding.values import Embedding

__all__ = ["CacheEntry", "EmbeddingCache"]

CacheEntry = tuple[Sequence[Embedding], Any]
"""Vectors and the identifier they are kept under, in the order of `store`'s arguments."""


class EmbeddingCache(Protocol):
    """Stores lists of vectors under identifiers.

    Contract: an identifier is any JSON value, and the order of its keys never matters. A damaged entry is a miss. What
    `store` returned from is found by every later `retrieve`, unless it was removed or evicted. No method holds the
    event loop for more than a few milliseconds, and all may be called from several tasks at once.
    """

    async def store(self, embeddings: list[Embedding], identifier: Any, overwrite: bool = False) -> None:
        """Store the vectors; an existing entry is not changed unless `overwrite`."""
        ...

    async def retrieve(self, identifier: Any) -> list[Embedding] | None:
        """The vectors as they were stored, or `None`."""
        ...

    async def remove(self, identifier: Any) -> None:
        """Remove one entry; raises `FileNotFoundError` when there is none."""
        ...

    async def clear(self) -> None:
        """Remove all entries."""
        ...

    async def store_many(self, entries: Sequence[CacheEntry], overwrite: bool = False) -> None:
        """`store` for each of several entries; after an error or a cancellation, some of them may be kept."""
        ...

    async def retrieve_many(self, identifiers: Sequence[Any]) -> Sequence[Sequence[Embedding] | None]:
        """`retrieve` for each identifier, in order; a hit may be an `EmbeddingVectors`, which keeps arrays inside."""
        ...
