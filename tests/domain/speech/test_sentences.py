"""Sentences of a text that arrives in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.speech.text import Sentences

WORDS = st.lists(st.sampled_from(["Hello", " ", ". ", "! ", "3.5", "\n", "。", "…", ") ", "x" * 700, ""]), max_size=40)


@given(pieces=WORDS)
def test_nothing_is_lost_and_nothing_is_blank(pieces: list[str]) -> None:
    sentences = Sentences()
    said = [*(sentences.feed(piece) for piece in pieces), sentences.finish()]
    assert "".join(said).rstrip() == "".join(pieces).rstrip()
    assert all(text.strip() for text in said if text)
    assert sentences.finish() == ""


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["One. Two", " is he", "re. "], ["One.", "", " Two is here."]),
        (["3.", "14 is pi."], ["", ""]),
        (["你好。世", "界"], ["你好。", ""]),
        (["line\n", "line"], ["line\n", ""]),
        (["\n\n", "a. "], ["", "\n\na."]),
    ],
)
def test_a_sentence_leaves_when_it_ends(pieces: list[str], said: list[str]) -> None:
    sentences = Sentences()
    assert [sentences.feed(piece) for piece in pieces] == said


def test_a_sentence_without_end_is_cut_at_a_space() -> None:
    sentences = Sentences()
    found = sentences.feed("word " * 130)
    assert found.endswith("word ") and len(found) == 650
    assert len(sentences.feed("x" * 601)) == 601
