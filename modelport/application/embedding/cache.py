"""The template that embedding caches are built on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from ...domain.embedding.values import Embedding
from ...ports.embedding_cache import CacheEntry

__all__ = ["EmbeddingCacheBase"]


class EmbeddingCacheBase(ABC):
    """An embedding cache: implement `store`, `retrieve`, `remove` and `clear`.

    Models call the `_many` methods only. Override them where the backend answers several entries at once; a cache that
    does not is still correct, one entry after the other. The contract is the port's, `ports.embedding_cache`.
    """

    @abstractmethod
    async def store(self, embeddings: list[Embedding], identifier: Any, overwrite: bool = False) -> None:
        """Keep the vectors under the identifier (any JSON value); what is there stays unless `overwrite`."""

    @abstractmethod
    async def retrieve(self, identifier: Any) -> list[Embedding] | None:
        """The vectors kept under the identifier, or `None`."""

    @abstractmethod
    async def remove(self, identifier: Any) -> None:
        """Forget one entry; `FileNotFoundError` when there is none."""

    @abstractmethod
    async def clear(self) -> None:
        """Forget all entries."""

    async def store_many(self, entries: Sequence[CacheEntry], overwrite: bool = False) -> None:
        """Keep several entries, each `(embeddings, identifier)`; `store` is given plain lists."""
        for embeddings, identifier in entries:
            await self.store([list(vector) for vector in embeddings], identifier, overwrite)

    async def retrieve_many(self, identifiers: Sequence[Any]) -> Sequence[Sequence[Embedding] | None]:
        """What is kept under each identifier, in order."""
        return [await self.retrieve(identifier) for identifier in identifiers]

    async def aclose(self) -> None:  # noqa: B027  # most caches hold nothing open
        """Give back connections and files; the cache opens them again when it is used again."""
