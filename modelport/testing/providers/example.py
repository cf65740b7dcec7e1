"""A value that fits a JSON Schema, as small as the schema allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["example"]

_DEEPEST = 6
"""Below it optional properties are left out, so that a schema which refers to itself ends."""
_USUAL_ITEMS = 2
"""Of an array that may have any number: some providers' dialects cannot state a minimum."""
_FORMATS = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "time": "03:04:05Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def example(schema: Any, root: Any = None, depth: int = 0) -> Any:  # Any: JSON Schemas and JSON values
    """The value: constants and first choices, then by type. Patterns are not kept."""
    root = schema if root is None else root
    schema = _resolved(schema, root)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    for name in ("enum", "examples"):
        if schema.get(name):
            return schema[name][0]
    for name in ("anyOf", "oneOf"):
        if schema.get(name):
            return example(_simplest(schema[name], root, depth), root, depth + 1)
    make = _OF_TYPE.get(_type(schema))
    return make(schema, root, depth) if make else _text(schema)


def _resolved(schema: Any, root: Any) -> dict[str, Any]:
    """The schema with its reference followed and its parts (`allOf`) joined."""
    if not isinstance(schema, Mapping):
        return {}
    found = dict(schema)
    while isinstance(reference := found.pop("$ref", None), str):
        target: Any = root
        for step in reference.removeprefix("#").strip("/").split("/"):
            target = target.get(step.replace("~1", "/").replace("~0", "~"), {}) if step else target
        found = {**target, **found}
    for part in found.pop("allOf", ()):
        more = _resolved(part, root)
        properties = {**found.get("properties", {}), **more.get("properties", {})}
        required = [*found.get("required", ()), *more.get("required", ())]
        found = {**found, **more, **({"properties": properties, "required": required} if properties else {})}
    return found


def _simplest(choices: list[Any], root: Any, depth: int) -> Any:
    """The first choice that is not null, else null; deep down null, if it may be."""
    kinds = [_resolved(choice, root).get("type") for choice in choices]
    wanted = [choice for choice, kind in zip(choices, kinds, strict=True) if (kind == "null") is (depth >= _DEEPEST)]
    return wanted[0] if wanted else choices[0]


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    return str(kind).lower() if kind else "object" if "properties" in schema else "string"


def _object(schema: Mapping[str, Any], root: Any, depth: int) -> dict[str, Any]:
    properties, required = schema.get("properties", {}), schema.get("required", ())
    names = [name for name in properties if name in required or depth < _DEEPEST]
    return {name: example(properties[name], root, depth + 1) for name in names}


def _array(schema: Mapping[str, Any], root: Any, depth: int) -> list[Any]:
    first = list(schema.get("prefixItems", ()))
    usual = 0 if first or depth >= _DEEPEST else min(_USUAL_ITEMS, int(schema.get("maxItems", _USUAL_ITEMS)))
    count = max(int(schema.get("minItems", 0)), usual)
    rest = [schema.get("items", {})] * max(0, count - len(first))
    return [example(item, root, depth + 1) for item in [*first, *rest]]


def _number(schema: Mapping[str, Any], root: Any, depth: int) -> float:
    step = schema.get("multipleOf") or 1
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    value: float = step if low is None else -(-low // step) * step
    if low is not None and value <= low and "exclusiveMinimum" in schema:
        value += step
    if high is not None and value >= high:
        middle = high - step if low is None else (low + high) / 2
        value = high if "maximum" in schema and value == high else middle
    return int(value) if _type(schema) == "integer" else float(value)


def _text(schema: Mapping[str, Any]) -> str:
    text = _FORMATS.get(str(schema.get("format")), str(schema.get("title") or "text"))
    text = text.ljust(int(schema.get("minLength", 0)), "x")
    return text[: int(schema.get("maxLength", len(text)))]


_OF_TYPE: Mapping[str, Callable[[Mapping[str, Any], Any, int], Any]] = {
    "object": _object,
    "array": _array,
    "number": _number,
    "integer": _number,
    "boolean": lambda schema, root, depth: True,
    "null": lambda schema, root, depth: None,
}
