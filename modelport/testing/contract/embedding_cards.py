"""What a card says of inputs: what it takes is sent, what it does not take is refused before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...domain.blocks import Base64Source, DataBlock, URLSource
from ...domain.errors import InvalidRequestError
from .asking_over import CardOf, cards
from .case import Case, case, require, require_equal
from .embedding_echo import embed
from .still_media import PIXEL

if TYPE_CHECKING:
    from .embedding import EmbeddingContract

__all__ = ["CASES"]

_MEDIA = ("image/png", "image/jpeg", "audio/wav", "video/mp4", "application/pdf")
_ADDRESS = "https://media.example/thing"


@case("Media that a card takes are sent, others are refused before anything is sent", cards, "a card")
async def card_media(contract: EmbeddingContract, of: CardOf) -> str:
    taken = []
    for kind in _MEDIA:
        sent = [await _is_sent(contract, of.card.name, kind, inline) for inline in (True, False)]
        if of.card.accepts(kind):
            taken.append(kind)
            require(any(sent), f"{kind} is refused, though the card takes it")
        else:
            require(not any(sent), f"{kind} is sent, though the card does not take it")
    return ", ".join(taken) or "text alone"


async def _is_sent(contract: EmbeddingContract, name: str, kind: str, inline: bool) -> bool:
    """Whether a thing of this type was sent; raises when it was neither sent nor refused."""
    source = Base64Source(data=PIXEL, media_type=kind) if inline else URLSource(url=_ADDRESS, media_type=kind)
    model, wire = contract.echo(name)
    answered = await embed(model, ["text", DataBlock(source=source)])
    if answered.error is not None:
        require(isinstance(answered.error, InvalidRequestError), f"{kind} gives {answered.error!r}")
        require_equal(f"requests for a refused {kind}", len(wire.requests), 0)
        return False
    require_equal("vectors", len(answered.value[0]), 2)
    require(PIXEL.encode() in wire.sent_bytes or _ADDRESS.encode() in wire.sent_bytes, f"{kind} is lost on the way")
    return True


CASES: tuple[Case[Any], ...] = (card_media,)
