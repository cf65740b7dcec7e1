"""What the cases of embedding caches ask of their contract: how to make a cache, and to damage it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from ....application.embedding.cache import EmbeddingCacheBase
from ..core.case import NotApplicableError
from ..core.contract import Contract

__all__ = ["CacheContractBase"]


class CacheContractBase(Contract):
    """A contract of an embedding cache, without cases."""

    shared: ClassVar[bool] = True
    patience: ClassVar[float] = 5.0

    def check_declared(self) -> None:
        """Raise `TypeError` unless there is a coroutine function `make`."""
        if type(self).make is CacheContractBase.make or not iscoroutinefunction(self.make):
            raise TypeError(f"{type(self).__name__} needs `async def make(self, folder)`, which gives a cache")

    async def make(self, folder: Path) -> EmbeddingCacheBase:
        """A cache. What it writes belongs into the folder, which is empty at first; a server's is cleared."""
        raise NotImplementedError(f"{type(self).__name__} needs `async def make(self, folder)`")

    def damage(self, folder: Path) -> None:
        """Spoil every entry in the folder, as a failing disk may; not applicable unless overridden."""
        raise NotApplicableError("needs a method `damage`, which spoils what is in the folder")

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[EmbeddingCacheBase, Path]]:
        """An empty cache, and its folder; both are gone afterwards."""
        # A call that was cancelled may leave a thread at work for a moment, which writes its last file meanwhile.
        with TemporaryDirectory(ignore_cleanup_errors=True) as name:
            cache = await self.make(Path(name))
            await cache.clear()
            try:
                yield cache, Path(name)
                await cache.clear()
            finally:
                await cache.aclose()
