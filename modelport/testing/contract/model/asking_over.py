"""What the cases that embedding and speech models share are checked on."""

from __future__ import annotations

from typing import Any

from ..core.case import NotApplicableError

__all__ = ["AN_ANSWER", "A_REFUSAL", "CardOf", "a_good", "all_over_http", "cards", "good", "over_http", "refusals"]

AN_ANSWER = "a cassette of a successful answer"
A_REFUSAL = "a cassette of an unsuccessful answer"


def good(contract: Any) -> list[Any]:  # Any: a contract, tapes
    """Every good answer."""
    return list(contract.good())


def a_good(contract: Any) -> list[Any]:  # Any: as above
    """The first of them: enough for what has nothing to do with its content."""
    return list(contract.good()[:1])


def over_http(contract: Any) -> list[Any]:  # Any: as above
    """The first good answer, of a class that speaks HTTP."""
    if getattr(contract, "realtime", False):
        raise NotApplicableError("the class speaks over WebSockets")
    return a_good(contract)


def all_over_http(contract: Any) -> list[Any]:  # Any: as above
    """Every good answer, of a class that speaks HTTP."""
    return good(contract) if over_http(contract) else []


def refusals(contract: Any) -> list[Any]:  # Any: as above
    """Every unsuccessful answer."""
    return list(contract.refusals())


class CardOf:
    """A card as a variant: its name is the model's (Any: a card of any kind)."""

    def __init__(self, card: Any) -> None:
        self.card = card

    def __str__(self) -> str:
        return str(self.card.name)


def cards(contract: Any) -> list[CardOf]:  # Any: a contract
    """Every card of the class."""
    return [CardOf(card) for card in contract.model.list_models()]
