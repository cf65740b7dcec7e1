"""What the card of a chat model says of media and tools holds for its requests."""

from __future__ import annotations

import json
from typing import Any

from ....domain.chat.tools import ToolChoice
from ....domain.errors import UnsupportedFeatureError
from ....domain.message.blocks import Base64Source, DataBlock, TextBlock
from ....domain.message.messages import UserMsg
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import PIXEL, UnreachableTransport
from ..model.selectors import A_CARD, CardOf, cards
from .base import ChatContractBase
from .collect import collect
from .requests import TOOLS, sent_unless_refused

__all__ = ["CASES"]

_MEDIA = ("image/png", "image/jpeg", "audio/wav", "video/mp4", "application/pdf")


def _model(contract: ChatContractBase, of: CardOf, **options: Any) -> Any:
    """A model of that card, whose host cannot be reached (Any: options of the model, a chat model)."""
    return contract.build(UnreachableTransport(), of.card.name, max_retries=0, **options)


@case("Media that a card takes are sent, others are described in text, with a warning", cards, A_CARD)
async def card_media(contract: ChatContractBase, of: CardOf) -> str:
    taken = []
    for kind in _MEDIA:
        data = DataBlock(source=Base64Source(data=PIXEL, media_type=kind), name="thing")
        messages = [UserMsg("user", [TextBlock(text="What is this?"), data])]
        text = json.dumps(await sent_unless_refused(_model(contract, of), (), messages))
        if of.card.accepts(kind):
            taken.append(kind)
            require(PIXEL in text, f"{kind} is not sent, though the card takes it")
            continue
        require(PIXEL not in text, f"{kind} is sent, though the card does not take it")
        strict = _model(contract, of, on_unsupported="error")
        require(await sent_unless_refused(strict, (), messages) is None, f"{kind} is left out without a warning")
    return ", ".join(taken) or "text alone"


@case("Tools are sent to models that call tools, and only to those", cards, A_CARD)
async def card_tools(contract: ChatContractBase, of: CardOf) -> None:
    names = [tool["function"]["name"] for tool in TOOLS]
    text = json.dumps(await sent_unless_refused(_model(contract, of), TOOLS))
    found = [name for name in names if f'"{name}"' in text]
    require_equal("tools that are sent", found, names if of.card.tools else [])
    if of.card.tools:
        return
    model = _model(contract, of)
    result = await collect(model, tools=TOOLS, tool_choice=ToolChoice("required"))
    require(isinstance(result.error, UnsupportedFeatureError), f"a forced call gives {result.error!r}")
    require_equal("requests", len(model.runtime.transport.requests), 0)


CASES: tuple[Case[Any], ...] = (card_media, card_tools)
