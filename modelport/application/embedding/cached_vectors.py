"""The cache of one embedding call: used per input, and a cache that fails never fails the call or loses a vector."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from ...domain.embedding.identity import InputIdentifiers, VectorIdentity, canonical_json
from ...domain.embedding.packing import EmbeddingInput
from ...domain.embedding.values import EmbeddingVectors, FloatArray
from ...domain.message.responses import ModelWarning
from ...ports.clock import Clock
from ...ports.embedding_cache import EmbeddingCache
from ..call.arguments import body_fields

__all__ = ["VectorStore", "requested_size", "vector_identity"]

_log = logging.getLogger(__name__)

_CHUNK = 4096
"""Inputs looked up at once; hashing them and reading their vectors blocks the event loop for a few milliseconds."""
_SAME_VECTORS = frozenset({"encoding_format", "user", "keep_alive"})
"""Body fields that change how vectors are sent, but not their values."""
_GRACE_SECONDS = 5.0
"""How long a cancelled call waits for a write that has started, so that a cache that hangs does not block it."""


class VectorStore:
    """Looks inputs up and stores vectors; a cache that fails is not used any more, with a warning."""

    def __init__(self, cache: EmbeddingCache | None, identity: VectorIdentity, clock: Clock) -> None:
        self.warnings: list[ModelWarning] = []
        self._cache = cache
        self._clock = clock
        self._identity = identity
        if self._cache is not None and not _is_json(self._identity.extra):
            self._disable("an argument of the call is not a JSON value, so its vectors cannot be identified")

    async def fill(self, inputs: Sequence[EmbeddingInput], rows: list[FloatArray | None]) -> None:
        """Put the cached vectors into their places in `rows`."""
        for start in range(0, len(inputs), _CHUNK):
            if self._cache is None:
                return
            identifiers = InputIdentifiers(self._identity, inputs[start : start + _CHUNK])
            try:
                found = [_only_row(hit) for hit in await self._cache.retrieve_many(identifiers)]
                if len(found) != len(identifiers):
                    raise ValueError(f"retrieve_many returned {len(found)} entries for {len(identifiers)} identifiers")
                rows[start : start + _CHUNK] = found
            except Exception as error:  # a cache of the application's may raise anything
                self._failed("read", error)

    async def store(
        self, inputs: Sequence[EmbeddingInput], rows: Sequence[FloatArray], overwrite: bool = False
    ) -> None:
        """Store vectors. They are paid for, so a cancellation waits a moment for the write to end."""
        if self._cache is None:
            return
        entries = [
            (EmbeddingVectors(row[None, :]), self._identity.of(item)) for item, row in zip(inputs, rows, strict=True)
        ]
        try:
            await _finish(self._cache.store_many(entries, overwrite), self._clock)
        except Exception as error:  # as above
            self._failed("written", error)

    def _failed(self, what: str, error: Exception) -> None:
        if self._cache is None:
            return  # another batch has reported it
        _log.warning("the embedding cache could not be %s and is left out of this call", what, exc_info=error)
        self._disable(f"the cache could not be {what}: {error}")

    def _disable(self, reason: str) -> None:
        self._cache = None
        self.warnings.append(ModelWarning("other", "embedding_cache", reason))


async def _finish(work: Coroutine[Any, Any, None], clock: Clock) -> None:
    """Wait for the work; a cancellation is raised once the work has ended or its grace period is over."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled() and not _is_cancelled():
            raise ConnectionError("the cache cancelled its own write") from None
        await _finish_soon(task, clock)
        raise


async def _finish_soon(task: asyncio.Task[None], clock: Clock) -> None:
    def stop() -> None:
        task.cancel()

    # the exception is retrieved so that asyncio does not log it
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    timer = clock.call_later(_GRACE_SECONDS, stop)
    try:
        await asyncio.wait([task])
    finally:
        timer.cancel()
        stop()  # needed after a second cancellation


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def vector_identity(
    family: str,
    model: str,
    values: Mapping[str, Any],  # Any: parameter values
    kwargs: Mapping[str, Any],  # Any: provider body fields
) -> VectorIdentity:
    """Everything but the input that determines a vector."""
    extra = {**values, **body_fields(kwargs)[0]}
    dimensions = extra.pop("dimensions", None)
    for name in _SAME_VECTORS:
        extra.pop(name, None)
    return VectorIdentity(family, model, dimensions, extra)


def requested_size(identity: VectorIdentity) -> int | None:
    """The vector size that the call requests; `None` if it may request one by a field of the provider's own."""
    own_field = any("dimension" in str(name).lower() for name in identity.extra)
    return None if own_field else identity.dimensions


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
