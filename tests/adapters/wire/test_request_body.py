"""Bodies with long texts that are written where they stand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.wire.json_text import dump_json
from modelport.adapters.wire.request_body import dump_body
from modelport.error import InvalidRequestError
from modelport.ports.codec.rendering import LongText

TEXTS = st.text(st.characters(codec="utf-8"))
LONG = st.builds(LongText, TEXTS, TEXTS.map(lambda text: text * 70))
VALUES = st.recursive(
    LONG | TEXTS | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def plain(value: Any) -> Any:  # Any: JSON values
    if isinstance(value, LongText):
        return str(value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


@given(VALUES)
def test_the_bytes_are_those_of_plain_strings(value: Any) -> None:  # Any: JSON values
    assert dump_body(value) == dump_json(plain(value))


def test_a_text_longer_than_one_piece_is_whole() -> None:
    data = "".join(f"{number:07d}\n" for number in range(40_000))
    assert dump_body([LongText('"', data), "\x00", LongText("", "é" * 100_000)]) == dump_json(
        ['"' + data, "\x00", "é" * 100_000]
    )


def test_what_orjson_refuses_is_written_all_the_same() -> None:
    value = [LongText("a", "b"), 2**80, "\ud800"]
    assert dump_body(value) == dump_json(["ab", 2**80, "\ud800"])


def test_a_value_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="cannot be written as JSON"):
        dump_body({"a": LongText("a", "b"), "b": object()})
