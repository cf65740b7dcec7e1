"""What was heard of a reply, whatever was generated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.realtime.playout import Playout, heard_text

PIECES = st.lists(st.tuples(st.text("ab .今天\n", max_size=8), st.none()), max_size=8)
TIMED = st.lists(st.tuples(st.text("ab .今天", max_size=8), st.floats(0, 5000) | st.none()), max_size=8)
TIME = st.floats(0, 10_000)


@given(PIECES | TIMED, TIME, TIME)
def test_what_was_heard_is_a_beginning_of_what_was_generated(
    pieces: list[tuple[str, float | None]], heard: float, generated: float
) -> None:
    whole = "".join(text for text, _ in pieces)
    assert whole.startswith(heard_text(pieces, heard, generated))


@given(PIECES, TIME, TIME, TIME)
def test_more_time_never_means_fewer_words(
    pieces: list[tuple[str, float | None]], one: float, other: float, generated: float
) -> None:
    less, more = sorted((one, other))
    assert len(heard_text(pieces, less, generated)) <= len(heard_text(pieces, more, generated))


@given(PIECES | TIMED, TIME)
def test_nothing_and_everything(pieces: list[tuple[str, float | None]], generated: float) -> None:
    assert heard_text(pieces, 0, generated) == ""
    whole = "".join(text for text, _ in pieces)
    assert heard_text(pieces, generated + 1, generated) == whole


@given(st.text("abc ", min_size=1, max_size=40), st.floats(1, 999))
def test_no_word_is_cut(text: str, heard: float) -> None:
    cut = heard_text([(text, None)], heard, 1000)
    rest = text[len(cut) :]
    assert not cut or not rest or rest[0].isspace()


@pytest.mark.parametrize(
    ("pieces", "heard", "generated", "expected"),
    [
        ([("Once", None), (" upon", None), (" a", None), (" time", None)], 60, 80, "Once upon a"),
        ([("今天晴。", None)], 20, 40, "今天"),
        ([("don't stop", None)], 300, 1000, ""),
        ([("On", 0.0), (" Main Street.", 20.0)], 20, 40, "On"),
        ([("On", 0.0), (" Main Street.", 20.0)], 30, 40, "On Main"),
        ([("One", 0.0), (" two", None), (" three", 500.0)], 500, 1000, "One two"),
    ],
)
def test_examples(pieces: list[tuple[str, float | None]], heard: float, generated: float, expected: str) -> None:
    assert heard_text(pieces, heard, generated) == expected


def test_a_report_outranks_the_clock_and_never_goes_back() -> None:
    playout = Playout(generated_ms=1000)
    playout.taken(10.0)
    assert playout.heard_ms(10.4) == 399 or playout.heard_ms(10.4) == 400
    playout.report(700)
    playout.report(300)
    assert playout.heard_ms(99.0) == 700


def test_no_more_is_heard_than_came() -> None:
    playout = Playout(generated_ms=250)
    playout.report(9000)
    assert playout.heard_ms(0) == 250
    assert playout.finished(0)


def test_audio_that_was_not_taken_was_not_heard() -> None:
    assert Playout(generated_ms=1000).heard_ms(1e9) == 0
