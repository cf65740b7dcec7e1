"""The base class of embedding caches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from ...domain.embedding.values import Embedding
from ...ports.embedding_cache import CacheEntry
from ..model.copying import Copied

__all__ = ["EmbeddingCacheBase"]


class EmbeddingCacheBase(Copied, ABC):
    """An embedding cache: implement `store`, `retrieve`, `remove` and `clear`.

    Models call only the `_many` methods. Override them where the backend handles several entries at once; by default
    they handle one entry after the other. The contract is that of the port, `ports.embedding_cache`.
    """

    @abstractmethod
    async def store(self, embeddings: list[Embedding], identifier: Any, overwrite: bool = False) -> None:
        """Store the vectors under the identifier (any JSON value); an existing entry is kept unless `overwrite`."""

    @abstractmethod
    async def retrieve(self, identifier: Any) -> list[Embedding] | None:
        """The vectors stored under the identifier, or `None`."""

    @abstractmethod
    async def remove(self, identifier: Any) -> None:
        """Remove one entry; raises `FileNotFoundError` when there is none."""

    @abstractmethod
    async def clear(self) -> None:
        """Remove all entries."""

    async def store_many(self, entries: Sequence[CacheEntry], overwrite: bool = False) -> None:
        """Store several entries, each `(embeddings, identifier)`; `store` gets plain lists."""
        for embeddings, identifier in entries:
            await self.store([list(vector) for vector in embeddings], identifier, overwrite)

    async def retrieve_many(self, identifiers: Sequence[Any]) -> Sequence[Sequence[Embedding] | None]:
        """The vectors stored under each identifier, in order."""
        return [await self.retrieve(identifier) for identifier in identifiers]

    async def aclose(self) -> None:  # most caches have nothing to close
        """Close connections and files; the cache opens them again when it is used again."""
