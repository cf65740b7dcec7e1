"""Finding JSON in text; damaged text and cut-off text are different."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.json_values import read_json
from modelport.domain.structured.json_text import ValueEnd, cut_off, json_text

JSON_OBJECTS = st.dictionaries(
    st.text(max_size=4),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
        max_leaves=6,
    ),
    max_size=4,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('  {"a": 1}\n', '{"a": 1}'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('Here you are:\n```\n{"a": 1}\n```\nAnything else?', '{"a": 1}'),
        ('Sure! {"a": 1} Hope that helps {really}.', '{"a": 1}'),
        ('{"a": 1} and so on', '{"a": 1}'),
        ('<think>maybe {"b": 2}?</think>{"a": 1}', '{"a": 1}'),
        ('As [1] says: {"a": 1}', '{"a": 1}'),
        ('The list: [{"a": 1}, {"a": 2}] as asked', '[{"a": 1}, {"a": 2}]'),
        ('"{\\"a\\": 1}"', '"{\\"a\\": 1}"'),
        ('{"a": "}{"}', '{"a": "}{"}'),
        ("I cannot do that.", ""),
        ("", ""),
    ],
)
def test_what_is_meant_to_be_json(text: str, found: str) -> None:
    assert json_text(text) == found


SIGNS = st.text(st.sampled_from('{}[]"\\,: xé'), max_size=40)


@given(SIGNS, st.lists(st.integers(1, 6), min_size=1))
def test_where_a_value_ends_does_not_depend_on_the_pieces(text: str, sizes: list[int]) -> None:
    one_by_one, pieces, taken = ValueEnd(), ValueEnd(), 0
    ends = (at for at, sign in enumerate(text, 1) if one_by_one.feed(sign) is not None)
    wanted = next(ends, None)
    found = None
    while found is None and taken < len(text):
        piece = text[taken : taken + sizes[taken % len(sizes)]]
        at = pieces.feed(piece)
        found = None if at is None else taken + at
        taken += len(piece)
    assert found == wanted
    if wanted is None:
        assert (pieces.is_open, pieces.in_string, pieces.closings) == (
            one_by_one.is_open,
            one_by_one.in_string,
            one_by_one.closings,
        )


@given(JSON_OBJECTS, st.data())
def test_every_proper_beginning_is_cut_off(value: dict[str, object], data: st.DataObject) -> None:
    text = json.dumps(value)
    assert not cut_off(text)
    end = data.draw(st.integers(1, len(text) - 1))
    assert cut_off(text[:end])


@pytest.mark.parametrize("text", ['{"a": 1,}', "{'a': 1}", "{a: 1}", '{"a": 01}', '{"a": tru}', '{"a": 1]}'])
def test_damage_is_not_a_cut(text: str) -> None:
    assert not cut_off(text)


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": Infinity}', "{", "nul"])
def test_only_json_is_json(text: str) -> None:
    with pytest.raises(ValueError):
        read_json(text)
