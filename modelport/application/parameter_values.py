"""The parameters of a call, as far as the model's card lets them through."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from ..domain.card_checks import card_warnings, check_parameters
from ..domain.cards import BaseCard
from ..domain.responses import ModelWarning

__all__ = ["parameter_values"]


def parameter_values(
    parameters: BaseModel, card: BaseCard, card_checks: Literal["on", "off"] = "on"
) -> tuple[dict[str, Any], list[ModelWarning]]:
    """The parameters to send by our names (Any: each has its own type), and what the caller should know.

    Raises `InvalidRequestError` for a value that the card does not allow.
    """
    values = parameters.model_dump(exclude_none=True)
    warnings = card_warnings(card)
    if card_checks == "off":
        return values, warnings
    kept, dropped = check_parameters(card, values)
    return kept, [*warnings, *dropped]
