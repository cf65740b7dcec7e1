"""Schemas of tools in Moonshot's flavour: examples, and what holds for any schema."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from modelport.domain.structured.schema_rules import MOONSHOT_TOOL
from modelport.domain.structured.tool_parameters import legal_parameters
from modelport.testing.servers.strict import violations_of

Schema = dict[str, Any]  # Any: a JSON Schema


def to_kimi_schema(schema: Schema) -> Schema:
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    return legal_parameters(tool, MOONSHOT_TOOL).schema


EMPTY: Schema = {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("given_schema", "wanted"),
    [
        ({}, EMPTY),
        ({"$schema": "http://json-schema.org/draft-07/schema#", **EMPTY}, EMPTY),
        ({"properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {"a": {"type": "string"}}}),
        ({"type": ["object", "null"]}, EMPTY),
        (
            {"type": "object", "properties": {"a": {"type": "array", "items": [{"type": "string"}, {"type": "null"}]}}},
            {
                "type": "object",
                "properties": {"a": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}]}},
            },
        ),
        (
            {"type": "object", "properties": {"a": {"items": [{"type": "string"}], "additionalItems": False}}},
            {"type": "object", "properties": {"a": {"prefixItems": [{"type": "string"}], "items": False}}},
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string", "anyOf": [{"minLength": 3}, {"enum": ["x"]}, True]}},
            },
            {
                "type": "object",
                "properties": {
                    "a": {
                        "anyOf": [
                            {"type": "string", "minLength": 3},
                            {"type": "string", "enum": ["x"]},
                            {"type": "string"},
                        ]
                    }
                },
            },
        ),
        (
            {"type": "object", "properties": {"a": {"type": ["number", "null"], "anyOf": [{"type": "integer"}]}}},
            {"type": "object", "properties": {"a": {"anyOf": [{"type": "integer"}]}}},
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string", "anyOf": [{"type": "integer"}]}}},
            {"type": "object", "properties": {"a": {"anyOf": [False]}}},
        ),
        (
            {"type": "object", "properties": {"a": {"type": "number", "anyOf": [{"anyOf": [{"minimum": 1}]}]}}},
            {
                "type": "object",
                "properties": {"a": {"anyOf": [{"anyOf": [{"type": "number", "minimum": 1}]}]}},
            },
        ),
        (
            {"$ref": "#/$defs/Args", "$defs": {"Args": {"type": "object", "properties": {"a": {}}, "required": ["a"]}}},
            {
                "type": "object",
                "properties": {"a": {}},
                "required": ["a"],
            },
        ),
        (
            {
                "properties": {"a": {"$ref": "#/$defs/A"}},
                "$defs": {"A": {"type": "array", "items": [{}]}, "Unused": {"type": "array", "items": [{}]}},
            },
            {
                "type": "object",
                "properties": {"a": {"$ref": "#/$defs/A"}},
                "$defs": {"A": {"type": "array", "prefixItems": [{}]}},
            },
        ),
    ],
)
def test_examples(given_schema: Schema, wanted: Schema) -> None:
    assert to_kimi_schema(given_schema) == wanted


def test_a_choice_at_the_root_becomes_all_its_branches_at_once() -> None:
    choice = {
        "type": "object",
        "anyOf": [
            {"properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}}, "required": ["kind", "radius"]},
            {"$ref": "#/$defs/Square"},
        ],
        "$defs": {"Square": {"properties": {"kind": {"const": "square"}, "side": {}}, "required": ["kind", "side"]}},
    }
    adapted = to_kimi_schema(choice)
    assert (adapted["type"], adapted["required"], "anyOf" in adapted) == ("object", ["kind"], False)
    assert adapted["properties"] == {
        "kind": {"anyOf": [{"const": "circle"}, {"const": "square"}]},
        "radius": {"type": "number"},
        "side": {},
    }


def test_names_of_properties_are_no_keywords() -> None:
    schema = {
        "type": "object",
        "properties": {"items": {"type": "string"}, "anyOf": {"type": "string"}, "type": {"enum": [["items"]]}},
        "default": {"items": [1], "anyOf": [], "type": "x"},
    }
    assert to_kimi_schema(schema) == schema


def test_a_reference_to_itself_ends() -> None:
    assert to_kimi_schema({"$ref": "#"}) == EMPTY
    assert to_kimi_schema({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}})["type"] == "object"


def leaves() -> st.SearchStrategy[Any]:
    kinds = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
    typed = st.fixed_dictionaries({}, optional={"type": kinds})
    named = st.fixed_dictionaries({"enum": st.lists(st.sampled_from([1, "a", None, True]), min_size=1, unique_by=repr)})
    return st.one_of(st.booleans(), typed, named)


def schemas() -> st.SearchStrategy[Any]:
    """Schemas of draft 7, nested, with what Moonshot does not take."""
    names = st.sampled_from(["a", "b", "items", "anyOf", "type"])
    kinds = st.sampled_from(["string", "integer", "array", "object", ["array", "null"]])

    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        some = st.lists(inner, min_size=1, max_size=3)
        tuples = st.fixed_dictionaries({"items": some}, optional={"additionalItems": inner})
        others = st.fixed_dictionaries(
            {},
            optional={
                "type": kinds,
                "anyOf": some,
                "allOf": some,
                "items": inner,
                "properties": st.dictionaries(names, inner, max_size=3),
                "additionalProperties": inner,
                "not": inner,
                "description": st.just("d"),
            },
        )
        return st.one_of(others, st.builds(lambda one, other: {**one, **other}, others, tuples))

    return st.recursive(leaves(), wider, max_leaves=12)


def tool_schemas() -> st.SearchStrategy[Schema]:
    """Schemas of arguments: objects, or a choice of objects."""
    names = st.sampled_from(["a", "b", "items", "anyOf"])
    properties = st.dictionaries(names, schemas(), max_size=3)
    branch = st.fixed_dictionaries({"properties": properties}, optional={"required": st.just(["a"])})
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.just("object"),
            "$schema": st.just("http://json-schema.org/draft-07/schema#"),
            "properties": properties,
            "anyOf": st.lists(branch, min_size=1, max_size=3),
            "required": st.just(["b"]),
        },
    )


def arguments() -> st.SearchStrategy[Any]:
    scalars = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["a", "x"]))
    inner = st.recursive(
        scalars,
        lambda deeper: st.one_of(
            st.lists(deeper, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "items"]), deeper, max_size=2)
        ),
        max_leaves=6,
    )
    return st.dictionaries(st.sampled_from(["a", "b", "items", "anyOf"]), inner, max_size=3)


@given(tool_schemas())
def test_any_schema_becomes_a_legal_one_and_stays_untouched(schema: Schema) -> None:
    before = copy.deepcopy(schema)
    adapted = to_kimi_schema(schema)
    assert schema == before
    Draft202012Validator.check_schema(adapted)
    tool = {"type": "function", "function": {"name": "f", "parameters": adapted}}
    body = {"model": "kimi-k3", "messages": [{"role": "user", "content": "x"}], "tools": [tool]}
    assert violations_of("moonshot", body) == []


@given(tool_schemas())
def test_adapting_twice_is_adapting_once(schema: Schema) -> None:
    adapted = to_kimi_schema(schema)
    assert to_kimi_schema(adapted) == adapted


@given(schema=schemas(), value=arguments())
def test_what_a_property_allowed_stays_allowed(schema: Any, value: Any) -> None:
    original = {"type": "object", "properties": {"a": schema, "b": schema}}
    if Draft7Validator(original).is_valid(value):
        assert Draft202012Validator(to_kimi_schema(original)).is_valid(value)


@given(schema=tool_schemas(), value=arguments())
def test_what_a_branch_allowed_stays_allowed(schema: Schema, value: Any) -> None:
    branches = schema.get("anyOf", [{}])
    for branch in branches:
        declared = {**schema.get("properties", {}), **branch["properties"]} if branch else schema.get("properties", {})
        used = {name: each for name, each in value.items() if name in declared}
        one = {**schema, "anyOf": [branch]} if "anyOf" in schema else schema
        if Draft7Validator({key: each for key, each in one.items() if key != "$schema"}).is_valid(used):
            others = [other for other in branches if other is not branch]
            elsewhere = {name for other in others for name in other.get("properties", {})}
            if not (elsewhere - set(branch.get("properties", {}))) & set(used):
                assert Draft202012Validator(to_kimi_schema(schema)).is_valid(used)
