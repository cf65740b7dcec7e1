"""The neutral settings of a call over HTTP, applied to its parameters and to the fields of its body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...domain.card.checks import check_parameters
from ...domain.chat.settings import BY_EFFORT, SettingRules, body_of, merged, split_settings
from ...domain.chat.thinking import THINKING_PARAMETERS, thinking_values

if TYPE_CHECKING:
    from ...domain.card.cards import ModelCard
    from ...domain.message.responses import ModelWarning

__all__ = ["Applied", "apply_settings", "call_arguments"]


@dataclass(slots=True)
class Applied:
    """What a call sends: parameters by our names, which of them were chosen, and body fields (Any: JSON values)."""

    values: dict[str, Any]
    chosen: frozenset[str]
    fields: Mapping[str, Any]
    warnings: list[ModelWarning]


def call_arguments(settings: Mapping[str, Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """A model's own settings with those of one call, which win; `extra_body` and `extra_headers` are joined."""
    both = {**settings, **kwargs}
    for name in ("extra_body", "extra_headers"):
        own, given = settings.get(name), kwargs.get(name)
        if isinstance(own, Mapping) and isinstance(given, Mapping):
            both[name] = {**own, **given}
    return both


def apply_settings(before: Applied, card: ModelCard, rules: SettingRules | None, schema: Mapping[str, Any]) -> Applied:
    """The call with its neutral settings in their places; without `rules` they are fields of the body.

    `schema` is that of the class's parameters (Any: a JSON Schema). Raises `InvalidRequestError` for a value that the
    card or the API does not allow.
    """
    ours, others = split_settings(before.fields)
    if rules is None:
        ours = {name: value for name, value in ours.items() if name == "thinking"}
        others = {name: value for name, value in before.fields.items() if name not in ours}
    if not ours:
        return before
    values, chosen, warnings = dict(before.values), before.chosen, list(before.warnings)
    own = {name: value for name, value in ours.items() if name in schema.get("properties", {})}
    kept, dropped = check_parameters(card, own)
    warnings += dropped
    if "thinking" in ours:
        by_effort = (rules or {}).get("thinking") == BY_EFFORT
        made = thinking_values(ours["thinking"], card, schema, by_effort=by_effort)
        values = {name: value for name, value in values.items() if name not in THINKING_PARAMETERS}
        chosen -= THINKING_PARAMETERS
        kept |= made.values
        warnings += made.warnings
    values |= kept
    chosen |= kept.keys()
    left = {name: value for name, value in ours.items() if name not in own}
    body, refused = body_of(left, rules or {}, card.sampling if card.known else None, thinks=_may_think(card, values))
    return Applied(values, chosen, _joined(body, others), [*warnings, *refused])


def _may_think(card: ModelCard, values: Mapping[str, Any]) -> bool:
    effort = values.get("reasoning_effort") or (card.thinking.default_effort if card.thinking else None)
    switched_off = values.get("thinking_enable") is False and bool(card.thinking and card.thinking.can_disable)
    return card.thinks and effort != "none" and not switched_off


def _joined(body: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Our fields below the caller's own, of which `extra_body` comes last."""
    fields = merged(body, others)
    extra = fields.get("extra_body")
    if isinstance(extra, Mapping):
        fields["extra_body"] = {
            name: merged(body[name], value)
            if isinstance(value, Mapping) and isinstance(body.get(name), Mapping)
            else value
            for name, value in extra.items()
        }
    return fields
