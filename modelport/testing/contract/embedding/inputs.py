"""Inputs: what the class or the card does not take is refused before anything is sent, everything else is sent."""

from __future__ import annotations

from typing import Any

from ....domain.errors import InvalidRequestError
from ....domain.message.blocks import Base64Source, DataBlock, TextBlock, URLSource
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import PIXEL
from ..model.model_contract import require_error
from ..model.selectors import CardOf, cards
from .base import EmbeddingContractBase
from .echo_transport import embed

__all__ = ["CASES"]


@case("Anything but a list of inputs is refused before anything is sent")
async def illegal_inputs(contract: EmbeddingContractBase, variant: str) -> None:
    for wrong in ("text", b"bytes", {"text": "a"}, 5, None, [5], ["a", None], [["a"]], [b"a"]):
        model, wire = contract.echo()
        result = await embed(model, wrong)  # type: ignore[arg-type]  # that is the point
        require_error(result, InvalidRequestError, f"{wrong!r}")
        require_equal(f"requests for {wrong!r}", len(wire.requests), 0)


@case("An empty text is refused before anything is sent, or is an input like others")
async def empty_text(contract: EmbeddingContractBase, variant: str) -> str:
    for text in ("", " \n"):
        model, wire = contract.echo()
        result = await embed(model, ["a", text])
        if type(model).takes_empty_text:
            require_equal("vectors", len(result.whole()[0]), 2)
            continue
        require_error(result, InvalidRequestError, f"{text!r}")
        require_equal(f"requests for {text!r}", len(wire.requests), 0)
    return "an input like others" if contract.model.takes_empty_text else "refused"


@case("A text block is its text, and any text is an input")
async def any_text(contract: EmbeddingContractBase, variant: str) -> None:
    texts = ["a", "ä 例 🔔", "line\nline\ttab", "\u0000\u2028", '"quoted" \\ {}', "x" * 5000]
    model, wire = contract.echo()
    vectors, _ = (await embed(model, [TextBlock(text="a"), *texts])).whole()
    require_equal("vectors", len(vectors), len(texts) + 1)
    require_equal("the vector of a text block", vectors[0], vectors[1])
    require_equal("inputs sent", sum(map(len, wire.batches)), len(texts))
    require_equal("different vectors", len({tuple(vector) for vector in vectors}), len(texts))


_MEDIA = ("image/png", "image/jpeg", "audio/wav", "video/mp4", "application/pdf")
_ADDRESS = "https://media.example/thing"


@case("Media that a card takes are sent, others are refused before anything is sent", cards, "a card")
async def card_media(contract: EmbeddingContractBase, of: CardOf) -> str:
    taken = []
    for kind in _MEDIA:
        sent = [await _is_sent(contract, of.card.name, kind, inline) for inline in (True, False)]
        if of.card.accepts(kind):
            taken.append(kind)
            require(any(sent), f"{kind} is refused, though the card takes it")
        else:
            require(not any(sent), f"{kind} is sent, though the card does not take it")
    return ", ".join(taken) or "text alone"


async def _is_sent(contract: EmbeddingContractBase, name: str, kind: str, inline: bool) -> bool:
    """Whether a thing of this type was sent; raises when it was neither sent nor refused."""
    source = Base64Source(data=PIXEL, media_type=kind) if inline else URLSource(url=_ADDRESS, media_type=kind)
    model, wire = contract.echo(name)
    result = await embed(model, ["text", DataBlock(source=source)])
    if result.error is not None:
        require(isinstance(result.error, InvalidRequestError), f"{kind} gives {result.error!r}")
        require_equal(f"requests for a refused {kind}", len(wire.requests), 0)
        return False
    require_equal("vectors", len(result.value[0]), 2)
    require(PIXEL.encode() in wire.sent_bytes or _ADDRESS.encode() in wire.sent_bytes, f"{kind} is not in the request")
    return True


CASES: tuple[Case[Any], ...] = (
    illegal_inputs,
    empty_text,
    any_text,
    card_media,
)
