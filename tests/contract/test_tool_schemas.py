"""Schemas of tools as applications and tool servers write them: every provider accepts what is sent.

What the original allows stays allowed, and what is no longer forbidden is said in a warning.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from modelport.error import InvalidRequestError, ModelConnectionError
from modelport.message import UserMsg
from modelport.model import ChatStream
from modelport.testing import Violation
from modelport.testing.contract.core.mutated_transport import UnreachableTransport
from modelport.testing.servers.http import ScriptedServer
from tests.contract.origins import ORIGINS, STEPS, Origin
from tests.contract.origins.origin import Json
from tests.contract.wandering import RUNTIME, violations

pytestmark = pytest.mark.parametrize("target", ORIGINS, ids=str)

TEXT: Json = {"type": "string"}
BY_CONTENT: Json = {"type": "object", "properties": {"content": TEXT}, "required": ["content"]}
BY_URL: Json = {"type": "object", "properties": {"url": TEXT}, "required": ["url"]}
DEFINED: Json = {"$defs": {"A": BY_CONTENT, "B": BY_URL}}
NODE: Json = {"type": "object", "properties": {"name": TEXT, "next": {"$ref": "#/$defs/Node"}}}
ONE: Json = {"content": "x"}
OTHER: Json = {"url": "y"}
NEITHER: Json = {}


class Kind(Enum):
    HIGH = "high"


LOOSENED: dict[str, tuple[Json, list[Json]]] = {
    "anyOf": ({"type": "object", "anyOf": [BY_CONTENT, BY_URL]}, [ONE, OTHER, {**ONE, **OTHER}]),
    "oneOf": ({"oneOf": [BY_CONTENT, BY_URL]}, [ONE, OTHER]),
    "anyOf of required": (
        {"type": "object", "properties": {"content": TEXT, "url": TEXT}, "anyOf": [{"required": ["url"]}, {}]},
        [ONE, OTHER, NEITHER],
    ),
    "anyOf of references": ({"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}], **DEFINED}, [ONE, OTHER]),
    "nested unions": ({"anyOf": [{"oneOf": [BY_CONTENT, {"allOf": [BY_URL]}]}, BY_URL]}, [ONE, OTHER]),
    "both unions": ({"anyOf": [BY_CONTENT, True], "oneOf": [BY_URL, {"required": ["content"]}]}, [ONE]),
    "a union with null": ({"anyOf": [BY_CONTENT, {"type": "null"}]}, [ONE]),
    "a union in allOf": ({"allOf": [{"anyOf": [BY_CONTENT, BY_URL]}, {"properties": {"n": {}}}]}, [ONE, OTHER]),
    "a union behind a reference": (
        {"$ref": "#/$defs/U", "$defs": {"U": {"anyOf": [BY_CONTENT, BY_URL]}}},
        [ONE, OTHER],
    ),
    "not": ({**BY_CONTENT, "not": {"required": ["url"]}}, [ONE]),
    "enum": ({"enum": [{"content": "x"}, {"url": "y"}]}, [ONE, OTHER]),
    "const": ({"const": {"content": "x"}}, [ONE]),
    "an array": ({"type": "array", "items": TEXT}, []),
    "a text": (TEXT, []),
    "null": ({"type": "null"}, []),
    "an unknown type": ({**BY_CONTENT, "properties": {"content": {"type": "any"}}}, [ONE, {"content": 1}]),
    "another dialect's pattern": ({"properties": {"content": {"type": "string", "pattern": r"^\p{L}+$"}}}, [ONE]),
    "a missing reference": ({"properties": {"content": {"$ref": "other.json#/a"}}}, [ONE]),
    "names that depend on a text": ({**BY_CONTENT, "dependentRequired": {"content": "url"}}, [ONE]),
    "dependencies of draft 7": ({**BY_CONTENT, "dependencies": {"content": ["url"]}}, [ONE]),
    "a pattern of names that is none": ({**BY_CONTENT, "patternProperties": {"(?<a": {"type": "null"}}}, [ONE]),
    "a root that is itself": ({"$ref": "#"}, [ONE, NEITHER]),
    "properties that are a list": ({"type": "object", "properties": ["content"]}, [ONE]),
}
"""Schemas of which something cannot be said, with arguments that they allow."""

EXPRESSED: dict[str, tuple[Json, list[Json]]] = {
    "nothing": ({}, [NEITHER, ONE]),
    "no type": ({"properties": {"content": TEXT}}, [ONE]),
    "an object or null": ({**BY_CONTENT, "type": ["object", "null"]}, [ONE]),
    "nulls": ({"type": None, "properties": None, "required": None, "description": None, "anyOf": None}, [NEITHER]),
    "nulls below": ({"type": "object", "properties": {"content": None, "url": {"type": None}}}, [ONE, OTHER]),
    "allOf": ({"allOf": [BY_CONTENT, {"$ref": "#/$defs/B"}], **DEFINED}, [{**ONE, **OTHER}]),
    "a reference": ({"$ref": "#/$defs/A", **DEFINED}, [ONE]),
    "draft 4": (
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "id": "http://host/schema",
            "type": "object",
            "properties": {"n": {"type": "number", "minimum": 0, "exclusiveMinimum": True}},
            "definitions": {},
        },
        [{"n": 1}, NEITHER],
    ),
    "facts about the schema that are none": (
        {
            "$schema": 7,
            "properties": {"content": {"type": "string", "$comment": 5, "$anchor": "1 2", "$id": "a#b", "title": []}},
        },
        [ONE],
    ),
    "names that depend on a list": ({**BY_CONTENT, "dependentRequired": {"content": ["content"]}}, [ONE]),
    "draft 4, not exclusive": ({"properties": {"n": {"maximum": 3, "exclusiveMaximum": False}}}, [{"n": 3}]),
    "tuples of draft 7": ({"properties": {"pair": {"type": "array", "items": [TEXT, {}]}}}, [{"pair": ["a", 1]}]),
    "an array without items": ({"properties": {"list": {"type": "array"}}}, [{"list": [1, "a"]}]),
    "a type beside a union": ({"properties": {"a": {"type": "string", "anyOf": [{"minLength": 1}]}}}, [{"a": "x"}]),
    "any value": ({"properties": {"a": True, "b": {}}}, [{"a": 1, "b": None}]),
    "a map": ({"type": "object", "additionalProperties": TEXT}, [ONE, {"k": "v"}]),
    "upper-case types": ({"type": "OBJECT", "properties": {"content": {"type": "STRING"}}}, [ONE]),
    "an empty enum": ({"properties": {"content": {"type": "string", "enum": []}}}, [ONE]),
    "empty unions": ({"type": "object", "anyOf": [], "properties": {"content": {"oneOf": []}}}, [ONE]),
}
"""Schemas that say the same in another way."""


async def sent(target: Origin, parameters: Any) -> tuple[Json, list[str]]:  # Any: what should be a JSON Schema
    """The parameters on the wire, in a legal body, and the settings that warnings are about."""
    tool = {"type": "function", "function": {"name": "attach", "description": "d", "parameters": parameters}}
    async with ScriptedServer([target.answer(STEPS[-1])]) as server:
        answer = await target.model(server.base_url, runtime=RUNTIME)([UserMsg("user", "Attach it.")], [tool])
        assert isinstance(answer, ChatStream)
        last = [response async for response in answer][-1]
        (request,) = server.requests
    body: Json = request.json()
    assert violations(target, body) == []
    (made,) = body["tools"]
    made = made.get("functionDeclarations", [made])[0]
    made = made.get("function", made)
    schema = made.get("parameters", made.get("input_schema", made.get("parametersJsonSchema", {"type": "object"})))
    return schema, [warning.setting for warning in last.warnings]


@pytest.mark.parametrize("name", LOOSENED)
async def test_what_cannot_be_said_is_loosened(target: Origin, name: str) -> None:
    parameters, allowed = copy.deepcopy(LOOSENED[name])
    schema, warned = await sent(target, parameters)
    assert "tools" in warned
    assert [value for value in allowed if not Draft202012Validator(schema).is_valid(value)] == []
    assert parameters == LOOSENED[name][0], "the caller's schema is left alone"


@pytest.mark.parametrize("name", EXPRESSED)
async def test_what_can_be_said_otherwise(target: Origin, name: str) -> None:
    parameters, allowed = EXPRESSED[name]
    schema, warned = await sent(target, parameters)
    assert "tools" not in warned
    assert [value for value in allowed if not Draft202012Validator(schema).is_valid(value)] == []


async def test_properties_of_a_union_are_all_there(target: Origin) -> None:
    schema, _ = await sent(target, LOOSENED["anyOf"][0])
    assert schema["properties"] == {"content": TEXT, "url": TEXT}
    assert not schema.get("required")


async def test_recursion(target: Origin) -> None:
    parameters = {**NODE, "$defs": {"Node": NODE}}
    schema, warned = await sent(target, parameters)
    value = {"name": "a", "next": {"name": "b", "next": {"name": "c"}}}
    assert Draft202012Validator(schema).is_valid(value)
    assert ("tools" in warned) == (target.name == "gemini")


async def test_names_that_a_provider_refuses(target: Origin) -> None:
    parameters: Json = {
        "type": "object",
        "properties": {"filter[name]": TEXT, "größe": {"type": "number"}, "limit": {"type": "integer"}},
        "required": ["filter[name]", "limit"],
        "additionalProperties": False,
    }
    schema, warned = await sent(target, parameters)
    assert Draft202012Validator(schema).is_valid({"filter[name]": "x", "limit": 3, "größe": 1.5})
    assert "filter[name]" in str(schema) and "größe" in str(schema), "the model is told of them"
    assert ("tools" in warned) == (target.name == "anthropic")


async def test_values_of_python_have_one_form(target: Origin) -> None:
    """Sets, and what else a program writes into a schema: converted, always in the same way."""
    parameters: Json = {
        "type": "object",
        "properties": {
            "place": {"enum": {"Brest", "Vigo", "Aix"}},
            "kind": {"enum": frozenset({Kind.HIGH, 3})},
            "day": {"type": "string", "default": date(2026, 1, 2)},
            "size": {"type": "number", "minimum": Decimal("1.5"), "maximum": Decimal(3)},
        },
        "required": {"place"},
    }
    schema, warned = await sent(target, parameters)
    assert warned == []
    assert schema["properties"] == {
        "place": {"enum": ["Aix", "Brest", "Vigo"]},
        "kind": {"enum": ["high", 3]},
        "day": {"type": "string", "default": "2026-01-02"},
        "size": {"type": "number", "minimum": 1.5, "maximum": 3},
    }
    assert schema["required"] == ["place"]


@pytest.mark.parametrize("value", [b"x", object()])
async def test_what_has_no_form_in_json_is_refused_before_any_request(target: Origin, value: object) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be written as JSON"):
        await sent(target, {"type": "object", "properties": {"a": {"default": value}}})


async def test_an_ordinary_schema_is_sent_as_it_is(target: Origin) -> None:
    parameters: Json = {
        "type": "object",
        "description": "What to attach",
        "properties": {
            "content": {"type": "string", "description": "The text", "minLength": 1, "pattern": "^a"},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "default": []},
            "size": {"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "null"}]},
        },
        "required": ["content"],
        "additionalProperties": False,
    }
    schema, warned = await sent(target, parameters)
    assert schema == parameters
    assert list(schema["properties"]) == list(parameters["properties"])
    assert warned == []


KEYWORDS = st.sampled_from(
    [
        *(
            "type",
            "properties",
            "required",
            "items",
            "anyOf",
            "oneOf",
            "allOf",
            "not",
            "enum",
            "const",
            "pattern",
            "$ref",
        ),
        *(
            "$id",
            "$anchor",
            "$comment",
            "$schema",
            "dependentRequired",
            "dependencies",
            "patternProperties",
            "contains",
        ),
        *("minLength", "multipleOf", "uniqueItems", "additionalProperties", "prefixItems", "if", "contentSchema", "id"),
        *("exclusiveMinimum", "minimum", "definitions", "$defs", "propertyNames", "unevaluatedProperties", "examples"),
    ]
)
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        0.5,
        "string",
        "a#b",
        "1 2",
        "(?<a",
        [],
        {},
        ["a"],
        ["a", "a"],
        ["any", "null"],
        [{}],
        [1],
        {"a": "b"},
    ]
)
WRITTEN = st.recursive(
    st.dictionaries(KEYWORDS, VALUES, max_size=3),
    lambda below: st.dictionaries(
        KEYWORDS,
        VALUES | below | st.lists(below, max_size=2) | st.dictionaries(st.just("a"), below, max_size=1),
        max_size=4,
    ),
    max_leaves=6,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(parameters=WRITTEN)
def test_whatever_is_written_is_legal(target: Origin, parameters: Json) -> None:
    tool = {"type": "function", "function": {"name": "attach", "description": "d", "parameters": parameters}}
    assert asyncio.run(legal_body(target, tool)) == []


async def legal_body(target: Origin, tool: Json) -> list[Violation]:
    transport = UnreachableTransport()
    model = target.model("http://127.0.0.1:1", max_retries=0, transport=transport)
    with contextlib.suppress(ModelConnectionError):
        await model([UserMsg("user", "Attach it.")], [tool])
    (request,) = transport.requests
    return violations(target, json.loads(request.body))
