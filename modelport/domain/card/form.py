"""Makes a model's parameter form from the schema of its class, the model's limits and the card's overrides.

Pure functions on JSON Schema dicts. Neither `hidden` nor `removed` parameters are in the form; they are kept apart so
that an application can show the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from ..message.media import THINKING_TYPE, media_matches
from ..records import record

__all__ = ["HINT", "NO_FORM", "FormRules", "MergedSchema", "copy_json", "merge_schema"]

Schema = dict[str, Any]
"""A JSON Schema (Any: JSON values of any shape)."""

HINT = "x-hint"
"""A property with this key set has an `enum` of suggestions: other values inside its range are legal too."""

_THINKING_PARAMETERS = ("thinking_enable", "thinking_budget", "thinking_mode", "thinking_display", "thinking_level")
_DEFINITIONS = "#/$defs/"


@record(frozen=True, slots=True)
class FormRules:
    """What the card contributes to the form.

    `output_types` is `None` for kinds whose form does not depend on them. `limits` sets a property's `maximum`,
    `choices` gives it suggested values, the first one being its default. `overrides` come last: a dict is merged into
    the property, `{hidden: true}` hides it and `None` removes it.
    """

    overrides: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    output_types: Sequence[str] | None = None
    limits: Mapping[str, int | None] = field(default_factory=dict)
    choices: Mapping[str, Sequence[Any] | None] = field(default_factory=dict)


@record(frozen=True, slots=True)
class MergedSchema:
    """The final form, and the properties of the class's schema that are not in it."""

    schema: Schema
    removed: dict[str, Schema]
    hidden: dict[str, Schema]


NO_FORM = MergedSchema({}, {}, {})
"""The form of a card made without the schema of a class."""


def copy_json(value: Any) -> Any:
    """A deep copy of a JSON value, several times faster than `copy.deepcopy` (Any: a JSON value)."""
    if isinstance(value, dict):
        return {key: copy_json(part) for key, part in value.items()}
    return [copy_json(part) for part in value] if isinstance(value, list) else value


def merge_schema(base: Mapping[str, Any], rules: FormRules) -> MergedSchema:
    """The form of one model, from `Parameters.model_json_schema()` of its class.

    Neither argument is changed. The form shares with both what it does not change: copy it before you hand it out.
    """
    properties: dict[str, Schema] = dict(base.get("properties", {}))
    removed: dict[str, Schema] = {}
    hidden: dict[str, Schema] = {}
    for name in _beyond_the_model(rules.output_types):
        _move(name, properties, removed)
    for name, maximum in rules.limits.items():
        if maximum is not None and name in properties:
            properties[name] = {**properties[name], "maximum": maximum}
    for name, values in rules.choices.items():
        if values and name in properties:
            properties[name] = {**properties[name], "default": values[0], "enum": list(values), HINT: True}
    for name, override in rules.overrides.items():
        if override is None:
            _move(name, properties, removed)
        elif override.get("hidden"):
            _move(name, properties, hidden)
        elif name in properties:
            properties[name] = {**properties[name], **override}
            properties[name].pop("hidden", None)
    return MergedSchema(_as_object(base, properties), removed, hidden)


def _beyond_the_model(output_types: Sequence[str] | None) -> Iterator[str]:
    if output_types is None:
        return
    if not media_matches(THINKING_TYPE, output_types):
        yield from _THINKING_PARAMETERS
    if not any(kind.startswith(("audio/", "*/")) for kind in output_types):
        yield "voice"


def _move(name: str, source: dict[str, Schema], target: dict[str, Schema]) -> None:
    if name in source:
        target[name] = source.pop(name)


def _as_object(base: Mapping[str, Any], properties: dict[str, Schema]) -> Schema:
    required = [name for name in base.get("required", []) if name in properties]
    schema: Schema = {"type": "object", "properties": properties, "required": required}
    if base.get("$defs"):
        used = _used_definitions(base["$defs"], properties)
        if used:
            schema["$defs"] = used
    return schema


def _used_definitions(definitions: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions that the remaining properties refer to, directly or through each other."""
    used: dict[str, Any] = {}
    open_names = list(_referenced(properties))
    while open_names:
        name = open_names.pop()
        if name in definitions and name not in used:
            used[name] = definitions[name]
            open_names.extend(_referenced(used[name]))
    return used


def _referenced(node: Any) -> Iterator[str]:  # Any: a JSON value
    if isinstance(node, Mapping):
        target = node.get("$ref")
        if isinstance(target, str) and target.startswith(_DEFINITIONS):
            yield target.removeprefix(_DEFINITIONS)
        for value in node.values():
            yield from _referenced(value)
    elif isinstance(node, list):
        for value in node:
            yield from _referenced(value)
