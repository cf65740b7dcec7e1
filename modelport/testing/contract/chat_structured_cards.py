"""Structured output and cards: every model gives the object in a way that its card has, and says which that was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...domain.cards import ModelCard
from .asking_over import CardOf, cards
from .case import Case, case, require, require_equal
from .chat_structured import BY_TOOL, GOOD, Sounding, an_exchange, ask, check_object

if TYPE_CHECKING:
    from .chat import ChatContract

__all__ = ["CASES"]

_NAMES = tuple(Sounding.model_fields)


@case("Every model gives the object, in a way that its card has, and says which way that was", cards, "a card")
async def object_by_card(contract: ChatContract, of: CardOf) -> str:
    exchange = await an_exchange(contract, [*contract.bodies(), *contract.streams()])
    asked = await ask(contract, exchange, [exchange.answer(GOOD)], name=of.card.name)
    response = asked.whole()
    check_object(response)
    body = json.loads(asked.wire.requests[0].body)
    require(set(_NAMES) <= _words(body), "the request does not say what the object must be")
    _check_way(contract, of.card, response.strategy, body)
    return response.strategy


def _check_way(contract: ChatContract, card: ModelCard, strategy: str, body: Any) -> None:  # Any: JSON
    """The strategy is one that the card has, and is what the request says."""
    facts = card.structured_output
    denied = {
        "native_schema": not facts.json_schema,
        "json_mode": not facts.json_mode,
        "forced_tool": not (facts.forced_tool and card.tools),
        "auto_tool": not card.tools,
    }
    require(not denied.get(strategy, False), f"{strategy} is tried first, which the card says the model has not")
    tools = body.get("tools") if isinstance(body, dict) else None
    if strategy in BY_TOOL:
        require(set(_NAMES) <= _words(tools), f"{strategy} is told, and no tool takes the object")
    elif strategy == "native_schema":
        require(not tools, "the schema of the output is told, and a tool is sent, too")
        require(set(_NAMES) <= _keys(body), "native_schema is told, and the schema is at most told in words")
    native = getattr(getattr(contract.model, "codec", None), "native_output", None)
    if native is not None and native.schema is not None and facts.json_schema:
        require_equal("the strategy of a model whose card says json_schema", strategy, "native_schema")


def _keys(value: Any) -> set[str]:  # Any: JSON
    if isinstance(value, list):
        return {key for each in value for key in _keys(each)}
    return {*value, *(key for each in value.values() for key in _keys(each))} if isinstance(value, dict) else set()


def _words(value: Any) -> set[str]:  # Any: JSON
    """The names of the object's members that stand in it anywhere."""
    text = json.dumps(value)
    return {name for name in _NAMES if name in text}


CASES: tuple[Case[Any], ...] = (object_by_card,)
