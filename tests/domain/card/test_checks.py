"""Checks of a caller's parameters against a card."""

from __future__ import annotations

from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from modelport.domain.card.cards import ModelCard
from modelport.domain.card.checks import card_warnings, check_parameters
from modelport.domain.card.form_check import first_fault
from modelport.domain.errors import InvalidRequestError


class Parameters(BaseModel):
    max_tokens: int | None = Field(default=None, gt=0)
    temperature: float | None = Field(default=None, ge=0, lt=2)
    reasoning_effort: Literal["low", "high"] | None = None
    thinking_enable: bool = False
    top_p: float | None = None
    seed: int | None = None
    voice: str | None = Field(default=None, min_length=2, pattern="^[a-z]")
    dimensions: int | None = None


def card(**fields: Any) -> ModelCard:
    facts = {
        "name": "m-1",
        "label": "M",
        "context_size": 100,
        "output_size": 50,
        "output_types": ["text/plain", "audio/wav"],
    }
    overrides = {
        "seed": None,
        "top_p": {"hidden": True},
        "dimensions": {"enum": [256, 512], "minimum": 1, "maximum": 512, "x-hint": True},
        "voice": {"enum": ["ann", "bob"], "x-hint": True},
    }
    return ModelCard.from_facts({**facts, "parameter_overrides": overrides, **fields}, Parameters.model_json_schema())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_tokens", 1),
        ("max_tokens", 50),
        ("temperature", 0),
        ("temperature", 1.99),
        ("reasoning_effort", "high"),
        ("dimensions", 300),
        ("dimensions", 512),
        ("voice", "ann"),
        ("max_tokens", None),
        ("not_ours", object()),
    ],
)
def test_values_inside_the_range_are_kept(name: str, value: object) -> None:
    assert check_parameters(card(), {name: value}) == ({name: value}, [])


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("max_tokens", 51, "50"),
        ("max_tokens", 0, "0"),
        ("max_tokens", 1.5, "integer"),
        ("max_tokens", True, "integer"),
        ("max_tokens", "10", "integer"),
        ("temperature", 2, "2"),
        ("temperature", -0.1, "0"),
        ("reasoning_effort", "max", "'low', 'high'"),
        ("dimensions", 513, "512"),
        ("voice", "a", "2"),
        ("voice", "Ann", "pattern"),
    ],
)
def test_values_beyond_it_name_parameter_limit_and_model(name: str, value: object, limit: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_parameters(card(), {name: value})
    assert name in str(caught.value)
    assert limit in str(caught.value)
    assert caught.value.model == "m-1"


@pytest.mark.parametrize("name", ["seed", "top_p", "thinking_enable"])
def test_what_the_model_lacks_is_dropped_with_a_warning(name: str) -> None:
    kept, warnings = check_parameters(card(), {name: 1, "max_tokens": 5})
    assert kept == {"max_tokens": 5}
    assert [(warning.kind, warning.setting) for warning in warnings] == [("dropped", name)]
    assert "m-1" in warnings[0].message


def test_the_default_of_what_the_model_lacks_goes_silently() -> None:
    assert check_parameters(card(), {"thinking_enable": False, "seed": None}) == ({}, [])


def test_a_value_beyond_the_suggestions_is_sent_with_a_warning() -> None:
    kept, warnings = check_parameters(card(), {"voice": "my-clone"})
    assert kept == {"voice": "my-clone"}
    assert [(warning.kind, warning.setting) for warning in warnings] == [("other", "voice")]


def test_a_permissive_card_checks_only_the_class_and_warns() -> None:
    permissive = ModelCard.permissive("new", Parameters.model_json_schema())
    assert check_parameters(permissive, {"max_tokens": 10**9, "seed": 3})[1] == []
    assert [warning.kind for warning in card_warnings(permissive)] == ["unknown_model"]


@pytest.mark.parametrize("status", ["deprecated", "sunset"])
def test_an_announced_end_is_a_warning(status: str) -> None:
    assert [warning.kind for warning in card_warnings(card(status=status))] == ["deprecated"]
    assert card_warnings(card()) == []


SCHEMAS: list[dict[str, Any]] = [
    {"type": "integer", "minimum": 1, "maximum": 5},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "null"}], "maximum": 4},
    {"enum": ["a", 1, None]},
    {"anyOf": [{"type": "integer", "minimum": 3}, {"const": -1}, {"type": "null"}]},
    {"type": ["string", "null"], "minLength": 2, "maxLength": 3},
    {"type": "string", "pattern": "b"},
    {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
    {"allOf": [{"minimum": 0}], "multipleOf": 2},
    {"$ref": "#/$defs/Small"},
]
SMALL = {"Small": {"type": "integer", "maximum": 2}}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 7),
    st.floats(-2, 6),
    st.text("ab", max_size=4),
    st.lists(st.integers(0, 2)),
)


@pytest.mark.parametrize("schema", SCHEMAS)
@given(value=VALUES)
def test_it_agrees_with_a_json_schema_validator(schema: dict[str, Any], value: object) -> None:
    if schema.get("enum") and isinstance(value, bool | float):
        return  # Python says True == 1; no form sends such values
    valid = jsonschema.Draft202012Validator({**schema, "$defs": SMALL}).is_valid(value)
    assert (first_fault(value, schema, SMALL) is None) == valid
