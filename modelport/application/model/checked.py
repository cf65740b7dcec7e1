"""A model's parameters, checked against its card once for the same values and not at each call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..call.arguments import parameter_values

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ...domain.card.cards import BaseCard
    from ...domain.message.responses import ModelWarning

__all__ = ["Checked", "checked"]

_PLAIN = frozenset({type(None), bool, int, float, str})


class Checked(NamedTuple):
    """Checked parameters, and what they were made of."""

    given: dict[str, Any]  # Any: each has its own type
    types: tuple[type, ...]
    cls: type
    card: BaseCard
    card_checks: str
    values: dict[str, Any]  # Any: as above
    warnings: list[ModelWarning]


def checked(known: Checked | None, parameters: BaseModel, card: BaseCard, card_checks: Literal["on", "off"]) -> Checked:
    """What is known, where it is of these parameters as they are now; else what `parameter_values` says.

    Copy its values before they are changed.
    """
    flat = parameters.__dict__
    types = (*map(type, flat.values()),)  # 1 and True are equal
    if parameters.__pydantic_extra__ or not _PLAIN.issuperset(types):
        flat = parameters.model_dump(exclude_none=True)  # what is inside of a value may have changed
        types = (*map(type, flat.values()),)
    if (
        known is not None
        and known.card is card
        and known.card_checks == card_checks
        and known.cls is parameters.__class__
        and known.given == flat
        and known.types == types
    ):
        return known
    return Checked(
        flat.copy(), types, parameters.__class__, card, card_checks, *parameter_values(parameters, card, card_checks)
    )
