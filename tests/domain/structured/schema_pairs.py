"""JSON Schemas drawn together with values that they allow."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

__all__ = ["object_pairs"]

Pair = tuple[dict[str, Any], Any]

_FORMATTED = {
    "date": "2026-02-03",
    "duration": "P1D",
    "email": "a@b.example",
    "ipv4": "10.0.0.1",
    "phone": "+1 2",
    "uri": "https://a.example/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_NAMES = st.sampled_from(["a", "b", "c", "name", "when", "null", "items"])
_WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x4FF), max_size=8)


@st.composite
def _strings(draw: st.DrawFn) -> Pair:
    value = draw(_WORDS)
    schema: dict[str, Any] = {"type": "string"}
    if draw(st.booleans()):
        schema["minLength"] = draw(st.integers(0, len(value)))
    if draw(st.booleans()):
        schema["maxLength"] = len(value) + draw(st.integers(0, 3))
    if draw(st.booleans()):
        schema["description"] = draw(_WORDS)
    return schema, value


@st.composite
def _formats(draw: st.DrawFn) -> Pair:
    name, value = draw(st.sampled_from(sorted(_FORMATTED.items())))
    pattern = draw(st.sampled_from([None, "^.+$", "."]))
    return {"type": "string", "format": name, **({"pattern": pattern} if pattern else {})}, value


@st.composite
def _numbers(draw: st.DrawFn) -> Pair:
    value = draw(st.integers(-1000, 1000))
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    if draw(st.booleans()):
        schema["minimum"] = value - draw(st.integers(0, 5))
    if draw(st.booleans()):
        schema["exclusiveMaximum"] = value + draw(st.integers(1, 5))
    if draw(st.booleans()):
        schema["default"] = 7
    return schema, value


@st.composite
def _choices(draw: st.DrawFn) -> Pair:
    values = draw(st.lists(st.one_of(_WORDS, st.integers(-5, 5), st.none()), min_size=1, max_size=4, unique_by=repr))
    value = draw(st.sampled_from(values))
    if draw(st.booleans()):
        return {"const": value}, value
    return {"enum": values}, value


@st.composite
def _arrays(draw: st.DrawFn, parts: st.SearchStrategy[Pair]) -> Pair:
    kind = draw(st.sampled_from(["items", "prefixItems", "draft7"]))
    if kind == "items":
        schema, value = draw(parts)
        count = draw(st.integers(0, 3))
        limits = {"minItems": count} if draw(st.booleans()) else {"maxItems": count + 1}
        return {"type": "array", "items": schema, **limits}, [value] * count
    pairs = draw(st.lists(parts, min_size=1, max_size=3))
    schemas, values = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if kind == "draft7":
        return {"type": "array", "items": schemas, "additionalItems": False}, values
    return {"type": "array", "prefixItems": schemas, "minItems": len(values), "maxItems": len(values)}, values


@st.composite
def _objects(draw: st.DrawFn, parts: st.SearchStrategy[Pair]) -> Pair:
    properties: dict[str, Any] = {}
    value: dict[str, Any] = {}
    required = []
    for name in draw(st.lists(_NAMES, max_size=4, unique=True)):
        properties[name], item = draw(parts)
        fate = draw(st.sampled_from(["required", "given", "left out"]))
        if fate != "left out":
            value[name] = item
        if fate == "required":
            required.append(name)
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    if draw(st.booleans()):
        schema["additionalProperties"] = False
    elif draw(st.integers(0, 4)) == 0:
        part, item = draw(parts)
        schema["additionalProperties"] = part
        value["further"] = item
    return schema, value


@st.composite
def _unions(draw: st.DrawFn, parts: st.SearchStrategy[Pair]) -> Pair:
    pairs = draw(st.lists(parts, min_size=1, max_size=3))
    chosen = draw(st.integers(0, len(pairs) - 1))
    schema: dict[str, Any] = {"anyOf": [pair[0] for pair in pairs]}
    if draw(st.booleans()):
        schema["anyOf"].append({"type": "null"})
    if draw(st.booleans()):
        return {"allOf": [schema], "title": "One"}, pairs[chosen][1]
    return schema, pairs[chosen][1]


@st.composite
def object_pairs(draw: st.DrawFn) -> Pair:
    """A schema of objects, with definitions and recursion now and then, and a value that it allows."""
    leaves = st.one_of(
        _strings(),
        _formats(),
        _numbers(),
        _choices(),
        st.just(({"type": "boolean"}, True)),
        st.just(({"type": ["string", "null"], "minLength": 1}, None)),
        st.just(({"$ref": "#/$defs/Node"}, {"value": 1, "next": {"value": 2}})),
        st.just(({"$ref": "#/$defs/Place", "description": "where"}, {"city": "x"})),
        st.just(({"allOf": [{"$ref": "#/$defs/Place"}, {"properties": {"zip": {"type": "string"}}}]}, {"city": "y"})),
    )
    parts = st.recursive(leaves, lambda inner: st.one_of(_arrays(inner), _objects(inner), _unions(inner)), max_leaves=8)
    schema, value = draw(_objects(parts))
    definitions = {
        "Node": {
            "type": "object",
            "properties": {"value": {"type": "integer", "minimum": 0}, "next": {"$ref": "#/$defs/Node"}},
            "required": ["value"],
        },
        "Place": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": definitions}, value
