"""Vectors out of answers whose JSON is not what the protocol promises."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.adapters.wire.decoder import decode_json_body
from modelport.adapters.wire.vectors import count, entries_in_order
from modelport.error import ResponseDecodeError


@pytest.mark.parametrize("index", [[0], {}, {"a": 1}])
def test_an_index_that_is_no_number_counts_as_missing(index: Any) -> None:
    entries = [{"index": index, "embedding": [1]}, {"index": index, "embedding": [2]}]
    assert entries_in_order(entries, "index") == entries


@pytest.mark.parametrize(
    ("indices", "order"),
    [
        ([2, 0, 1], [1, 2, 0]),
        ([2, 3, 1], [2, 0, 1]),
        ([10, 4, 7], [1, 2, 0]),
        (["2", "0", "1"], [1, 2, 0]),
        (["2.0", "0.0", "1.0"], [1, 2, 0]),
        ([" 2", "0 ", 1.0], [1, 2, 0]),
        ([0, 0, 0], [0, 1, 2]),
        ([None, None, None], [0, 1, 2]),
        ([0, None, 2], [0, 1, 2]),
    ],
)
def test_the_order_is_that_of_the_indices_where_they_tell_one(indices: list[Any], order: list[int]) -> None:
    entries = [{"index": index, "embedding": [place]} for place, index in enumerate(indices)]
    assert entries_in_order(entries, "index") == [entries[place] for place in order]


@pytest.mark.parametrize("indices", [[0, 2, 2], [1, None, 0], [0, 0, 1], [float("nan"), 0, 0]])
def test_indices_that_contradict_each_other_tell_no_order(indices: list[Any]) -> None:
    with pytest.raises(ResponseDecodeError, match="contradict"):
        entries_in_order([{"index": index, "embedding": [1]} for index in indices], "index")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1, "7", None, [1], True])
def test_a_count_that_is_none_is_left_out(value: Any) -> None:
    assert count({"total": value, "input": 5}, "total", "input") == 5


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"data":' + b"[" * 200_000 + b"]" * 200_000 + b"}"])
def test_json_nested_without_end_is_no_answer(body: bytes) -> None:
    with pytest.raises(ResponseDecodeError):
        decode_json_body(body)


def test_indices_may_come_as_text() -> None:
    entries = [{"index": str(number), "embedding": number} for number in (2, 0, 11, 1)]
    assert [entry["embedding"] for entry in entries_in_order(entries, "index")] == [0, 1, 2, 11]
