"""The cache as one embedding call uses it: per input, and never a reason to fail or to lose a vector."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..domain.embedding.identity import InputIdentifiers, VectorIdentity, canonical_json
from ..domain.embedding.packing import EmbeddingInput
from ..domain.embedding.values import EmbeddingVectors, FloatArray
from ..domain.responses import ModelWarning

if TYPE_CHECKING:
    from .embedding_cache import EmbeddingCacheBase
    from .embedding_model import EmbeddingModelBase

__all__ = ["VectorStore"]

_log = logging.getLogger(__name__)

_CHUNK = 4096
"""Inputs looked up at once; hashing them and taking their vectors keeps the event loop for a few milliseconds."""
_SAME_VECTORS = frozenset({"encoding_format", "user", "keep_alive", "extra_headers"})
"""Body fields that change how vectors travel, and not the vectors."""


class VectorStore:
    """Looks inputs up and keeps vectors; a cache that fails is left out, with a warning."""

    def __init__(
        self,
        model: EmbeddingModelBase[Any],  # Any: whatever an input may be
        values: Mapping[str, Any],  # Any: parameter values
        kwargs: Mapping[str, Any],  # Any: provider body fields
    ) -> None:
        self.warnings: list[ModelWarning] = []
        self._cache: EmbeddingCacheBase | None = model.embedding_cache
        self._identity = _identity(model, values, kwargs)
        if self._cache is not None and not _is_json(self._identity.extra):
            self._give_up("an argument of the call is no JSON value, so its vectors have no identity")

    async def fill(self, inputs: Sequence[EmbeddingInput], rows: list[FloatArray | None]) -> None:
        """Put the kept vectors into their places in `rows`."""
        for start in range(0, len(inputs), _CHUNK):
            if self._cache is None:
                return
            identifiers = InputIdentifiers(self._identity, inputs[start : start + _CHUNK])
            try:
                found = await self._cache.retrieve_many(identifiers)
                rows[start : start + _CHUNK] = [_only_row(hit) for hit in found]
            except Exception as error:  # a cache of the application's may raise anything
                self._failed("read", error)

    async def keep(self, inputs: Sequence[EmbeddingInput], rows: Sequence[FloatArray]) -> None:
        """Keep vectors. They are paid for, so a cancellation comes through only when they are kept."""
        if self._cache is None:
            return
        entries = [
            (EmbeddingVectors(row[None, :]), self._identity.of(item)) for item, row in zip(inputs, rows, strict=True)
        ]
        try:
            await _to_the_end(self._cache.store_many(entries))
        except Exception as error:  # as above
            self._failed("written", error)

    def _failed(self, what: str, error: Exception) -> None:
        _log.warning("the embedding cache could not be %s and is left out of this call", what, exc_info=error)
        self._give_up(f"the cache could not be {what}: {error}")

    def _give_up(self, reason: str) -> None:
        self._cache = None
        self.warnings.append(ModelWarning("other", "embedding_cache", reason))


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait for the work; a cancellation is raised only after its end."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.cancelled():
            await asyncio.wait([task])
            task.exception()  # read, or asyncio would report it
        raise


def _identity(model: EmbeddingModelBase[Any], values: Mapping[str, Any], kwargs: Mapping[str, Any]) -> VectorIdentity:
    extra = {**values, **kwargs, **(kwargs.get("extra_body") or {})}
    for name in ("dimensions", "extra_body", *_SAME_VECTORS):
        extra.pop(name, None)
    dimensions = (kwargs.get("extra_body") or {}).get("dimensions", kwargs.get("dimensions", values.get("dimensions")))
    return VectorIdentity(model.vector_family(), model.model, dimensions, extra)


def _is_json(value: Any) -> bool:
    try:
        canonical_json(dict(value))
    except (TypeError, ValueError):
        return False
    return True


def _only_row(hit: Any) -> FloatArray | None:  # Any: vectors as a cache gives them
    """The one vector of an entry; anything else is a miss."""
    if isinstance(hit, EmbeddingVectors):
        return hit.only_row
    return EmbeddingVectors(hit).only_row if hit is not None and len(hit) == 1 else None
