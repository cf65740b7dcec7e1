"""Where the arguments of a call end and those of a further call begin."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.wire.calls.glued_calls import GluedCalls


def calls(*pieces: str) -> list[str]:
    """The arguments of each call, in order."""
    glued = GluedCalls("c")
    texts: dict[str, str] = {}
    for piece in pieces:
        for call_id, part in glued.feed(piece):
            texts[call_id] = texts.get(call_id, "") + part
    assert next(iter(texts)) == "c"
    return list(texts.values())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{}{}", ["{}", "{}"]),
        ('{"a":1}{"b":2}{"c":3}', ['{"a":1}', '{"b":2}', '{"c":3}']),
        ('{"a":1} \n {"b":2}', ['{"a":1} \n ', '{"b":2}']),
        ('{"a":"}{"}', ['{"a":"}{"}']),
        ('{"a":"\\"}{"}', ['{"a":"\\"}{"}']),
        ('{"a":[{},{}],"b":{}}', ['{"a":[{},{}],"b":{}}']),
        ('{"a":1', ['{"a":1']),
        ('{"a":1}}{', ['{"a":1}}{']),
        ('{"a":1}, {"b":2}', ['{"a":1}, {"b":2}']),
        ("{'a':1}{'b':2}", ["{'a':1}{'b':2}"]),
        ("[1]{}", ["[1]{}"]),
        ("", [""]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_cuts(text: str, wanted: list[str], size: int) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)] or [""]
    assert calls(*pieces) == wanted


VALUES = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=3)


@given(st.lists(OBJECTS, min_size=1, max_size=4), st.integers(1, 9))
def test_objects_come_out_as_they_went_in(objects: list[dict[str, object]], size: int) -> None:
    text = "".join(map(json.dumps, objects))
    found = calls(*(text[start : start + size] for start in range(0, len(text), size)))
    assert [json.loads(each) for each in found] == objects
