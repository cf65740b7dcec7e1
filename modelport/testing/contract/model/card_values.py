"""Values for the parameters of a card: legal ones, ones outside a range, and others to set with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Values", "beyond", "candidates", "circumstances"]

Values = dict[str, Any]
"""Parameters by name (Any: each has its own type)."""

_SPAN = 3000
_WORD = "5m"
_OTHERS: tuple[Values, ...] = (
    {"thinking_enable": True},
    {"thinking_enable": True, "max_tokens": 4096},
    {"thinking_enable": False},
    {"thinking_mode": "enabled"},
    {"thinking_mode": "adaptive"},
    {"thinking_mode": "disabled"},
    {"reasoning_effort": "none"},
)


def candidates(schema: Mapping[str, Any]) -> list[Any]:  # Any: JSON Schema, JSON values
    """Some legal values of a parameter with this schema."""
    found: list[Any] = []
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


def beyond(schema: Mapping[str, Any]) -> list[Any]:  # Any: as above
    """Values just outside the range that a parameter has, if it has one."""
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


def circumstances(card: Any) -> list[Values]:  # Any: a card of any kind
    """Other parameters under which a parameter may have an effect."""
    visible = set(card.visible_parameters())
    return [{}, *(others for others in _OTHERS if others.keys() <= visible)]
