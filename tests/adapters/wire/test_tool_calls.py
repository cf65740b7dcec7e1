"""Streamed tool calls: every way in which servers are known to send them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.wire.calls.tool_calls import ToolCallTracker

Fragment = dict[str, Any]  # Any: JSON, legal or not
Call = tuple[str, str, str]


def fragment(**fields: Any) -> Fragment:  # Any: JSON
    """A fragment; `name` and `arguments` go into its function."""
    function = {key: fields.pop(key) for key in ("name", "arguments") if key in fields}
    return {**fields, "function": function}


def calls(*fragments: Fragment, names: dict[str, str] | None = None) -> list[Call]:
    """The calls as a client that joins the pieces sees them: id, name, arguments."""
    tracker = ToolCallTracker(names)
    fed = [tracker.feed(each) for each in fragments]
    seen: dict[str, tuple[str, list[str]]] = {}
    for piece in [piece for piece in [*fed, *tracker.finish()] if piece is not None]:
        name, texts = seen.setdefault(piece.id, (piece.name, []))
        assert piece.name == name, "a call changed its name"
        texts.append(piece.text)
    return [(call_id, name, "".join(texts)) for call_id, (name, texts) in seen.items()]


def unnamed(found: Iterable[Call]) -> list[tuple[str, str]]:
    """The calls without their ids, each of which must be there and unlike the others."""
    listed = list(found)
    ids = [call_id for call_id, _, _ in listed]
    assert all(ids) and len(set(ids)) == len(ids)
    return [(name, arguments) for _, name, arguments in listed]


def test_fragments_of_interleaved_calls_go_to_the_call_of_their_index() -> None:
    found = calls(
        fragment(index=0, id="a", name="f", arguments=""),
        fragment(index=1, id="b", name="g", arguments=""),
        fragment(index=0, arguments='{"x"'),
        fragment(index=1, arguments='{"y"'),
        fragment(index=0, arguments=":1}"),
        fragment(index=1, arguments=":2}"),
    )
    assert found == [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_blank_ids_and_names_are_absent(blank: str | None) -> None:
    found = calls(
        fragment(index=0, id="a", name="f", arguments='{"x'),
        fragment(index=0, id=blank, name=blank, arguments='":1}'),
    )
    assert found == [("a", "f", '{"x":1}')]


def test_the_id_may_be_repeated_beside_a_blank_name() -> None:
    found = calls(
        fragment(index=0, id="a", name="f", arguments=""),
        fragment(index=0, id="a", name="", arguments='{"x'),
        fragment(index=0, id="", arguments='":1}'),
    )
    assert found == [("a", "f", '{"x":1}')]


def test_a_reused_index_with_another_id_and_name_is_another_call() -> None:
    found = calls(
        fragment(index=0, id="a", name="f", arguments='{"x":1}'),
        fragment(index=0, id="b", name="g", arguments='{"y":2}'),
        fragment(index=0, id="c", name="g", arguments='{"y":3}'),
    )
    assert found == [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}'), ("c", "g", '{"y":3}')]


def test_a_changing_id_without_a_name_stays_one_call() -> None:
    found = calls(
        fragment(index=0, id="a", name="f", arguments='{"x'),
        fragment(index=0, id="z", arguments='":'),
        fragment(index=0, id="q", arguments="1}"),
    )
    assert found == [("a", "f", '{"x":1}')]


def test_without_an_index_the_id_tells_the_calls_apart() -> None:
    found = calls(
        fragment(id="a", name="f", arguments='{"x'),
        fragment(id="b", name="g", arguments='{"y'),
        fragment(id="a", arguments='":1}'),
        fragment(id="b", arguments='":2}'),
    )
    assert found == [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]


def test_without_index_and_id_fragments_go_to_the_open_call() -> None:
    found = calls(fragment(name="f", arguments='{"x'), fragment(arguments='":1}'))
    assert unnamed(found) == [("f", '{"x":1}')]


def test_a_name_without_index_and_id_starts_a_call() -> None:
    found = calls(fragment(name="f", arguments='{"x":1}'), fragment(name="g", arguments='{"y":2}'))
    assert unnamed(found) == [("f", '{"x":1}'), ("g", '{"y":2}')]
    twice = calls(fragment(name="f", arguments='{"x":1}'), fragment(name="f", arguments='{"x":2}'))
    assert unnamed(twice) == [("f", '{"x":1}'), ("f", '{"x":2}')]


def test_an_id_that_comes_late_is_used() -> None:
    found = calls(fragment(index=0, name="f"), fragment(index=0, id="a", arguments="{}"))
    assert found == [("a", "f", "{}")]


def test_calls_without_any_id_get_one() -> None:
    found = calls(fragment(index=0, name="f", arguments="{}"), fragment(index=1, name="f", arguments="{}"))
    assert unnamed(found) == [("f", "{}"), ("f", "{}")]


def test_two_calls_with_one_id_stay_two() -> None:
    found = calls(
        fragment(index=0, id="search:0", name="search", arguments='{"q":1}'),
        fragment(index=1, id="search:0", name="search", arguments='{"q":2}'),
    )
    assert unnamed(found) == [("search", '{"q":1}'), ("search", '{"q":2}')]
    assert found[0][0] == "search:0"


def test_a_name_that_comes_late_is_waited_for() -> None:
    tracker = ToolCallTracker()
    assert tracker.feed(fragment(index=0, id="a", arguments='{"x":')) is None
    assert tracker.feed(fragment(index=0, name="f", arguments="1}")) == ("a", '{"x":1}', "f")
    assert tracker.finish() == []


def test_a_repeated_name_is_not_joined() -> None:
    found = calls(
        fragment(index=0, id="a", name="f", arguments='{"x'),
        fragment(index=0, id="a", name="f", arguments='":1}'),
    )
    assert found == [("a", "f", '{"x":1}')]
    late = calls(fragment(index=0, name="f"), fragment(index=0, id="a", name="f", arguments="{}"))
    assert late == [("a", "f", "{}")]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [({}, "{}"), ({"arguments": None}, "{}"), ({"arguments": ""}, "{}"), ({"arguments": {"x": 1}}, '{"x":1}')],
    ids=["missing", "null", "empty", "object"],
)
def test_arguments_of_every_kind(arguments: Fragment, wanted: str) -> None:
    assert calls(fragment(index=0, id="a", name="f", **arguments)) == [("a", "f", wanted)]


def test_a_missing_arguments_key_in_the_last_fragment_adds_nothing() -> None:
    found = calls(
        fragment(index=0, id="a", name="f", arguments='{"x":1}'), {"index": 0, "id": "", "function": {}}, {"index": 0}
    )
    assert found == [("a", "f", '{"x":1}')]


def test_arguments_repeated_whole_at_the_end_are_not_joined() -> None:
    found = calls(
        fragment(index=0, id="a", name="f", arguments='{"x'),
        fragment(index=0, arguments='":1}'),
        fragment(index=0, id="a", name="f", arguments='{"x":1}'),
    )
    assert found == [("a", "f", '{"x":1}')]


def test_a_call_goes_on_although_its_arguments_parse() -> None:
    found = calls(
        fragment(index=0, id="a", name="f", arguments="1"),
        fragment(index=0, arguments="2"),
        fragment(index=0, arguments=" "),
    )
    assert found == [("a", "f", "12 ")]


def test_arguments_that_never_become_json_are_handed_on() -> None:
    assert calls(fragment(index=0, id="a", name="f", arguments='{"x": "un')) == [("a", "f", '{"x": "un')]


def test_indexes_may_start_anywhere_and_leave_gaps() -> None:
    found = calls(
        fragment(index=1, id="a", name="f", arguments="{}"),
        fragment(index=7, id="b", name="g", arguments=""),
        fragment(index=7, arguments='{"y":2}'),
    )
    assert found == [("a", "f", "{}"), ("b", "g", '{"y":2}')]


def test_a_call_that_is_never_named_is_called_unknown() -> None:
    assert calls(fragment(index=0, id="a", arguments='{"x":1}')) == [("a", "unknown", '{"x":1}')]


def test_names_come_back_as_the_application_knows_them() -> None:
    found = calls(fragment(index=0, id="a", name="do_it_1234"), names={"do_it_1234": "do it!"})
    assert found == [("a", "do it!", "{}")]


@given(
    arguments=st.lists(st.dictionaries(st.text(max_size=5), st.integers(), max_size=3), min_size=1, max_size=4),
    cuts=st.lists(st.integers(min_value=1, max_value=60), max_size=8),
    data=st.data(),
)
def test_any_cut_and_any_interleaving_gives_the_same_calls(
    arguments: list[dict[str, int]], cuts: list[int], data: st.DataObject
) -> None:
    texts = [json.dumps(each) for each in arguments]
    queues = []
    for index, text in enumerate(texts):
        places = [0, *sorted({cut for cut in cuts if cut < len(text)}), len(text)]
        parts = [text[start:end] for start, end in pairwise(places)]
        head = fragment(index=index, id=f"id{index}", name=f"f{index}", arguments="")
        queues.append([head, *(fragment(index=index, arguments=part) for part in parts)])
    sent = []
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        sent.append(queue.pop(0))
    found = sorted(calls(*sent))
    assert found == [(f"id{index}", f"f{index}", text) for index, text in enumerate(texts)]
