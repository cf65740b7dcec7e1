"""The contract of an embedding cache: how to make one, and nothing else.

class TestMine(CacheContract):
    async def make(self, folder):
        return MyCache(folder)
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from ....application.embedding.cache import EmbeddingCacheBase
from ..core.case import Case, NotApplicableError
from ..core.contract import Contract
from . import rules as cache_many
from . import rules as cache_rules
from . import sharing as cache_sharing
from . import values as cache_values

__all__ = ["CacheContract"]


class CacheContract(Contract):
    """What every embedding cache promises: the four methods, those for many entries, and what it keeps.

    Attributes:
        shared: whether two caches made in one folder are the same place.
        patience: seconds of real time to wait for what should happen at once.
    """

    shared: ClassVar[bool] = True
    patience: ClassVar[float] = 5.0

    cases: ClassVar[tuple[Case[Any], ...]] = (
        *cache_values.CASES,
        *cache_rules.CASES,
        *cache_many.CASES,
        *cache_sharing.CASES,
    )

    def check_declared(self) -> None:
        """Raise `TypeError` unless there is a coroutine function `make`."""
        if type(self).make is CacheContract.make or not iscoroutinefunction(self.make):
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
