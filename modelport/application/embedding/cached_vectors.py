"""The cache as one embedding call uses it: per input, and never a reason to fail or to lose a vector."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...domain.embedding.identity import InputIdentifiers, VectorIdentity, canonical_json
from ...domain.embedding.packing import EmbeddingInput
from ...domain.embedding.values import EmbeddingVectors, FloatArray
from ...domain.message.responses import ModelWarning
from ..call.arguments import body_fields

if TYPE_CHECKING:
    from ...ports.clock import Clock
    from .cache import EmbeddingCacheBase
    from .model import EmbeddingModelBase

__all__ = ["VectorStore"]

_log = logging.getLogger(__name__)

_CHUNK = 4096
"""Inputs looked up at once; hashing them and taking their vectors keeps the event loop for a few milliseconds."""
_SAME_VECTORS = frozenset({"encoding_format", "user", "keep_alive"})
"""Body fields that change how vectors travel, and not the vectors."""
_GRACE_SECONDS = 5.0
"""How long a cancelled call waits for a store that has begun: a cache that hangs must not hold the caller for ever."""


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
        self._clock = model.runtime.clock
        self._identity = _identity(model, values, kwargs)
        if self._cache is not None and not _is_json(self._identity.extra):
            self._give_up("an argument of the call is no JSON value, so its vectors have no identity")

    @property
    def asked_size(self) -> int | None:
        """The size of vectors that the call asks for; `None` when it may do so in the provider's own words."""
        own_words = any("dimension" in str(name).lower() for name in self._identity.extra)
        return None if own_words else self._identity.dimensions

    async def fill(self, inputs: Sequence[EmbeddingInput], rows: list[FloatArray | None]) -> None:
        """Put the kept vectors into their places in `rows`."""
        for start in range(0, len(inputs), _CHUNK):
            if self._cache is None:
                return
            identifiers = InputIdentifiers(self._identity, inputs[start : start + _CHUNK])
            try:
                found = [_only_row(hit) for hit in await self._cache.retrieve_many(identifiers)]
                if len(found) != len(identifiers):
                    raise ValueError(f"it gave {len(found)} entries for {len(identifiers)} identifiers")
                rows[start : start + _CHUNK] = found
            except Exception as error:  # a cache of the application's may raise anything
                self._failed("read", error)

    async def keep(self, inputs: Sequence[EmbeddingInput], rows: Sequence[FloatArray]) -> None:
        """Keep vectors. They are paid for, so a cancellation waits a moment for them to be kept."""
        if self._cache is None:
            return
        entries = [
            (EmbeddingVectors(row[None, :]), self._identity.of(item)) for item, row in zip(inputs, rows, strict=True)
        ]
        try:
            await _to_the_end(self._cache.store_many(entries), self._clock)
        except Exception as error:  # as above
            self._failed("written", error)

    def _failed(self, what: str, error: Exception) -> None:
        _log.warning("the embedding cache could not be %s and is left out of this call", what, exc_info=error)
        self._give_up(f"the cache could not be {what}: {error}")

    def _give_up(self, reason: str) -> None:
        self._cache = None
        self.warnings.append(ModelWarning("other", "embedding_cache", reason))


async def _to_the_end(work: Coroutine[Any, Any, None], clock: Clock) -> None:
    """Wait for the work; a cancellation is raised only after its end, or when it was given up."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled() and not _being_cancelled():
            raise ConnectionError("the cache cancelled its own store") from None
        await _end_soon(task, clock)
        raise


async def _end_soon(task: asyncio.Task[None], clock: Clock) -> None:
    def give_up() -> None:
        task.cancel()

    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # read, or asyncio would report it
    timer = clock.call_later(_GRACE_SECONDS, give_up)
    try:
        await asyncio.wait([task])
    finally:
        timer.cancel()
        give_up()  # after a second cancellation


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _identity(model: EmbeddingModelBase[Any], values: Mapping[str, Any], kwargs: Mapping[str, Any]) -> VectorIdentity:
    extra = {**values, **body_fields(kwargs)[0]}
    dimensions = extra.pop("dimensions", None)
    for name in _SAME_VECTORS:
        extra.pop(name, None)
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
    row = EmbeddingVectors(hit).only_row if hit is not None and len(hit) == 1 else None
    return row if row is not None and row.size else None
