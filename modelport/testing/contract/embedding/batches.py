"""Many inputs: requests within every limit, bounded concurrency, identical inputs once, and vectors in order."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from ....domain.errors import EmbeddingError, InvalidRequestError, ServerError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import MutatedAnswer, refusal
from ..model.model_contract import require_error
from ..model.selectors import CardOf, cards
from ..model.timeouts import turns
from .base import EmbeddingContractBase
from .echo_transport import Before, embed

__all__ = ["CASES"]

_A_CARD = "a card"
_WORD = "the "
_WORDS = 6000


@case("No request holds more inputs than the card allows, and the order is kept over all of them", cards, _A_CARD)
async def input_limit(contract: EmbeddingContractBase, of: CardOf) -> str:
    limits = of.card.limits
    model, wire = contract.echo(of.card.name)
    most = 1 if limits.fused else limits.elements or limits.batch_size or model.batch_size
    texts = [f"text {number}" for number in range(2 * most + 1)]
    vectors, _ = (await embed(model, texts)).whole()
    require(max(map(len, wire.batches)) <= most, f"a request holds {max(map(len, wire.batches))} inputs of {most}")
    require_equal("inputs of all requests", sum(map(len, wire.batches)), len(texts))
    require_equal("requests", len(wire.requests), math.ceil(len(texts) / most))
    await _require_own(contract, of.card.name, texts, vectors, most)
    return f"{len(texts)} inputs in {len(wire.requests)} requests"


async def _require_own(
    contract: EmbeddingContractBase, name: str, texts: Sequence[str], vectors: Sequence[Any], most: int
) -> None:
    """Each vector is that of its input: no two are the same, and some are compared with those of a call alone."""
    require_equal("different vectors", len({tuple(vector) for vector in vectors}), len(texts))
    for place in sorted({0, 1, most // 2, most - 1, most, len(texts) - 2, len(texts) - 1} & set(range(len(texts)))):
        alone, _ = (await embed(contract.echo(name)[0], [texts[place]])).whole()
        require_equal(f"the vector of input {place}", vectors[place], alone[0])


@case("No request holds more tokens than the card allows", cards, _A_CARD)
async def token_limit(contract: EmbeddingContractBase, of: CardOf) -> str:
    limits = of.card.limits
    if not limits.max_request_tokens:
        raise NotApplicableError("the card has no limit of tokens for a request")
    words = min(_WORDS, (limits.max_input_tokens or _WORDS) - 100)
    texts = [f"{number} " + _WORD * words for number in range(2 * limits.max_request_tokens // words + 1)]
    model, wire = contract.echo(of.card.name)
    vectors, _ = (await embed(model, texts)).whole()
    require_equal("vectors", len(vectors), len(texts))
    held = max(str(batch).count(_WORD) for batch in wire.batches)
    require(held <= limits.max_request_tokens, f"a request holds {held} words, the card allows as many tokens at most")
    return f"{len(texts)} texts of {words} words in {len(wire.requests)} requests"


@case("No request holds more inputs than the caller's batch size")
async def own_batch_size(contract: EmbeddingContractBase, variant: str) -> None:
    for size in (1, 2, 3):
        model, wire = contract.echo(batch_size=size)
        texts = [f"text {number}" for number in range(7)]
        vectors, _ = (await embed(model, texts)).whole()
        require_equal("vectors", len(vectors), 7)
        require(max(map(len, wire.batches)) <= size, f"a request holds {max(map(len, wire.batches))} of {size} inputs")


@case("Identical inputs are sent once, and each gets its vector")
async def identical_once(contract: EmbeddingContractBase, variant: str) -> None:
    texts = ["one", "two", "one", "three", "two", "one"]
    for size in (1, 2, 6):
        model, wire = contract.echo(batch_size=size)
        vectors, _ = (await embed(model, texts)).whole()
        sent = [item for batch in wire.batches for item in batch]
        require_equal("inputs sent", len(sent), 3)
        by_text = {text: vector for text, vector in zip(texts, vectors, strict=True)}
        require_equal("the vectors", vectors, [by_text[text] for text in texts])
        require_equal("different vectors", len({tuple(vector) for vector in vectors}), 3)


@case("An empty list makes no request")
async def no_inputs(contract: EmbeddingContractBase, variant: str) -> None:
    model, wire = contract.echo()
    vectors, _ = (await embed(model, [])).whole()
    require_equal("vectors and requests", (vectors, len(wire.requests)), ([], 0))


@case("Exactly as many requests are in flight as the caller allows")
async def bounded_concurrency(contract: EmbeddingContractBase, variant: str) -> None:
    for most in (1, 3):
        gate = asyncio.Event()

        async def wait(number: int, inputs: list[Any], gate: asyncio.Event = gate) -> None:
            await gate.wait()

        model, wire = contract.echo(before=wait, batch_size=1, concurrency=most)
        calls = [asyncio.ensure_future(embed(model, [f"{call} {number}" for number in range(4)])) for call in range(2)]
        await turns()
        require_equal("requests in flight", wire.in_flight, most)
        gate.set()
        for result in await asyncio.gather(*calls):
            result.whole()
        require_equal("requests", len(wire.requests), 8)
        require(wire.most_in_flight <= most, f"{wire.most_in_flight} requests were in flight, of {most} allowed")


@case("Each batch has a budget of its own: max_retries + 1 requests while the server is down")
async def budget_of_a_batch(contract: EmbeddingContractBase, variant: str) -> None:
    for concurrency in (1, 2):
        model, wire = contract.echo(before=_always(503), batch_size=1, concurrency=concurrency, max_retries=2)
        result = await embed(model, ["one", "two", "three"])
        error = require_error(result, ServerError, "HTTP 503")
        asked = [str(batch) for batch in wire.batches]
        most = max(map(asked.count, asked))
        require_equal("requests of a batch", most, 3)
        require_equal("attempts", len(error.attempts), len(wire.requests))
        require_equal("missing_indices", getattr(error, "missing_indices", None), (0, 1, 2))


def _always(status: int) -> Before:
    async def answer(number: int, inputs: list[Any]) -> MutatedAnswer:
        return refusal(status)

    return answer


@case("When a batch fails, the others are cancelled, and the error has the missing indices")
async def siblings_are_cancelled(contract: EmbeddingContractBase, variant: str) -> None:
    hung: list[int] = []

    async def before(number: int, inputs: list[Any]) -> MutatedAnswer | None:
        if number == 0:
            return None
        if number == 1:
            await turns()
            return refusal(400)
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            hung.append(number)
            raise
        return None

    model, wire = contract.echo(before=before, batch_size=1, concurrency=3)
    result = await asyncio.wait_for(embed(model, [f"text {number}" for number in range(6)]), contract.patience)
    error = require_error(result, InvalidRequestError, "HTTP 400 for one batch")
    require(isinstance(error, EmbeddingError), f"{error!r} is not an EmbeddingError")
    require_equal("missing_indices", getattr(error, "missing_indices", None), (1, 2, 3, 4, 5))
    require(hung and len(hung) == len(wire.requests) - 2, f"of requests 2 and on, {hung} were cancelled")
    require_equal("answers left open", wire.unclosed, 0)


@case("Cancelling a call of many batches ends all its requests")
async def cancel_many(contract: EmbeddingContractBase, variant: str) -> None:
    ended: list[int] = []

    async def wait(number: int, inputs: list[Any]) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(number)

    model, wire = contract.echo(before=wait, batch_size=1, concurrency=4)
    call = asyncio.ensure_future(embed(model, [f"text {number}" for number in range(9)]))
    await turns()
    require_equal("requests in flight", wire.in_flight, 4)
    call.cancel()
    await asyncio.wait([call], timeout=contract.patience)
    require(call.cancelled(), "a cancelled call does not raise CancelledError")
    require_equal("requests that ended", sorted(ended), [0, 1, 2, 3])
    require_equal("requests made", len(wire.requests), 4)


CASES: tuple[Case[Any], ...] = (
    input_limit,
    token_limit,
    own_batch_size,
    identical_once,
    no_inputs,
    bounded_concurrency,
    budget_of_a_batch,
    siblings_are_cancelled,
    cancel_many,
)
