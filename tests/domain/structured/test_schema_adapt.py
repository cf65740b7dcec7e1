"""Adapting schemas: valid values stay valid, and the result is in each provider's subset."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from modelport.domain.structured.schema_adapt import Adapted, adapt
from modelport.domain.structured.schema_restore import restored
from modelport.domain.structured.schema_rules import (
    ANTHROPIC,
    GEMINI,
    GENERIC,
    MOONSHOT,
    OPENAI_LIKE,
    OPENAI_STRICT,
    TOOL,
    SchemaRules,
)
from modelport.testing.servers.strict.schemas import is_recursive, strict_findings, subschemas
from tests.domain.structured.schema_pairs import object_pairs

RULES = [OPENAI_STRICT, OPENAI_LIKE, ANTHROPIC, GEMINI, MOONSHOT, GENERIC, TOOL]
ALL = pytest.mark.parametrize("rules", RULES, ids=lambda rules: rules.name)


def accepts(schema: dict[str, Any], value: Any) -> bool:
    return bool(Draft202012Validator(schema).is_valid(value))


def on_the_wire(value: Any, schema: Any, root: dict[str, Any]) -> Any:
    """The value as a model constrained by the adapted schema would write it: null for each omitted property."""
    if isinstance(schema, dict) and "$ref" in schema:
        return on_the_wire(value, root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    if isinstance(schema, dict) and "anyOf" in schema:
        for branch in schema["anyOf"]:
            written = on_the_wire(value, branch, root)
            if accepts({**branch, "$defs": root.get("$defs", {})}, written):
                return written
        return value
    if isinstance(value, list) and isinstance(schema, dict):
        return [on_the_wire(item, schema.get("items", {}), root) for item in value]
    if isinstance(value, dict) and isinstance(schema, dict):
        known = schema.get("properties", {})
        written = {name: on_the_wire(item, known.get(name, {}), root) for name, item in value.items()}
        return {**{name: None for name in schema.get("required", []) if name not in written}, **written}
    return value


@ALL
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(pair=object_pairs())
def test_what_was_valid_stays_valid(rules: SchemaRules, pair: tuple[dict[str, Any], Any]) -> None:
    schema, value = pair
    before = deepcopy(schema)
    adapted = adapt(schema, rules)
    assert schema == before, "the caller's schema is left alone"
    assume(adapted.expressible)
    written = on_the_wire(value, adapted.schema, adapted.schema) if adapted.rules.all_required else value
    assert accepts(adapted.schema, written), json.dumps(adapted.schema)


@settings(max_examples=120)
@given(pair=object_pairs())
def test_the_nulls_of_omitted_properties_are_removed(pair: tuple[dict[str, Any], Any]) -> None:
    """The restored value is valid for the original schema."""
    schema, value = pair
    adapted = adapt(schema, OPENAI_STRICT)
    assume(adapted.expressible and adapted.rules.all_required)
    assume(accepts(_modern(schema), value))
    written = on_the_wire(value, adapted.schema, adapted.schema)
    assert accepts(_modern(schema), restored(written, schema, adapted)), json.dumps(written)


def _modern(schema: Any) -> Any:
    """The schema with lists of `items` as `prefixItems`, for the draft of the validator."""
    if isinstance(schema, list):
        return [_modern(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("items"), list):
        rest = {key: value for key, value in schema.items() if key not in ("items", "additionalItems")}
        schema = {**rest, "prefixItems": schema["items"], "items": schema.get("additionalItems", True)}
    return {key: _modern(value) for key, value in schema.items()}


@settings(max_examples=50)
@given(pair=object_pairs(), rules=st.sampled_from(RULES))
def test_what_is_sent_is_in_the_subset(pair: tuple[dict[str, Any], Any], rules: SchemaRules) -> None:
    adapted = adapt(pair[0], rules)
    assume(adapted.expressible)
    rules = adapted.rules
    assert adapted.schema["type"] == "object"
    assert "anyOf" not in adapted.schema
    for where, part in subschemas(adapted.schema, "$"):
        assert rules.keywords is None or not part.keys() - rules.keywords - {"$defs"}, where
        assert "$schema" not in part
        if rules.formats is not None:
            assert part.get("format") in {None, *rules.formats}
        if rules.closed and part.get("type") == "object":
            assert part["additionalProperties"] is False
        if not rules.beside_references and "$ref" in part:
            assert part.keys() == {"$ref"}
        if not rules.references:
            assert "$ref" not in part
        if not rules.type_beside_union and "anyOf" in part:
            assert "type" not in part
        if rules.largest_min_items is not None:
            assert part.get("minItems", 0) <= rules.largest_min_items
    if rules is OPENAI_STRICT:
        assert not list(strict_findings(adapted.schema, "$"))
    if rules is GEMINI:
        assert not is_recursive(adapted.schema)


def sent(schema: dict[str, Any], rules: SchemaRules) -> Adapted:
    return adapt({"type": "object", **schema}, rules)


def test_constraints_that_cannot_be_sent_are_in_the_description() -> None:
    adapted = sent({"properties": {"n": {"type": "integer", "minimum": 1, "description": "how many"}}}, ANTHROPIC)
    assert adapted.schema["properties"]["n"] == {"type": "integer", "description": "how many (minimum 1)"}
    assert adapted.removed == ["$.n: minimum"]


def test_a_smallest_count_that_is_too_large_is_sent_as_far_as_it_goes() -> None:
    adapted = sent({"properties": {"a": {"type": "array", "items": {"type": "string"}, "minItems": 3}}}, ANTHROPIC)
    assert adapted.schema["properties"]["a"]["minItems"] == 1


def test_a_map_cannot_be_expressed_where_objects_are_closed() -> None:
    schema = {"properties": {"scores": {"type": "object", "additionalProperties": {"type": "integer"}}}}
    assert not sent(schema, ANTHROPIC).expressible
    loose = sent(schema, OPENAI_STRICT)
    assert loose.expressible and not loose.rules.strict, "OpenAI takes it without strictness"
    assert loose.schema["properties"]["scores"] == schema["properties"]["scores"]


def test_optional_properties_become_nullable_in_strict_schemas() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}
    adapted = sent(schema, OPENAI_STRICT)
    assert adapted.schema["required"] == ["a", "b"]
    assert adapted.schema["properties"]["b"] == {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert restored({"a": "x", "b": None}, {"type": "object", **schema}, adapted) == {"a": "x"}


def test_an_intended_null_stays() -> None:
    schema = {
        "properties": {"a": {"type": ["string", "null"]}, "b": {"$ref": "#/$defs/B"}},
        "$defs": {"B": {"type": "null"}},
    }
    adapted = sent(schema, OPENAI_STRICT)
    assert restored({"a": None, "b": None}, {"type": "object", **schema}, adapted) == {"a": None, "b": None}


@ALL
def test_a_root_union_is_wrapped(rules: SchemaRules) -> None:
    cat = {
        "type": "object",
        "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
        "required": ["kind"],
    }
    dog = {
        "type": "object",
        "properties": {"kind": {"const": "dog"}, "tail": {"type": "boolean"}},
        "required": ["kind"],
    }
    schema = {"oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}], "$defs": {"Cat": cat, "Dog": dog}}
    adapted = adapt(schema, rules)
    assert adapted.wrapped and adapted.expressible
    assert adapted.schema["type"] == "object" and adapted.schema["required"] == ["value"]
    value = {"kind": "dog", "tail": True}
    assert accepts(adapted.schema, {"value": value})
    assert restored({"value": value}, schema, adapted) == value


@ALL
def test_a_recursive_root_is_named(rules: SchemaRules) -> None:
    node = {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]}}}
    schema = {"$ref": "#/$defs/N", "$defs": {"N": {**node, "required": ["next"]}}}
    adapted = adapt(schema, rules)
    assert adapted.expressible
    assert adapted.schema["type"] == "object"
    assert accepts(adapted.schema, {"next": {"next": None}})
    assert not accepts(adapted.schema, {"next": 3})


def test_gemini_gets_no_recursion_and_loses_nothing() -> None:
    node = {"type": "object", "properties": {"v": {"type": "integer"}, "next": {"$ref": "#"}}}
    adapted = adapt(node, GEMINI)
    assert "$ref" not in json.dumps(adapted.schema)
    assert accepts(adapted.schema, {"v": 1, "next": {"v": 2, "next": {"v": 3}}})
    assert any("$ref" in place for place in adapted.removed)


def test_moonshot_gets_types_in_the_branches_of_a_union() -> None:
    schema = {"properties": {"a": {"type": "string", "anyOf": [{"minLength": 3}, {"maxLength": 1}]}}}
    adapted = sent(schema, MOONSHOT)
    assert adapted.schema["properties"]["a"] == {
        "anyOf": [{"type": "string", "minLength": 3}, {"type": "string", "maxLength": 1}]
    }


def test_patterns_that_grammars_cannot_enforce_are_not_sent() -> None:
    parts = {"a": {"type": "string", "pattern": "x"}, "b": {"type": "string", "pattern": "^x$"}}
    adapted = sent({"properties": parts}, GENERIC)
    assert adapted.schema["properties"] == {"a": {"type": "string"}, "b": {"type": "string", "pattern": "^x$"}}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"oneOf": [{"pattern": "a"}, {"pattern": "b"}]}, "a"),
        ({"not": {"pattern": "x"}}, "y"),
        ({"if": {"pattern": "x"}, "then": False, "else": True}, "y"),
    ],
)
def test_what_is_left_out_below_a_negation_forbids_nothing(schema: dict[str, Any], value: str) -> None:
    assert accepts(adapt({"type": "object", "properties": {"a": schema}}, GENERIC).schema, {"a": value})


@pytest.mark.parametrize(
    ("one", "other", "value"),
    [
        ({"items": [{}, {}], "additionalItems": False}, {"items": [{}]}, [1, 2]),
        ({"prefixItems": [{}, {}], "items": False}, {"prefixItems": [{}]}, [1, 2]),
        ({"if": {"type": "string"}, "then": {"minLength": 2}}, {"if": {"type": "integer"}}, 1),
    ],
)
def test_keywords_that_depend_on_each_other_are_merged_together(
    one: dict[str, Any], other: dict[str, Any], value: Any
) -> None:
    adapted = sent({"properties": {"a": {**other, "allOf": [one]}}}, GEMINI)
    assert accepts(adapted.schema, {"a": value})


@pytest.mark.parametrize("reference", ["https://elsewhere.example/schema", "#anchor", "#/$defs/missing"])
def test_a_reference_that_leads_nowhere_is_not_sent(reference: str) -> None:
    schema = {"properties": {"a": {"$ref": reference}}}
    assert sent(schema, GENERIC).schema["properties"]["a"] == {}
    assert not sent(schema, ANTHROPIC).expressible


def test_references_that_double_at_every_level_end() -> None:
    definitions: dict[str, Any] = {"d0": {"type": "string"}}
    for level in range(1, 30):
        twice = [{"$ref": f"#/$defs/d{level - 1}"}, {"$ref": f"#/$defs/d{level - 1}"}]
        definitions[f"d{level}"] = {"type": "array", "prefixItems": twice}
    adapted = sent({"properties": {"a": {"$ref": "#/$defs/d29"}}, "$defs": definitions}, GEMINI)
    assert len(json.dumps(adapted.schema)) < 5_000_000


def test_the_branch_whose_required_properties_are_there_says_which_nulls_are_removed() -> None:
    optional = {"type": "object", "properties": {"a": {"type": "boolean"}}, "additionalProperties": False}
    words = {name: {"type": "string"} for name in "abc"}
    for required in ("a", "abc"):
        properties = {name: words[name] for name in required}
        strict = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
        schema = {"type": "object", "properties": {"u": {"anyOf": [optional, strict]}}, "required": ["u"]}
        adapted = adapt(schema, OPENAI_STRICT)
        assert restored({"u": {"a": None}}, schema, adapted) == {"u": {}}
        full = dict.fromkeys(required, "x")
        assert restored({"u": full}, schema, adapted) == {"u": full}
