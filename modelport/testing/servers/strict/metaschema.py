"""JSON Schema of draft 2020-12, as far as servers check it: which values the keywords of a schema take.

Facts: docs/protocols/structured-output.md#schemas-of-tools.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from .common import Json

__all__ = ["schema_faults"]

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_Check: TypeAlias = Callable[[Json], bool]


def _is_schema(value: Json) -> bool:
    return isinstance(value, dict | bool)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Json) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_bool(value: Json) -> bool:
    return isinstance(value, bool)


def _is_list(value: Json) -> bool:
    return isinstance(value, list)


def _are_names(value: Json) -> bool:
    return _is_list(value) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _are_schemas(value: Json) -> bool:
    return _is_list(value) and bool(value) and all(map(_is_schema, value))


def _is_map_of(check: _Check) -> _Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def _is_matching(pattern: str) -> _Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_type(value: Json) -> bool:
    if isinstance(value, str):
        return value in _TYPES
    return _are_names(value) and bool(value) and set(value) <= _TYPES


_KEYWORDS: Mapping[str, tuple[str, _Check]] = {
    "type": ("a type of JSON, or a list of different ones", _is_type),
    **dict.fromkeys(
        ("properties", "patternProperties", "$defs", "definitions"), ("schemas by name", _is_map_of(_is_schema))
    ),
    **dict.fromkeys(("dependentSchemas",), ("schemas by name", _is_map_of(_is_schema))),
    "dependentRequired": ("lists of names", _is_map_of(_are_names)),
    "required": ("a list of different names", _are_names),
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), ("a list of schemas that is not empty", _are_schemas)),
    **dict.fromkeys(
        ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else"),
        ("a schema", _is_schema),
    ),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "contentSchema"), ("a schema", _is_schema)),
    **dict.fromkeys(
        (
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
            "minContains",
            "maxContains",
        ),
        ("a whole number from 0", _is_count),
    ),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), ("a number", _is_number)),
    "multipleOf": ("a number above 0", lambda value: _is_number(value) and value > 0),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), ("a boolean", _is_bool)),
    **dict.fromkeys(("enum", "examples"), ("a list", _is_list)),
    **dict.fromkeys(("pattern", "format", "title", "description", "$ref", "$comment"), ("a text", _is_text)),
    **dict.fromkeys(("contentEncoding", "contentMediaType", "$schema", "$dynamicRef"), ("a text", _is_text)),
    "$id": ("a URI without a fragment", _is_matching(r"[^#]*#?")),
    **dict.fromkeys(("$anchor", "$dynamicAnchor"), ("a name", _is_matching(r"[A-Za-z_][-A-Za-z0-9._]*"))),
}
_SINGLES = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else", "contentSchema")
_UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")


def schema_faults(schema: Json, path: str) -> Iterator[tuple[str, str]]:
    """The places in a schema whose value is not one that its keyword takes, each with what is expected there."""
    if not _is_schema(schema):
        yield path, "a schema"
    if not isinstance(schema, dict):
        return
    for keyword, (expected, check) in _KEYWORDS.items():
        if keyword in schema and not check(schema[keyword]):
            yield f"{path}.{keyword}", expected
    for where, below in _below(schema, path):
        yield from schema_faults(below, where)


def _below(schema: Mapping[str, Json], path: str) -> Iterator[tuple[str, Json]]:
    for keyword in _MAPS:
        if isinstance(schema.get(keyword), dict):
            yield from ((f"{path}.{keyword}.{name}", each) for name, each in schema[keyword].items())
    for keyword in _LISTS:
        if isinstance(schema.get(keyword), list):
            yield from ((f"{path}.{keyword}[{number}]", each) for number, each in enumerate(schema[keyword]))
    yield from ((f"{path}.{keyword}", schema[keyword]) for keyword in (*_SINGLES, *_UNEVALUATED) if keyword in schema)
