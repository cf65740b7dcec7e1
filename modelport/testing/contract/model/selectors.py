"""What the cases of a chat model are checked on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from ..core.recordings import Taped

if TYPE_CHECKING:
    from ....domain.card.cards import ModelCard
    from ..chat.contract import ChatContract

T = TypeVar("T")

__all__ = [
    "A_CARD",
    "A_REFUSAL",
    "A_STREAM",
    "a_body",
    "a_stream",
    "bodies",
    "broken_streams",
    "cards",
    "good",
    "refusals",
    "some",
    "sse_streams",
    "streams",
]

A_STREAM = "a cassette of a streamed answer"
A_REFUSAL = "a cassette of an unsuccessful answer"
A_CARD = "a card"
_FEW = 4


def streams(contract: ChatContract) -> list[Taped]:
    """Every streamed answer."""
    return contract.streams()


def sse_streams(contract: ChatContract) -> list[Taped]:
    """Every answer streamed as server-sent events."""
    return [tape for tape in contract.streams() if tape.is_sse]


def a_stream(contract: ChatContract) -> list[Taped]:
    """A streamed answer of few events, but not too few: enough for what has nothing to do with its content."""
    return sorted(contract.streams(), key=lambda tape: (len(tape.frames) < _FEW, len(tape.frames)))[:1]


def bodies(contract: ChatContract) -> list[Taped]:
    """Every good answer in one piece."""
    return contract.bodies()


def broken_streams(contract: ChatContract) -> list[Taped]:
    """Every stream whose last event is an error."""
    return contract.broken_streams()


def a_body(contract: ChatContract) -> list[Taped]:
    """One of them."""
    return contract.bodies()[:1]


def good(contract: ChatContract) -> list[Taped]:
    """Every good answer."""
    return [*contract.streams(), *contract.bodies()]


def refusals(contract: ChatContract) -> list[Taped]:
    """Every unsuccessful answer."""
    return contract.refusals()


def some(values: Sequence[T], count: int) -> list[T]:
    """About so many of the values at most, but a few in any case, evenly spread, the first among them."""
    return list(values[:: max(1, -(-len(values) // max(_FEW, count)))])


def cards(contract: ChatContract) -> list[ModelCard]:
    """Every card of the class."""
    return contract.model.list_models()
