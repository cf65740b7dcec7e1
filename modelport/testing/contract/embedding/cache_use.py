"""The cache of a model: by input, whatever the batches; it never makes a call fail, and nothing is sent twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ....application.embedding.cache import EmbeddingCacheBase
from ....domain.errors import ModelError
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import MutatedAnswer, refusal
from ..model.model_contract import require_error
from .base import EmbeddingContractBase
from .echo_transport import BrokenCache, embed

__all__ = ["CASES"]


def _texts(first: int, count: int) -> list[str]:
    return [f"text {number}" for number in range(first, first + count)]


async def _asked(
    contract: EmbeddingContractBase, cache: EmbeddingCacheBase, texts: list[str], **options: Any
) -> tuple[Any, int]:
    """The response to a call with this cache, and how many inputs were sent (Any: options, a response)."""
    model, wire = contract.echo(embedding_cache=cache, **options)
    result = await embed(model, texts)
    result.whole()
    return result.response, sum(map(len, wire.batches))


@case("Cached inputs are not sent again; the source is the cache only when nothing was sent")
async def hits_cost_nothing(contract: EmbeddingContractBase, variant: str) -> None:
    cache = contract.new_cache()
    first, sent = await _asked(contract, cache, _texts(0, 5))
    require_equal("source and inputs sent", (first.source, sent), ("api", 5))
    again, sent = await _asked(contract, cache, _texts(0, 5))
    require_equal("source and inputs sent, the second time", (again.source, sent), ("cache", 0))
    require_equal("the vectors", list(again.embeddings), list(first.embeddings))
    require_equal("tokens", again.usage.tokens if again.usage else 0, 0)
    require_equal("attempts", list(again.attempts), [])
    some, sent = await _asked(contract, cache, _texts(3, 5))
    require_equal("source and inputs sent, half of them new", (some.source, sent), ("api", 3))
    require_equal("the vectors", list(some.embeddings)[:2], list(first.embeddings)[3:])


@case("The cache is by input: other batches and another order find the entries")
async def by_input(contract: EmbeddingContractBase, variant: str) -> None:
    cache = contract.new_cache()
    first, _ = await _asked(contract, cache, _texts(0, 6), batch_size=4)
    again, sent = await _asked(contract, cache, _texts(0, 6)[::-1], batch_size=1)
    require_equal("inputs sent", sent, 0)
    require_equal("the vectors", list(again.embeddings), list(first.embeddings)[::-1])


@case("Vectors of another model are other entries")
async def by_model(contract: EmbeddingContractBase, variant: str) -> None:
    cache = contract.new_cache()
    await _asked(contract, cache, _texts(0, 2), name="modelport-one")
    other, sent = await _asked(contract, cache, _texts(0, 2), name="modelport-other")
    require_equal("source and inputs sent", (other.source, sent), ("api", 2))


@case("Batches that succeeded before a failure are in the cache, and are not sent again")
async def kept_before_a_failure(contract: EmbeddingContractBase, variant: str) -> None:
    cache = contract.new_cache()

    async def before(number: int, inputs: list[Any]) -> MutatedAnswer | None:
        return refusal(400) if number == 2 else None

    model, _ = contract.echo(before=before, batch_size=1, concurrency=1, embedding_cache=cache)
    error = require_error(await embed(model, _texts(0, 4)), ModelError, "HTTP 400 for the third batch")
    require_equal("missing_indices", getattr(error, "missing_indices", None), (2, 3))
    response, sent = await _asked(contract, cache, _texts(0, 4))
    require_equal("vectors and inputs sent", (len(response.embeddings), sent), (4, 2))


@case("Batches that succeeded before a cancellation are in the cache too")
async def kept_before_a_cancellation(contract: EmbeddingContractBase, variant: str) -> None:
    cache, third = contract.new_cache(), asyncio.Event()

    async def before(number: int, inputs: list[Any]) -> None:
        if number == 2:
            third.set()
            await asyncio.get_running_loop().create_future()

    model, wire = contract.echo(before=before, batch_size=1, concurrency=1, embedding_cache=cache)
    call = asyncio.ensure_future(embed(model, _texts(0, 4)))
    await asyncio.wait_for(third.wait(), contract.patience)
    call.cancel()
    await asyncio.wait([call], timeout=contract.patience)
    require(call.cancelled(), "a cancelled call does not raise CancelledError")
    require_equal("answers left open", wire.unclosed, 0)
    _, sent = await _asked(contract, cache, _texts(0, 4))
    require_equal("inputs sent by the next call", sent, 2)


@case("A cache that fails is bypassed, with a warning")
async def broken_cache(contract: EmbeddingContractBase, variant: str) -> None:
    for size in (1, 4):
        with _quiet():
            response, sent = await _asked(contract, BrokenCache(), _texts(0, 4), batch_size=size)
        require_equal("vectors and inputs sent", (len(response.embeddings), sent), (4, 4))
        require(response.warnings, "the response has no warning that the cache failed")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings in the log, which are expected."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


CASES: tuple[Case[Any], ...] = (
    hits_cost_nothing,
    by_input,
    by_model,
    kept_before_a_failure,
    kept_before_a_cancellation,
    broken_cache,
)
