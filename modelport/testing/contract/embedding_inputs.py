"""Inputs that are none are refused before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...domain.blocks import TextBlock
from ...domain.errors import InvalidRequestError
from .asking import require_error
from .case import Case, case, require_equal
from .embedding_echo import embed

if TYPE_CHECKING:
    from .embedding import EmbeddingContract

__all__ = ["CASES"]


@case("What is no list of inputs is refused before anything is sent")
async def illegal_inputs(contract: EmbeddingContract, variant: str) -> None:
    for wrong in ("text", b"bytes", {"text": "a"}, 5, None, [5], ["a", None], [["a"]], [b"a"]):
        model, wire = contract.echo()
        answered = await embed(model, wrong)  # type: ignore[arg-type]  # that is the point
        require_error(answered, InvalidRequestError, f"{wrong!r}")
        require_equal(f"requests for {wrong!r}", len(wire.requests), 0)


@case("An empty text is refused before anything is sent, or is an input like others")
async def empty_text(contract: EmbeddingContract, variant: str) -> str:
    for text in ("", " \n"):
        model, wire = contract.echo()
        answered = await embed(model, ["a", text])
        if type(model).takes_empty_text:
            require_equal("vectors", len(answered.whole()[0]), 2)
            continue
        require_error(answered, InvalidRequestError, f"{text!r}")
        require_equal(f"requests for {text!r}", len(wire.requests), 0)
    return "an input like others" if contract.model.takes_empty_text else "refused"


@case("A text block is its text, and any text is an input")
async def any_text(contract: EmbeddingContract, variant: str) -> None:
    texts = ["a", "ä 例 🔔", "line\nline\ttab", "\u0000\u2028", '"quoted" \\ {}', "x" * 5000]
    model, wire = contract.echo()
    vectors, _ = (await embed(model, [TextBlock(text="a"), *texts])).whole()
    require_equal("vectors", len(vectors), len(texts) + 1)
    require_equal("the vector of a text block", vectors[0], vectors[1])
    require_equal("inputs sent", sum(map(len, wire.batches)), len(texts))
    require_equal("different vectors", len({tuple(vector) for vector in vectors}), len(texts))


CASES: tuple[Case[Any], ...] = (illegal_inputs, empty_text, any_text)
