"""The form of the neutral settings that one model takes, made of what the provider's rules and the card allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...domain.chat.settings import LEVELS, SettingRules, refusal
from ...domain.errors import InvalidRequestError

if TYPE_CHECKING:
    from ...domain.card.cards import ModelCard

__all__ = ["settings_form"]

Schema = dict[str, Any]
"""A JSON Schema (Any: JSON values)."""

_PENALTY: Schema = {"type": "number", "minimum": -2, "maximum": 2}
_FIELDS: Mapping[str, Schema] = {
    "thinking": {"title": "Thinking", "description": "How much the model thinks."},
    "stop": {
        "title": "Stop texts",
        "description": "The answer ends before any of them.",
        "type": "array",
        "items": {"type": "string"},
    },
    "seed": {
        "title": "Seed",
        "description": "Makes sampling repeatable, where it can be.",
        "type": "integer",
    },
    "presence_penalty": {
        "title": "Presence penalty",
        "description": "Above 0, words that occurred already become less likely.",
        **_PENALTY,
    },
    "frequency_penalty": {
        "title": "Frequency penalty",
        "description": "Above 0, words that occurred often become less likely.",
        **_PENALTY,
    },
    "top_k": {
        "title": "Top K",
        "description": "Only this many of the likeliest words are considered.",
        "type": "integer",
        "minimum": 1,
    },
    "logprobs": {"title": "Log probabilities", "description": "Alternatives for each token.", "type": "integer"},
    "service_tier": {
        "title": "Service tier",
        "description": "The provider's word for how urgent the call is.",
        "type": "string",
    },
    "user": {"title": "User", "description": "An identifier of the end user, sent as it is given.", "type": "string"},
    "cache": {
        "title": "Prompt cache",
        "description": "Whether, or how long, the prompt is kept.",
        "type": "string",
    },
}
_TRIED: Mapping[str, tuple[Any, ...]] = {
    "cache": ("auto", "off", "5m", "30m", "1h", "12h"),
    "logprobs": (20, 8, 5, True),
}
"""Values of which a form offers those that the rule takes."""
_SAMPLES: Mapping[str, Any] = {"stop": ["."], "service_tier": "auto", "user": "a"}


def settings_form(rules: SettingRules | None, card: ModelCard, parameters: Mapping[str, Any]) -> Schema:
    """The JSON Schema of a form whose values are neutral settings; those that are parameters of the class are left out.

    `parameters` is the schema of the class's parameters.
    """
    fields: dict[str, Schema] = {}
    for name, field in _FIELDS.items():
        if name in parameters.get("properties", {}):
            continue
        offered = _thinking(card) if name == "thinking" else _offered(name, rules or {}, card)
        if offered is not None:
            fields[name] = {**field, **offered}
    return {"title": "Settings", "type": "object", "properties": fields, "additionalProperties": False}


def _thinking(card: ModelCard) -> Schema | None:
    return {"type": "string", "enum": list(LEVELS)} if card.thinks else None


def _offered(name: str, rules: SettingRules, card: ModelCard) -> Schema | None:
    """What the rule says of the values; `None` when the setting is not sent."""
    if refusal(name, card.sampling if card.known else None, thinks=False):
        return None
    taken = [value for value in _TRIED.get(name, (_SAMPLES.get(name, 1),)) if _takes(rules.get(name), value)]
    if not taken:
        return None
    if name == "cache":
        return {"enum": taken} if taken != ["auto"] else None
    if name == "logprobs":
        return {"type": "boolean"} if taken == [True] else {"minimum": 0, "maximum": taken[0]}
    return {}


def _takes(rule: object, value: Any) -> bool:  # Any: a JSON value
    try:
        return callable(rule) and isinstance(rule(value), Mapping)
    except InvalidRequestError:
        return False
