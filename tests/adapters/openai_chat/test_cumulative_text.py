"""Streams whose pieces repeat what was said: the answer says it once.

Facts: docs/protocols/minimax.md#reasoning-on-the-openai-shape.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.dialects.openai_chat.profile_data import ProfileData
from modelport.adapters.dialects.openai_chat.stream import OpenAIChatDecoder

PIECES = st.lists(st.text("ab <think/>\n潮", min_size=1, max_size=6), min_size=1, max_size=6)


def said(form: str, *deltas: dict[str, Any], cumulative: bool = True) -> tuple[str, str]:  # Any: a provider's JSON
    """Thinking and text of the stream."""
    profile = ProfileData(reasoning_form=form, cumulative_text=cumulative).profile("acme")
    decoder = OpenAIChatDecoder(profile, {})
    events = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    responses = [decoder.feed([json.dumps(event).encode() for event in events]), decoder.finish()]
    blocks = [block for response in responses if response for block in response.content]
    thinking = "".join(block.thinking for block in blocks if block.type == "thinking")
    return thinking, "".join(block.text for block in blocks if block.type == "text")


@given(thoughts=PIECES, texts=PIECES)
def test_what_is_repeated_is_said_once(thoughts: list[str], texts: list[str]) -> None:
    deltas = [{"reasoning_content": text} for text in itertools.accumulate(thoughts)]
    deltas += [{"content": text, "role": "assistant"} for text in itertools.accumulate(texts)]
    assert said("field", *deltas) == ("".join(thoughts), "".join(texts))


def test_what_is_repeated_with_tags() -> None:
    whole = "<think>\nhm\n</think>\nHello there"
    deltas = [{"content": whole[:end]} for end in range(1, len(whole) + 1)]
    assert said("tags", *deltas) == ("hm", "Hello there")


def test_a_message_at_the_end_that_repeats_all_of_it() -> None:
    assert said("field", {"content": "Hel"}, {"content": "Hello"}, {"content": "Hello"}) == ("", "Hello")


@pytest.mark.parametrize("cumulative", [True, False])
def test_a_server_that_streams_as_usual(cumulative: bool) -> None:
    """The first piece that repeats nothing decides it: later ones may look like anything."""
    pieces = [{"content": text} for text in ("H", "o", "Ho", "ho", "Ho, Ho")]
    assert said("field", *pieces, cumulative=cumulative) == ("", "HoHohoHo, Ho")


def test_only_where_the_profile_says_so() -> None:
    assert said("field", {"content": "a"}, {"content": "ab"}, cumulative=False) == ("", "aab")
