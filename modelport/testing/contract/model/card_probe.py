"""What a card's parameters can be set to, and what becomes of them in a request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ....domain.card.cards import ModelCard
from ....domain.chat.tools import ToolChoice, ToolSchema
from ....domain.errors import InvalidRequestError, ModelConnectionError
from ....domain.message.messages import Msg
from ..chat.collect import question

__all__ = ["Values", "beyond", "candidates", "circumstances", "probe"]

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


async def probe(
    model: Any, tools: Sequence[ToolSchema] = (), messages: Sequence[Msg] = (), choice: ToolChoice | None = None
) -> Any:
    """The body that a model on `Nowhere` sends, as JSON; `None` when the call is refused (Any: a model, JSON)."""
    nowhere = model.runtime.transport
    nowhere.requests.clear()
    try:
        await model(list(messages or question()), tools=list(tools) or None, tool_choice=choice)
    except ModelConnectionError:
        return json.loads(nowhere.requests[-1].body)
    except InvalidRequestError:
        if nowhere.requests:
            raise AssertionError("the call was refused after a request was sent") from None
        return None
    raise AssertionError("nobody answers, and still there is an answer")


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


def circumstances(card: ModelCard) -> list[Values]:
    """What else a request may say, so that a parameter comes to bear."""
    visible = set(card.visible_parameters())
    return [{}, *(others for others in _OTHERS if others.keys() <= visible)]
