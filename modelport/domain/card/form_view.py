"""JSON Schemas as forms that user interfaces can render.

Generators of forms draw `T | null` as a choice between two nameless options. In a form such a field is a `T` that may
be left out, its bounds stand beside its type, and what only programs read is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["form_of"]

Schema = Mapping[str, Any]
"""A JSON Schema, or a part of one (Any: JSON values)."""

_HIDDEN = frozenset({"id", "type"})
"""Fields that a program sets, not a person."""
_OF_FORM = ("title", "description")
_DEPTH = 8


def form_of(schema: Schema) -> dict[str, Any]:
    """The schema of an object as a form: no field is `null`, none is of no interest, defaults are shown.

    Values of the form are valid for `schema`; fields that are left out have their defaults.
    """
    definitions = schema.get("$defs", {})
    fields = {
        name: _field(field, definitions) for name, field in schema.get("properties", {}).items() if name not in _HIDDEN
    }
    form: dict[str, Any] = {name: schema[name] for name in _OF_FORM if name in schema}
    form |= {"type": "object", "properties": fields, "additionalProperties": False}
    required = [name for name in schema.get("required", ()) if name in fields]
    return {**form, "required": required} if required else form


def _field(schema: Schema, definitions: Schema, depth: int = 0) -> dict[str, Any]:
    field = dict(schema)
    reference = field.pop("$ref", None)
    if isinstance(reference, str) and depth < _DEPTH:
        field = {**_field(definitions.get(reference.rpartition("/")[2], {}), definitions, depth + 1), **field}
    if field.get("default", ...) is None:
        del field["default"]
    branches = [branch for branch in field.pop("anyOf", ()) if branch.get("type") != "null"]
    if len(branches) == 1 and depth < _DEPTH:
        field = _narrowed(_field(branches[0], definitions, depth + 1), field)
    elif branches:
        field["oneOf"] = [{"title": _title(branch), **branch} for branch in branches]
    return {name: value for name, value in field.items() if not name.startswith("x-")}


def _narrowed(inner: dict[str, Any], outer: Mapping[str, Any]) -> dict[str, Any]:
    """Both parts of a field; where both bound it, the narrower bound counts."""
    field = {**inner, **outer}
    for name, closer in (("minimum", max), ("exclusiveMinimum", max), ("maximum", min), ("exclusiveMaximum", min)):
        if name in inner and name in outer:
            field[name] = closer(inner[name], outer[name])
    return field


def _title(branch: Schema) -> str:
    """A name for one of several kinds of values."""
    if "const" in branch:
        return str(branch["const"])
    return str(branch.get("title") or branch.get("type", "value")).capitalize()
