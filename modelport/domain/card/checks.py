"""Checks a caller's parameters against the model's card, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InvalidRequestError
from ..message.responses import ModelWarning
from .cards import BaseCard
from .form_check import first_fault, is_beyond_hints

__all__ = ["card_warnings", "check_parameters"]


def check_parameters(card: BaseCard, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[ModelWarning]]:
    """The values that may be sent, and a warning for each that was dropped.

    Args:
        card: the model's card.
        values: parameters by name; `None` is "not set", as is the class's own default of a parameter the model lacks.
            Names that the class does not have are kept. (Any: whatever type the parameter has.)

    Raises:
        InvalidRequestError: a value is outside the card's range.
    """
    kept: dict[str, Any] = {}
    warnings: list[ModelWarning] = []
    for name, value in values.items():
        why = card.why_missing(name)
        if why is None:
            warnings.extend(_checked(card, name, value))
            kept[name] = value
        elif value is not None and value != card.class_default(name):
            warnings.append(_dropped(card, name, why))
    return kept, warnings


def card_warnings(card: BaseCard) -> list[ModelWarning]:
    """Warnings about the model itself: it has no card, or its retirement is announced."""
    if not card.known:
        return [ModelWarning("unknown_model", "model", f"{card.name} has no card; its limits are not checked")]
    if card.status == "active":
        return []
    when = f" on {card.sunset_on}" if card.sunset_on else ""
    words = "was retired" if card.status == "sunset" else "is deprecated and will be retired"
    instead = f"; its provider names {card.successor} as the successor" if card.successor else ""
    return [ModelWarning("deprecated", "model", f"{card.name} {words}{when}{instead}")]


def _checked(card: BaseCard, name: str, value: Any) -> list[ModelWarning]:
    schema = card.parameter_schema.get("properties", {}).get(name)
    if schema is None or value is None:
        return []
    fault = first_fault(value, schema, card.parameter_schema.get("$defs"))
    if fault:
        raise InvalidRequestError(
            f"{name}={value!r} {fault} (from the model card of {card.name}); "
            "change the value, or pass card_checks='off' if the card is out of date",
            model=card.name,
        )
    if is_beyond_hints(value, schema):
        return [
            ModelWarning("other", name, f"{value!r} is not among the values listed in the model card of {card.name}")
        ]
    return []


def _dropped(card: BaseCard, name: str, why: str) -> ModelWarning:
    reason = "does not have it" if why == "removed" else "is not controlled by it"
    others = ", ".join(card.visible_parameters()) or "none"
    return ModelWarning("dropped", name, f"{name} was not sent: {card.name} {reason} (its parameters: {others})")
