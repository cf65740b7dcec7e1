"""Cards tell the truth, both ways: what they show is really sent, what they deny never is, and is told."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from ....domain.errors import InvalidRequestError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from .asking_over import CardOf, cards
from .card_probe import Values, beyond, candidates
from .model_contract import Answered, AskingContract

__all__ = ["CASES"]

_A_CARD = "a card"
_ID = re.compile(rb'"[A-Za-z_]*id"\s*:\s*"[^"]*"')


async def _sent(contract: AskingContract, card: Any, values: Values) -> tuple[bytes | None, Answered]:
    """What is sent with these parameters, without the ids in it; `None` when the call is refused (Any: a card)."""
    parameters = contract.model.Parameters(**values)
    played = contract.probe(card.name, parameters=parameters, max_retries=0)
    answered = await played.ask()
    if isinstance(answered.error, InvalidRequestError) and not played.wire.requests:
        return None, answered
    answered.whole()
    return _ID.sub(b"", played.wire.sent_bytes), answered


@case("Every parameter that a card shows changes some request", cards, _A_CARD)
async def card_parameters_matter(contract: AskingContract, of: CardOf) -> str:
    if not of.card.visible_parameters():
        raise NotApplicableError("the card shows no parameters")
    silent = [name for name in of.card.visible_parameters() if not await _moves(contract, of.card, name)]
    require_equal("parameters that change nothing", silent, [])
    return f"{len(of.card.visible_parameters())} parameters"


async def _moves(contract: AskingContract, card: Any, name: str) -> bool:  # Any: a card
    plain, _ = await _sent(contract, card, {})
    values = [*candidates(card.parameter_schema["properties"][name]), *_named(card, name)]
    for value in values:
        sent, _ = await _sent(contract, card, {name: value})
        if sent is not None and sent != plain:
            return True
    return False


def _named(card: Any, name: str) -> list[str]:  # Any: a card
    """Words that a parameter without a list of them may take: the last voice is not the default one."""
    return list(card.voices[-1:]) if name == "voice" and getattr(card, "voices", None) else []


@case("A parameter that nobody set is the card's default, or is left out", cards, _A_CARD)
async def card_defaults_are_sent(contract: AskingContract, of: CardOf) -> str:
    plain, _ = await _sent(contract, of.card, {})
    defaults = {name: of.card.default_of(name) for name in of.card.visible_parameters()}
    given = {name: value for name, value in defaults.items() if value is not None}
    sent, _ = await _sent(contract, of.card, given)
    require_equal(f"what is sent with {given}", sent, plain)
    return f"{len(given)} defaults"


@case("What a card lacks is never sent, and that is told", cards, _A_CARD)
async def card_lacks_are_told(contract: AskingContract, of: CardOf) -> str:
    card = of.card
    lacking = {**card.removed_parameters(), **card.hidden_parameters()}
    if not lacking:
        raise NotApplicableError("the card lacks no parameter of the class")
    plain, _ = await _sent(contract, card, {})
    for name, schema in lacking.items():
        for value in candidates(schema):
            sent, answered = await _sent(contract, card, {name: value})
            require(sent == plain, f"{name}={value!r} changes the request, but the card has no such parameter")
            told = [warning.setting for warning in answered.response.warnings]
            if value != card.class_default(name):
                require(name in told, f"{name}={value!r} is dropped without a warning")
    return f"{len(lacking)} parameters"


@case("A value outside a card's range is refused before anything is sent", cards, _A_CARD)
async def card_ranges_hold(contract: AskingContract, of: CardOf) -> str:
    checked = 0
    for name in of.card.visible_parameters():
        schema = of.card.parameter_schema["properties"][name]
        for value in beyond(schema) + _unlisted(schema):
            try:
                sent, _ = await _sent(contract, of.card, {name: value})
            except ValidationError:
                continue  # the class itself does not take it
            checked += 1
            require(sent is None, f"{name}={value!r} is sent, though the card says {schema}")
    if not checked:
        raise NotApplicableError("the card sets no range that the class does not set")
    return f"{checked} values"


def _unlisted(schema: Any) -> list[int]:  # Any: JSON Schema
    """A number that is not on the card's list, where the list is all there is."""
    listed = schema.get("enum", ())
    numbers = [value for value in listed if type(value) is int]
    return [max(numbers) + 1] if numbers and not schema.get("x-hint") and "maximum" not in schema else []


@case("A model without a card is asked all the same, and that is told")
async def without_a_card(contract: AskingContract, variant: str) -> None:
    played = contract.probe("a-model-that-nobody-described", max_retries=0)
    answered = await played.ask()
    answered.whole()
    warnings = answered.response.warnings
    require(any(warning.kind == "unknown_model" for warning in warnings), f"warnings: {warnings}")


CASES: tuple[Case[Any], ...] = (
    card_parameters_matter,
    card_defaults_are_sent,
    card_lacks_are_told,
    card_ranges_hold,
    without_a_card,
)
