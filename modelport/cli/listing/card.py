"""Shows one model card with a table of its parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from ...domain.card.form import HINT

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ...composition.providers.catalogue import CatalogueEntry

__all__ = ["describe", "describe_type"]

_BOUNDS = {
    "minimum": ("≥", ""),
    "exclusiveMinimum": (">", "minimum"),
    "maximum": ("≤", ""),
    "exclusiveMaximum": ("<", "maximum"),
}
"""The sign of a bound, and the bound on a card that replaces it."""
_SHOWN = (
    *("status", "sunset_on", "aliases", "input_types", "output_types", "context_size", "output_size", "dimensions"),
    *("supported_dimensions", "voices", "max_characters", "realtime", "tools", "thinking", "source", "verified_on"),
    "notes",
)

Schema = dict[str, Any]
"""A JSON Schema (Any: JSON values)."""


def describe(entry: CatalogueEntry) -> list[RenderableType]:
    """A title, the card's fields, then its parameters."""
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("kind", entry.kind)
    if entry.classes:
        facts.add_row("classes", ", ".join(entry.classes))
    for name, value in _facts(entry):
        facts.add_row(name, Text(value))
    title = Text.assemble((f"{entry.provider}/{entry.card.name}", "bold"), "  ", (entry.card.label, "dim"))
    schema = entry.card.parameter_schema
    form: list[RenderableType] = ["", _form(schema)] if schema.get("properties") else []
    return [title, facts, *form, ""]


def _facts(entry: CatalogueEntry) -> Iterator[tuple[str, str]]:
    card = entry.card.model_dump(mode="json", include=set(_SHOWN), exclude_none=True)
    for name in _SHOWN:
        value = card.get(name)
        if value not in (None, [], {}):
            yield name.replace("_", " "), _value(value)


def _value(value: Any) -> str:  # Any: a JSON value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_value(item)}" for name, item in value.items() if item not in (None, [], {}))
    return str(value)


def _form(schema: Schema) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("parameter", no_wrap=True)
    table.add_column("type")
    table.add_column("default", no_wrap=True)
    table.add_column("description")
    for name, field in schema["properties"].items():
        given = "default" in field and field["default"] is not None
        default = json.dumps(field["default"], ensure_ascii=False) if given else "-"
        table.add_row(name, describe_type(field, schema), default, Text(field.get("description", "")))
    return table


def describe_type(field: Schema, root: Schema) -> str:
    """The type with its range or choices: `number ≥ 0 ≤ 2`, `low | medium | high`."""
    options = [_resolved(option, root) for option in field.get("anyOf", [field])]
    options = [{**option, **_narrowed(field)} for option in options if option.get("type") != "null"]
    return " or ".join(dict.fromkeys(_one_type(option) for option in options))


def _resolved(field: Schema, root: Schema) -> Schema:
    name = str(field.get("$ref", "")).rpartition("/")[2]
    found: Schema = root.get("$defs", {}).get(name, field)
    return found


def _narrowed(field: Schema) -> Schema:
    """The keywords that a card adds next to an `anyOf`; they apply to each option."""
    return {key: field[key] for key in ("enum", HINT, *_BOUNDS) if key in field and "anyOf" in field}


def _one_type(field: Schema) -> str:
    choices = [value for value in field.get("enum", [field["const"]] if "const" in field else []) if value is not None]
    bounds = [
        f"{sign} {field[key]:,}" for key, (sign, better) in _BOUNDS.items() if key in field and better not in field
    ]
    if choices:
        listed = " | ".join(str(value) for value in choices)
        return " ".join([str(field.get("type", "any")), *bounds, f"(e.g. {listed})"]) if field.get(HINT) else listed
    return " ".join([str(field.get("type", "any")), *bounds])
