"""A JSON object read while its text arrives."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.structured import growing_value
from modelport.domain.structured.partial_json import PartialJson
from tests.domain.structured.test_json_text import JSON_OBJECTS


@given(JSON_OBJECTS, st.integers(1, 7), st.booleans(), st.sampled_from([None, 1]))
def test_however_it_is_cut_the_whole_arrives(value: dict[str, Any], size: int, ascii: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii, indent=indent)
    partial = PartialJson()
    for start in range(0, len(text), size):
        partial.feed(text[start : start + size])
    assert partial.complete and not partial.broken
    assert partial.value == value


def test_every_single_cut_gives_the_same() -> None:
    text = '{"a": "x\\u00e9\\ud83d\\ude00\\n\\"", "b": [1, -2.5e3, true, null, {"c": ""}], "d": {}}'
    for cut in range(len(text) + 1):
        partial = PartialJson()
        partial.feed(text[:cut])
        partial.feed(text[cut:])
        assert partial.complete and partial.value == json.loads(text), cut


def test_it_grows_step_by_step() -> None:
    partial, seen = PartialJson(), []
    for piece in ['Here: {"na', 'me": "Os', 'lo", "tem', 'p": 1', '2, "tags": ["a', '", "b"]', "}"]:
        if partial.feed(piece):
            seen.append(deepcopy(partial.value))
    assert seen == [
        {},
        {"name": "Os"},
        {"name": "Oslo"},
        {"name": "Oslo", "temp": 12, "tags": ["a"]},
        {"name": "Oslo", "temp": 12, "tags": ["a", "b"]},
        {"name": "Oslo", "temp": 12, "tags": ["a", "b"]},
    ]


def test_each_step_is_a_value_of_its_own() -> None:
    partial, seen = PartialJson(), []
    for piece in ['{"a": {"b": ["x', 'y"', ', "z"]}', "}"]:
        partial.feed(piece)
        seen.append((partial.value, deepcopy(partial.value)))
    assert [kept for kept, _ in seen] == [copied for _, copied in seen]
    assert seen[0][0] == {"a": {"b": ["x"]}} and seen[-1][0] == {"a": {"b": ["xy", "z"]}}


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_control_characters_in_strings_are_accepted(size: int) -> None:
    text = '{\n"a":\t"one\ntwo\\n", "b": 1}'
    partial = PartialJson()
    for start in range(0, len(text), size):
        partial.feed(text[start : start + size])
    assert partial.complete and partial.value == {"a": "one\ntwo\n", "b": 1}


@pytest.mark.parametrize("text", ['{"a": NaN,', '{"a": x', '{"a" x', '{"a": ]'])
def test_text_that_is_not_json_ends_the_reading(text: str) -> None:
    partial = PartialJson()
    partial.feed('{"z": 1, ' + text[1:])
    assert partial.broken and not partial.complete
    assert not partial.feed(" 1}") and not partial.complete


def whole_readings(pieces: list[str]) -> list[Any]:
    """The value of all text up to each piece, read anew."""
    found = []
    for count in range(1, len(pieces) + 1):
        partial = PartialJson()
        partial.feed("".join(pieces[:count]))
        found.append(partial.value)
    return found


KEYS = st.sampled_from(["a", "b", "k", "c", ""])
VALUES = st.recursive(
    st.sampled_from([None, True, 0, -12, 2.5, "", "x, y", '"', "\\", "}]", "{", "é🪢\n"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=6), st.lists(st.integers(1, 9), min_size=1), st.booleans())
def test_each_step_is_what_all_the_text_so_far_gives(value: dict[str, Any], sizes: list[int], ascii: bool) -> None:
    text, pieces = json.dumps(value, ensure_ascii=ascii), list[str]()
    while text:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[:size])
        text = text[size:]
    partial, seen = PartialJson(), []
    wanted = whole_readings(pieces)
    for piece, expected in zip(pieces, wanted, strict=True):
        if partial.feed(piece):
            assert partial.value == expected
            assert list(partial.value or {}) == list(expected or {})
            seen.append((partial.value, deepcopy(partial.value)))
    assert [kept for kept, _ in seen] == [copied for _, copied in seen], "earlier ones are not modified"
    assert partial.complete and partial.value == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1], "b": [5], "a": [6, 7, 8], "c": [9]}',
        '{"a": {"b": [{}, {}, {"x": 1, "y": [2, 3]}], "c": 1, "b": [4, 5, 6]}}',
        '{"a": [[1, 2], [3, [4, 5]], "\\"," , "]"], "b": "\\\\", "c": [1]}',
        '{"a": {"x": 1}, "b": "text", "a": {"y": {"z": 1, "w": 2}}}',
        '{"a": {"x": 1}, "b": 5, "a": [[1, 2], {"y": {"z": true, "w": 2}}]}',
    ],
)
def test_a_key_that_comes_twice_is_read_as_a_whole_text_would_be(text: str) -> None:
    pieces = list(text)
    partial, wanted = PartialJson(), whole_readings(pieces)
    for piece, expected in zip(pieces, wanted, strict=True):
        if partial.feed(piece):
            assert partial.value == expected
    assert partial.complete and partial.value == json.loads(text)


def test_a_key_of_the_reader_that_comes_again_where_it_stands_breaks_the_reading() -> None:
    on, end = growing_value._ON, growing_value._MARK
    rows = [
        {"b": {end: end, "b": on, on: 1}, end: {"b": on, end: end, on: "a"}, "a": {"b": "b", end: end, "a": "a"}},
        {end: on, on: {end: "a", "b": end, on: "b"}, "b": "a"},
        "a",
    ]
    text = json.dumps({end: rows, "a": {"a": {"a": on, on: {on: "a", "b": "b", "a": "b"}}, on: {}}})
    partial = PartialJson()
    for character in text:
        partial.feed(character)
    assert partial.broken


MARKS = st.sampled_from([growing_value._ON, growing_value._MARK, "a"])


@given(st.recursive(MARKS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MARKS, inner, max_size=3)))
def test_the_keys_of_the_reader_in_a_text_break_at_most_its_reading(value: Any) -> None:
    partial = PartialJson()
    for character in json.dumps({"a": value, "b": [value, value], "c": 1}):
        partial.feed(character)
    assert partial.complete or partial.broken


@given(st.integers(1, 9))
def test_thoughts_before_it_do_not_count(size: int) -> None:
    text = ' <think>perhaps {"b": 2}? </thin> no</think>\n{"a": 1}'
    partial = PartialJson()
    for start in range(0, len(text), size):
        partial.feed(text[start : start + size])
    assert partial.value == {"a": 1} and partial.complete


@given(st.text(max_size=60), st.integers(1, 5))
def test_no_text_breaks_it(text: str, size: int) -> None:
    partial = PartialJson()
    for start in range(0, len(text), size):
        partial.feed("{" + text[start : start + size] if start == 0 else text[start : start + size])


HALVES = [
    (r'{"a": "x\ud83d", "b": 1}', {"a": "x\ufffd", "b": 1}),
    (r'{"a": "\udea2\ud83dabc"}', {"a": "\ufffd\ufffdabc"}),
    (r'{"a": "\ud83e\udea2"}', {"a": "🪢"}),
    ('{"a": "\ud83d"}', {"a": "\ufffd"}),
    (r'{"a": "\\ud83e", "\ud83e": "\ud83e\\"}', {"a": "\\ud83e", "\ufffd": "\ufffd\\"}),
]


@pytest.mark.parametrize(("text", "value"), HALVES, ids=[str(number) for number in range(len(HALVES))])
@pytest.mark.parametrize("size", [1, 100])
def test_half_a_character_is_replaced_and_breaks_nothing(text: str, value: dict[str, Any], size: int) -> None:
    partial = PartialJson()
    for start in range(0, len(text), size):
        partial.feed(text[start : start + size])
        assert not partial.broken
        assert "\ufffd" not in str(partial.value) or "\ufffd" in str(value), "not before its second half may come"
    assert (partial.value, partial.complete) == (value, True)


@pytest.mark.parametrize("shape", ["one long text", "many fields"])
def test_the_cost_is_linear(shape: str) -> None:
    """Eight times the text may not cost more than thrice eight times the time; the quadratic way takes 64 times."""

    def seconds(count: int) -> float:
        pieces = ["words and words "] * count if shape == "one long text" else ['", "k": ["v'] * count
        best = 9.0
        for _ in range(3):
            partial = PartialJson()
            partial.feed('{"a": "')
            started = time.process_time()
            for piece in pieces:
                partial.feed(piece)
            best = min(best, time.process_time() - started)
        return best

    assert seconds(32_000) < 24 * seconds(4_000)
