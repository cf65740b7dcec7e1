"""JSON Schema subsets that the wire formats accept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .common import Finding, Findings, Json, as_list, as_object
from .metaschema import schema_faults

_MAPS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_SINGLES = ("items", "additionalProperties", "not")


def subschemas(schema: Json, path: str) -> Iterator[tuple[str, dict[str, Json]]]:
    """A schema and everything below it, with paths. Property names are never taken for keywords."""
    if not isinstance(schema, dict):
        return
    yield path, schema
    for key in _MAPS:
        for name, child in as_object(schema.get(key)).items():
            yield from subschemas(child, f"{path}.{key}.{name}")
    for key in _LISTS:
        for index, child in enumerate(as_list(schema.get(key))):
            yield from subschemas(child, f"{path}.{key}[{index}]")
    for key in _SINGLES:
        yield from subschemas(schema.get(key), f"{path}.{key}")


def is_object_schema(schema: Mapping[str, Json]) -> bool:
    """Whether a subschema describes an object."""
    return schema.get("type") in ("object", "OBJECT") or "properties" in schema


def strict_findings(schema: Json, path: str, rule: str = "strict-schema") -> Findings:
    """The subset of OpenAI's strict mode: closed objects with all properties required, no root union."""
    if "anyOf" in as_object(schema):
        yield Finding(rule, f"{path}.anyOf", "a strict schema has no union at its root")
    for where, part in subschemas(schema, path):
        if not is_object_schema(part):
            continue
        if part.get("additionalProperties") is not False:
            yield Finding(rule, where, "a strict object needs additionalProperties false")
        missing = set(as_object(part.get("properties"))) - set(map(str, as_list(part.get("required"))))
        if missing:
            yield Finding(rule, where, f"a strict object requires all properties: {sorted(missing)}")


_REFUSED_AT_ROOT = ("anyOf", "oneOf", "allOf", "enum", "not", "$ref")


def tool_findings(schema: Json, path: str, *, items: bool = False, names: str | None = None) -> Findings:
    """The parameters of a tool: a valid schema of an object, without a union at its root.

    `items` says whether arrays need that keyword, `names` is the pattern of the properties' names.
    """
    rule = "tool-schema"
    if as_object(schema).get("type") != "object":
        yield Finding(rule, path, "the root of a tool's schema is an object")
    for key in _REFUSED_AT_ROOT:
        if key in as_object(schema):
            yield Finding(rule, f"{path}.{key}", f"the root of a tool's schema has no {key}")
    faults = [Finding(rule, where, f"expected {expected}") for where, expected in schema_faults(schema, path)]
    if faults:
        yield from faults
        return
    for where, part in subschemas(schema, path):
        yield from _part_findings(part, where, rule, items=items, names=names)


def _part_findings(part: Mapping[str, Json], path: str, rule: str, *, items: bool, names: str | None) -> Findings:
    kind = part.get("type")
    if items and "array" in (kind if isinstance(kind, list) else [kind]) and "items" not in part:
        yield Finding(rule, path, "array schema missing items")
    for name in part.get("properties", {}) if names else ():
        if not re.fullmatch(str(names), name):
            yield Finding(rule, f"{path}.properties", f"the name {name!r} does not match {names}")
    try:
        re.compile(part.get("pattern", ""))
    except re.error:
        yield Finding(rule, f"{path}.pattern", "not a regular expression")


def is_recursive(schema: Json) -> bool:
    """Whether a local reference leads back to itself."""
    outer = as_object(schema)
    definitions = {**as_object(outer.get("$defs")), **as_object(outer.get("definitions"))}

    def reaches(part: Json, seen: frozenset[str]) -> bool:
        for _, child in subschemas(_without_definitions(part), ""):
            name = child.get("$ref")
            if not isinstance(name, str):
                continue
            if name == "#" or name in seen:
                return True
            if reaches(definitions.get(name.rsplit("/", 1)[-1]), seen | {name}):
                return True
        return False

    return reaches(schema, frozenset())


def _without_definitions(schema: Json) -> Json:
    """Definitions count only where something refers to them."""
    if not isinstance(schema, dict):
        return schema
    return {key: value for key, value in schema.items() if key not in ("$defs", "definitions")}
