"""JSON Schemas as forms that user interfaces can render.

Generators of forms draw `T | null` as a choice between two nameless options. In a form such a field is a `T` that may
be left out, its bounds stand beside its type, and what only programs read is left out. The same holds for the fields of
objects inside it: references are resolved, so a form needs no `$defs`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .form import HINT

__all__ = ["form_of"]

Schema = Mapping[str, Any]
"""A JSON Schema, or a part of one (Any: JSON values)."""

_HIDDEN = frozenset({"id", "type"})
"""Fields that a program sets, not a person."""
_OF_FORM = ("title", "description")
_DEPTH = 8
_OF_SERVERS = frozenset({"path"})
"""Formats that generators of forms do not know."""
_NOTES = re.compile(r"(?<!\s)\s*+Facts: docs/\S+")
"""What descriptions say to readers of the source."""


def form_of(schema: Schema) -> dict[str, Any]:
    """The schema of an object as a form: no field is `null`, none is of no interest, defaults are shown.

    Values of the form are valid for `schema`; fields that are left out have their defaults. Suggested values are the
    field's `examples`, since others are legal too.
    """
    definitions = schema.get("$defs", {})
    fields = {
        name: _field(field, definitions) for name, field in schema.get("properties", {}).items() if name not in _HIDDEN
    }
    form: dict[str, Any] = {name: schema[name] for name in _OF_FORM if name in schema}
    form |= {"type": "object", "properties": fields, "additionalProperties": False}
    required = [name for name in schema.get("required", ()) if name in fields]
    return _said({**form, "required": required} if required else form)


def _field(schema: Schema, definitions: Schema, depth: int = 0) -> dict[str, Any]:
    field = dict(schema)
    reference = field.pop("$ref", None)
    if isinstance(reference, str) and depth < _DEPTH:
        field = {**_field(definitions.get(reference.rpartition("/")[2], {}), definitions, depth + 1), **field}
    if field.get("default", ...) is None:
        del field["default"]
    branches = [branch for branch in field.pop("anyOf", ()) if branch.get("type") != "null"]
    if depth < _DEPTH:
        kinds = [_field(branch, definitions, depth + 1) for branch in branches]
        if len(kinds) == 1:
            field = _narrowed(kinds[0], field)
        elif kinds:
            field["oneOf"] = [{**branch, "title": _title(branch)} for branch in kinds]
        field |= _inside(field, definitions, depth + 1)
    if field.get("format") in _OF_SERVERS:
        del field["format"]
    if field.get(HINT) and "enum" in field:
        field["examples"] = field.pop("enum")
    return _said({name: value for name, value in _inclusive(field).items() if not name.startswith("x-")})


def _inside(field: Schema, definitions: Schema, depth: int) -> dict[str, Any]:
    """The fields of an object, and what an array or a mapping holds."""
    found: dict[str, Any] = {}
    if isinstance(field.get("properties"), Mapping):
        found["properties"] = {name: _field(inner, definitions, depth) for name, inner in field["properties"].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(field.get(name), Mapping):
            found[name] = _field(field[name], definitions, depth)
    return found


def _narrowed(inner: dict[str, Any], outer: Mapping[str, Any]) -> dict[str, Any]:
    """Both parts of a field; where both bound it, the narrower bound counts."""
    field = {**inner, **outer}
    for name, closer in (("minimum", max), ("exclusiveMinimum", max), ("maximum", min), ("exclusiveMaximum", min)):
        if name in inner and name in outer:
            field[name] = closer(inner[name], outer[name])
    return field


def _inclusive(field: dict[str, Any]) -> dict[str, Any]:
    """A whole number above 0 is one from 1 on: number inputs know no other bounds."""
    if field.get("type") != "integer":
        return field
    for beyond, bound, step, closer in (
        ("exclusiveMinimum", "minimum", 1, max),
        ("exclusiveMaximum", "maximum", -1, min),
    ):
        if isinstance(limit := field.pop(beyond, None), int):
            field[bound] = closer(limit + step, field.get(bound, limit + step))
    return field


def _said(field: dict[str, Any]) -> dict[str, Any]:
    """The field without what its description says of the source."""
    if "description" in field:
        field["description"] = _NOTES.sub("", str(field["description"])).strip()
    return field


def _title(branch: Schema) -> str:
    """A name for one of several kinds of values."""
    if "const" in branch:
        return str(branch["const"])
    if branch.get("type") == "boolean":
        return "Yes or no"
    if "minimum" in branch and "maximum" in branch:
        return f"{branch['minimum']} to {branch['maximum']}"
    return str(branch.get("title") or branch.get("type", "value")).capitalize()
