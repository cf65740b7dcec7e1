"""`<think>` text in front of an answer. Facts: docs/protocols/minimax.md#reasoning-on-the-openai-shape."""

from __future__ import annotations

import pytest

from modelport.adapters.wire.words.think_tags import ThinkTags

CASES = [
    ("<think>\nplan\n</think>\n\nHello", "plan", "Hello"),
    ("\n <think>a < b</think>Hello", "a < b", "Hello"),
    ("<think></think>\nHello <think>no</think>", "", "Hello <think>no</think>"),
    ("<think>cut off\n", "cut off", ""),
    ("<think>cut</thi", "cut</thi", ""),
    ("Hello <think>no</think>", "", "Hello <think>no</think>"),
    ("<thinly", "", "<thinly"),
    ("<thi", "", "<thi"),
    ("<think>a\n\nb</think>\n\n\nHello\n\nworld\n", "a\n\nb", "Hello\n\nworld\n"),
    ("", "", ""),
]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize(("text", "thinking", "answer"), CASES)
def test_thinking_and_answer_however_they_are_cut(text: str, thinking: str, answer: str, size: int) -> None:
    tags = ThinkTags()
    pieces = [piece for start in range(0, len(text), size) for piece in tags.feed(text[start : start + size])]
    pieces += tags.finish()
    assert "".join(text for kind, text in pieces if kind == "thinking") == thinking
    assert "".join(text for kind, text in pieces if kind == "text") == answer


def test_an_empty_text_is_no_beginning() -> None:
    """Some servers put an empty delta next to the whole message."""
    tags = ThinkTags()
    tags.feed("")
    assert not tags.began
    tags.feed(" ")
    assert tags.began
