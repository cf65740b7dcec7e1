"""The arguments of earlier calls are always the text of a JSON object."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.chat.arguments import legal_arguments


@pytest.mark.parametrize("text", ["{}", '{"a": 1}', ' {"b" :  [1,\n2 ]}', '{"a": "\\ud83d"}', '{"a": {"b": null}}'])
def test_an_object_stays_as_it_is(text: str) -> None:
    assert legal_arguments(text) == (text, None)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "null", " null "])
def test_no_arguments(text: str) -> None:
    assert legal_arguments(text) == ("{}", None)


@pytest.mark.parametrize("value", [[1, "ä"], 7, "text", True, 1.5])
def test_another_value_goes_inside_an_object(value: object) -> None:
    text, fault = legal_arguments(json.dumps(value))
    assert json.loads(text) == {"input": value} and fault


@pytest.mark.parametrize("text", ['{"a": "cu', "{'a': 1}", '{"a":1}{"b":2}', '{"a": NaN}', "a=1", "[" * 100_000])
def test_what_is_not_json_goes_inside_an_object(text: str) -> None:
    legal, fault = legal_arguments(text)
    assert json.loads(legal) == {"INVALID_JSON": text} and fault


@given(st.text())
def test_any_text_becomes_an_object(text: str) -> None:
    legal, _ = legal_arguments(text)
    assert isinstance(json.loads(legal), dict)
    assert legal_arguments(legal) == (legal, None)
