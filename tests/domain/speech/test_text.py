"""A long text in pieces: nothing lost, nothing too long, cut where a speaker pauses."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.speech.text import split_text

WORDS = st.text(alphabet=st.sampled_from("abcé。！，.!?,;:\n \t3…\"'”’中文\u0301\u200d👩"), max_size=200)


def letters(text: str) -> str:
    return "".join(text.split())


@given(text=WORDS | st.text(max_size=120), limit=st.integers(1, 40))
def test_nothing_is_lost_and_nothing_is_too_long(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert letters("".join(pieces)) == letters(text)
    assert all(len(piece) <= limit and piece.strip() for piece in pieces)
    if text.strip() and len(text) <= limit:
        assert pieces == [text]


LETTERS = st.lists(st.sampled_from(["a", "e\u0301", "a\u0301\u0302", " "]), max_size=60).map("".join)


@given(text=LETTERS, limit=st.integers(3, 20))
def test_accents_stay_with_their_letters(text: str, limit: int) -> None:
    assert not any(unicodedata.combining(piece[0]) for piece in split_text(text, limit))


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 10, []),
        (" \n\t ", 2, []),
        ("  short ", 10, ["  short "]),
        ("any length", None, ["any length"]),
        ("One. Two! Three?", 10, ["One. Two!", "Three?"]),
        ('He said "Go." Then left.', 15, ['He said "Go."', "Then left."]),
        ("It is 3.14 or so. Yes.", 18, ["It is 3.14 or so.", "Yes."]),
        ("今天天气很好。我们去公园吧！好吗？", 9, ["今天天气很好。", "我们去公园吧！", "好吗？"]),
        ("first, second and third", 16, ["first,", "second and third"]),
        ("no stops in here", 8, ["no stops", "in here"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("line one\nline two", 12, ["line one", "line two"]),
        ("cafe\u0301s", 4, ["caf", "e\u0301s"]),
    ],
)
def test_cuts(text: str, limit: int | None, pieces: list[str]) -> None:
    assert split_text(text, limit) == pieces


def test_a_long_text_is_cut_in_linear_time() -> None:
    assert len(split_text("A sentence of some words. " * 40_000, 600)) == pytest.approx(40_000 / 23, rel=0.05)
