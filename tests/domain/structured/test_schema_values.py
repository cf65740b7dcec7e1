"""Fitting values to a schema: conversions, defaults, and values that stay as they are."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from modelport.domain.structured.schema_values import fitted

CAT = {"type": "object", "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer", "default": 9}}}
DOG = {"type": "object", "properties": {"kind": {"const": "dog"}, "tail": {"type": "boolean", "default": True}}}


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("integer", "12", 12),
        ("integer", "12.0", 12),
        ("integer", 12.0, 12),
        ("integer", "12.5", "12.5"),
        ("integer", "twelve", "twelve"),
        ("number", "1.5", 1.5),
        ("number", "1", 1),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("boolean", "yes", "yes"),
        ("null", "null", None),
        ("string", 12, 12),
        ("string", "12", "12"),
        (["integer", "string"], "12", "12"),
        (["integer", "null"], "12", 12),
        (["integer", "null"], "null", None),
        (["integer", "null"], 12.0, 12),
    ],
)
def test_scalars_with_one_obvious_reading(kind: Any, given: Any, wanted: Any) -> None:
    value = fitted({"a": given}, {"properties": {"a": {"type": kind}}})["a"]
    assert value == wanted and type(value) is type(wanted)


@pytest.mark.parametrize(
    ("schema", "given", "wanted"),
    [
        ({"properties": {"a": {"default": 1}, "b": {}}}, {}, {"a": 1}),
        ({"properties": {"a": {"default": 1}}}, {"a": None}, {"a": None}),
        ({"$ref": "#/$defs/C", "$defs": {"C": CAT}}, {"kind": "cat"}, {"kind": "cat", "lives": 9}),
        ({"allOf": [CAT, {"properties": {"name": {"default": "Tom"}}}]}, {}, {"lives": 9, "name": "Tom"}),
        (
            {"properties": {"pets": {"items": {"anyOf": [CAT, DOG]}}}},
            {"pets": [{"kind": "dog"}]},
            {"pets": [{"kind": "dog", "tail": True}]},
        ),
        ({"properties": {"pet": {"oneOf": [{"type": "null"}, CAT]}}}, {"pet": {"lives": "7"}}, {"pet": {"lives": 7}}),
        ({"properties": {"pet": {"anyOf": [CAT, DOG]}}}, {"pet": {}}, {"pet": {}}),
    ],
)
def test_defaults_and_unions(schema: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    before = deepcopy(given)
    assert fitted(given, schema) == wanted
    assert given == before


def test_recursion_ends() -> None:
    node = {"properties": {"v": {"type": "integer"}, "next": {"$ref": "#"}}}
    assert fitted({"next": {"next": {"v": "1"}}}, node) == {"next": {"next": {"v": 1}}}
    assert fitted({}, {"$ref": "#"}) == {}
