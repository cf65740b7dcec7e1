"""Cards tell the truth, both ways: what they show is really sent, what they deny never is, and is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ....domain.card.cards import ModelCard
from ....domain.chat.tools import ToolChoice
from ....domain.errors import UnsupportedFeatureError
from ....domain.message.blocks import Base64Source, DataBlock, TextBlock
from ....domain.message.messages import Msg, UserMsg
from ..chat.collect import hear
from ..chat.endpoint import Nowhere
from ..chat.history import TOOLS
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import PIXEL
from .card_probe import Values, beyond, candidates, circumstances, probe

if TYPE_CHECKING:
    from ..chat.contract import ChatContract

__all__ = ["CASES"]

_MEDIA = ("image/png", "image/jpeg", "audio/wav", "video/mp4", "application/pdf")


class _CardOf:
    """A card as a variant: its name is the model's."""

    def __init__(self, card: ModelCard) -> None:
        self.card = card

    def __str__(self) -> str:
        return self.card.name


def _cards(contract: ChatContract) -> list[_CardOf]:
    return [_CardOf(card) for card in contract.model.list_models()]


def _asked(contract: ChatContract, card: ModelCard, values: Values | None = None, **options: Any) -> Any:
    """A model that asks nobody (Any: options of the model, a chat model)."""
    options.setdefault("max_retries", 0)
    parameters = contract.model.Parameters(**(values or {}))
    return contract.build(Nowhere(), card.name, parameters=parameters, **options)


def _tools(card: ModelCard) -> Any:  # Any: tool schemas
    return TOOLS if card.tools else ()


@case("Every parameter that a card shows changes some request", _cards, "a card")
async def card_parameters_matter(contract: ChatContract, of: _CardOf) -> str:
    card = of.card
    silent = [name for name in card.visible_parameters() if not await _moves(contract, card, name)]
    require_equal("parameters that change nothing", silent, [])
    return f"{len(card.visible_parameters())} parameters"


async def _moves(contract: ChatContract, card: ModelCard, name: str) -> bool:
    schema = card.parameter_schema["properties"][name]
    for others in circumstances(card):
        others = {key: value for key, value in others.items() if key != name}
        for stream in (True, False):
            without = await probe(_asked(contract, card, others, stream=stream), _tools(card))
            for value in candidates(schema):
                changed = await probe(_asked(contract, card, {**others, name: value}, stream=stream), _tools(card))
                if changed is not None and changed != without:
                    return True
    return False


@case("What a card lacks is never sent, and that is told", _cards, "a card")
async def card_lacks_are_told(contract: ChatContract, of: _CardOf) -> str:
    card = of.card
    lacking = {**card.removed_parameters(), **card.hidden_parameters()}
    plain = await probe(_asked(contract, card), _tools(card))
    for name, schema in lacking.items():
        for value in candidates(schema):
            body = await probe(_asked(contract, card, {name: value}), _tools(card))
            require(body == plain, f"{name}={value!r} changes the request, but the card has no such parameter")
            if value != card.class_default(name):
                await _require_told(contract, card, {name: value})
    return f"{len(lacking)} parameters"


async def _require_told(contract: ChatContract, card: ModelCard, values: Values) -> None:
    """A call that refuses to drop anything is refused, so there is a warning for it."""
    model = _asked(contract, card, values, on_unsupported="error")
    require(await probe(model, _tools(card)) is None, f"{values} is dropped without a warning")


@case("A value outside a card's range is refused before anything is sent", _cards, "a card")
async def card_ranges_hold(contract: ChatContract, of: _CardOf) -> str:
    checked = 0
    for name, schema in of.card.parameter_schema.get("properties", {}).items():
        for value in beyond(schema):
            try:
                model = _asked(contract, of.card, {name: value})
            except ValidationError:
                continue  # the class itself does not take it
            checked += 1
            require(await probe(model) is None, f"{name}={value!r} is sent, though the card's range is {schema}")
    return f"{checked} values"


@case("Media that a card takes are sent, others are announced in words, and that is told", _cards, "a card")
async def card_media(contract: ChatContract, of: _CardOf) -> str:
    taken = []
    for kind in _MEDIA:
        messages = _with_media(kind)
        text = json.dumps(await probe(_asked(contract, of.card), (), messages))
        if of.card.accepts(kind):
            taken.append(kind)
            require(PIXEL in text, f"{kind} is not sent, though the card takes it")
            continue
        require(PIXEL not in text, f"{kind} is sent, though the card does not take it")
        refusing = _asked(contract, of.card, on_unsupported="error")
        require(await probe(refusing, (), messages) is None, f"{kind} is left out without a warning")
    return ", ".join(taken) or "text alone"


def _with_media(kind: str) -> list[Msg]:
    data = DataBlock(source=Base64Source(data=PIXEL, media_type=kind), name="thing")
    return [UserMsg("user", [TextBlock(text="What is this?"), data])]


@case("Tools are sent to models that call tools, and only to those", _cards, "a card")
async def card_tools(contract: ChatContract, of: _CardOf) -> None:
    names = [tool["function"]["name"] for tool in TOOLS]
    text = json.dumps(await probe(_asked(contract, of.card), TOOLS))
    found = [name for name in names if f'"{name}"' in text]
    require_equal("tools that are sent", found, names if of.card.tools else [])
    if of.card.tools:
        return
    model = _asked(contract, of.card)
    heard = await hear(model, tools=TOOLS, tool_choice=ToolChoice("required"))
    require(isinstance(heard.error, UnsupportedFeatureError), f"a forced call gives {heard.error!r}")
    require_equal("requests", len(model.runtime.transport.requests), 0)


@case("A model without a card is asked all the same, and that is told")
async def without_a_card(contract: ChatContract, variant: str) -> None:
    tape = next((tape for tape in [*contract.bodies(), *contract.streams()]), None)
    if tape is None:
        raise NotApplicableError("needs a cassette of an answer")
    from ..core.mutated_transport import CassetteMutant

    model = contract.build(CassetteMutant(tape.answer()), "a-model-that-nobody-described", stream=tape.streamed)
    answer = (await hear(model)).whole()
    require(any(warning.kind == "unknown_model" for warning in answer.warnings), f"warnings: {answer.warnings}")


CASES: tuple[Case[Any], ...] = (
    card_parameters_matter,
    card_lacks_are_told,
    card_ranges_hold,
    card_media,
    card_tools,
    without_a_card,
)
