"""Cards are true: what they show is sent, what they lack never is, and dropping it gives a warning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ....domain.errors import InvalidRequestError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from .model_contract import CallResult, ModelContract
from .selectors import A_CARD, CardOf, cards

__all__ = ["CASES", "card_defaults_are_sent"]

_Values = dict[str, Any]
"""Parameters by name (Any: each has its own type)."""

_SPAN = 3000
_WORD = "5m"
_OTHERS: tuple[_Values, ...] = (
    {"thinking_enable": True},
    {"thinking_enable": True, "max_tokens": 4096},
    {"thinking_enable": False},
    {"thinking_mode": "enabled"},
    {"thinking_mode": "adaptive"},
    {"thinking_mode": "disabled"},
    {"reasoning_effort": "none"},
)
_ID = re.compile(rb'"[A-Za-z_]*id"\s*:\s*"[^"]{6,}"')


async def _sent(
    contract: ModelContract, card: Any, values: _Values, **options: Any
) -> tuple[bytes | None, CallResult]:  # Any: a card, options of the model
    """What is sent with these parameters, without the ids in it; `None` when the call is refused."""
    parameters = contract.model.Parameters(**values)
    model, wire = contract.probe(card.name, parameters=parameters, max_retries=0, **options)
    result = await contract.ask_with_card(model, card)
    if isinstance(result.error, InvalidRequestError) and not wire.requests:
        return None, result
    result.whole()
    return _ID.sub(b"", wire.sent_bytes), result


@case("Every parameter that a card shows changes some request", cards, A_CARD)
async def card_parameters_matter(contract: ModelContract, of: CardOf) -> str:
    visible = [name for name in of.card.visible_parameters() if not _only_voice(of.card, name)]
    if not visible:
        raise NotApplicableError("the card shows no parameters, or each has one value")
    without_effect = [name for name in visible if not await _matters(contract, of.card, name)]
    require_equal("parameters that change nothing", without_effect, [])
    return f"{len(visible)} parameters"


async def _matters(contract: ModelContract, card: Any, name: str) -> bool:  # Any: a card
    """Whether some value of the parameter changes what is sent, whatever else has to be set for it."""
    values = [*_candidates(card.parameter_schema["properties"][name]), *_named(card, name)]
    for others in _circumstances(card):
        others = {key: value for key, value in others.items() if key != name}
        for mode in contract.modes:
            without, _ = await _sent(contract, card, others, **mode)
            for value in values:
                changed, _ = await _sent(contract, card, {**others, name: value}, **mode)
                if changed is not None and changed != without:
                    return True
    return False


def _only_voice(card: Any, name: str) -> bool:  # Any: a card
    """Whether it is the voice of a model that has one, which then speaks anyway."""
    return name == "voice" and len(getattr(card, "voices", None) or ()) == 1


def _named(card: Any, name: str) -> list[str]:  # Any: a card
    """_Values that the schema of a parameter does not list: the last voice, which is not the default one."""
    return list(card.voices[-1:]) if name == "voice" and getattr(card, "voices", None) else []


@case("A parameter that is not set is the card's default, or is left out", cards, A_CARD)
async def card_defaults_are_sent(contract: ModelContract, of: CardOf) -> str:
    plain, _ = await _sent(contract, of.card, {})
    defaults = {name: of.card.default_of(name) for name in of.card.visible_parameters()}
    given = {name: value for name, value in defaults.items() if value is not None}
    sent, _ = await _sent(contract, of.card, given)
    require_equal(f"what is sent with {given}", sent, plain)
    return f"{len(given)} defaults"


@case("A parameter that a card lacks is never sent, and dropping it gives a warning", cards, A_CARD)
async def card_lacks_are_warned(contract: ModelContract, of: CardOf) -> str:
    card = of.card
    lacking = {**card.removed_parameters(), **card.hidden_parameters()}
    if not lacking:
        raise NotApplicableError("the card lacks no parameter of the class")
    plain, _ = await _sent(contract, card, {})
    for name, schema in lacking.items():
        for value in _candidates(schema):
            sent, result = await _sent(contract, card, {name: value})
            require(sent == plain, f"{name}={value!r} changes the request, but the card has no such parameter")
            if value != card.class_default(name):
                settings = [warning.setting for warning in result.response.warnings]
                require(name in settings, f"{name}={value!r} is dropped without a warning")
    return f"{len(lacking)} parameters"


@case("A value outside a card's range is refused before anything is sent", cards, A_CARD)
async def card_ranges_hold(contract: ModelContract, of: CardOf) -> str:
    checked = 0
    for name in of.card.visible_parameters():
        schema = of.card.parameter_schema["properties"][name]
        for value in _beyond(schema) + _unlisted(schema):
            try:
                sent, _ = await _sent(contract, of.card, {name: value})
            except ValidationError:
                continue  # the class itself refuses it
            checked += 1
            require(sent is None, f"{name}={value!r} is sent, but the card says {schema}")
    if not checked:
        raise NotApplicableError("the card sets no range that the class does not set")
    return f"{checked} values"


def _unlisted(schema: Any) -> list[int]:  # Any: JSON Schema
    """A number that is not on the card's list, where nothing but the list is allowed."""
    listed = schema.get("enum", ())
    numbers = [value for value in listed if type(value) is int]
    return [max(numbers) + 1] if numbers and not schema.get("x-hint") and "maximum" not in schema else []


@case("A model without a card is asked nevertheless, with a warning")
async def without_a_card(contract: ModelContract, variant: str) -> None:
    model, _ = contract.probe("a-model-without-a-card", max_retries=0)
    result = await contract.ask(model)
    result.whole()
    warnings = result.response.warnings
    require(any(warning.kind == "unknown_model" for warning in warnings), f"no unknown_model among {warnings}")


def _candidates(schema: Mapping[str, Any]) -> list[Any]:  # Any: JSON Schema, JSON values
    """Some legal values of a parameter with this schema."""
    found: list[Any] = list(schema.get("examples", ()))
    for option in (schema, *schema.get("anyOf", ())):
        found += option.get("enum", ())
        kind = option.get("type")
        if kind == "boolean":
            found += [True, False]
        elif kind in ("integer", "number") and "enum" not in option:
            low, high = _range(schema, option)
            middle = (low + high) / 2
            found += [int(middle), min(int(high), 2048)] if kind == "integer" else [middle]
        elif kind == "string" and "enum" not in option:
            found.append(_WORD)
    return [value for value in found if value is not None]


def _range(schema: Mapping[str, Any], option: Mapping[str, Any]) -> tuple[float, float]:
    low = schema.get("minimum", option.get("minimum", option.get("exclusiveMinimum", 0)))
    return low, schema.get("maximum", option.get("maximum", option.get("exclusiveMaximum", low + _SPAN)))


def _beyond(schema: Mapping[str, Any]) -> list[Any]:  # Any: as above
    """_Values just outside the range that a parameter has, if it has one."""
    found: list[Any] = []
    numeric = [option for option in (schema, *schema.get("anyOf", ())) if option.get("type") in ("integer", "number")]
    for option in numeric:
        merged = {**option, **{key: schema[key] for key in ("minimum", "maximum") if key in schema}}
        found += [merged["maximum"] + 1] if "maximum" in merged else []
        found += [merged["minimum"] - 1] if "minimum" in merged and not _special(option, schema) else []
    return found


def _special(option: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Whether another branch gives numbers outside the range a meaning."""
    return any("enum" in each or "const" in each for each in schema.get("anyOf", ()) if each is not option)


def _circumstances(card: Any) -> list[_Values]:  # Any: a card of any kind
    """Other parameters under which a parameter may have an effect."""
    visible = set(card.visible_parameters())
    return [{}, *(others for others in _OTHERS if others.keys() <= visible)]


CASES: tuple[Case[Any], ...] = (
    card_parameters_matter,
    card_lacks_are_warned,
    card_ranges_hold,
    without_a_card,
)
