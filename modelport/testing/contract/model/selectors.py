"""The variants of the cases: which recordings and cards a case is checked on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from ..core.case import NotApplicableError
from .model_contract import ModelContract

__all__ = [
    "AN_ANSWER",
    "A_CARD",
    "A_REFUSAL",
    "CardOf",
    "all_over_http",
    "cards",
    "good",
    "over_http",
    "refusals",
    "simplest",
    "some",
]

T = TypeVar("T")
AN_ANSWER = "a cassette of a successful answer"
A_REFUSAL = "a cassette of an unsuccessful answer"
A_CARD = "a card"
_FEW = 4


def good(contract: ModelContract) -> list[Any]:  # Any: recordings
    """Every successful answer."""
    return list(contract.good())


def simplest(contract: ModelContract) -> list[Any]:  # Any: as above
    """One successful answer, for cases that do not depend on its content."""
    return list(contract.simplest())


def over_http(contract: ModelContract) -> list[Any]:  # Any: as above
    """One successful answer of a class that uses HTTP."""
    if contract.realtime:
        raise NotApplicableError("the class connects over WebSockets")
    return simplest(contract)


def all_over_http(contract: ModelContract) -> list[Any]:  # Any: as above
    """Every successful answer of a class that uses HTTP."""
    return good(contract) if over_http(contract) else []


def refusals(contract: ModelContract) -> list[Any]:  # Any: as above
    """Every unsuccessful answer."""
    return list(contract.refusals())


class CardOf:
    """A card as a variant: its text is the model's name (Any: a card of any kind)."""

    def __init__(self, card: Any) -> None:
        self.card = card

    def __str__(self) -> str:
        return str(self.card.name)


def cards(contract: ModelContract) -> list[CardOf]:
    """Every card of the class."""
    return [CardOf(card) for card in contract.cards()]


def some(values: Sequence[T], count: int) -> list[T]:
    """About `count` of the values at most, but a few in any case, evenly spread, the first among them."""
    return list(values[:: max(1, -(-len(values) // max(_FEW, count)))])
