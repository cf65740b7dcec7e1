"""Subtitles of a transcript: cues in order, words grouped, and texts that cannot break the form."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.error import InvalidRequestError
from modelport.stt import Transcript, TranscriptSegment, TranscriptWord

WORDS = [
    TranscriptWord("Shall", 200, 450, "A"),
    TranscriptWord("we?", 460, 700, "A"),
    TranscriptWord("Yes", 800, 1000, "B"),
    TranscriptWord("later", 3_700_000, 3_700_500, "B"),
]
CUE = re.compile(r"(\d\d):([0-5]\d):([0-5]\d)[.,](\d{3}) --> (\d\d):([0-5]\d):([0-5]\d)[.,](\d{3})")


def test_segments() -> None:
    segments = [
        TranscriptSegment("Shall we start?", 200, 1100, "A"),
        TranscriptSegment("Tom & <Jerry>", 1100, 3_661_001),
    ]
    transcript = Transcript("Shall we start? Tom & <Jerry>", segments)
    assert transcript.to_srt() == (
        "1\n00:00:00,200 --> 00:00:01,100\nA: Shall we start?\n\n2\n00:00:01,100 --> 01:01:01,001\nTom & <Jerry>\n"
    )
    assert transcript.to_vtt() == (
        "WEBVTT\n\n00:00:00.200 --> 00:00:01.100\n<v A>Shall we start?\n\n"
        "00:00:01.100 --> 01:01:01.001\nTom &amp; &lt;Jerry&gt;\n"
    )


def test_words_are_grouped_by_sentences_speakers_and_pauses() -> None:
    assert Transcript("Shall we? Yes later", words=WORDS).to_srt().split("\n\n") == [
        "1\n00:00:00,200 --> 00:00:00,700\nA: Shall we?",
        "2\n00:00:00,800 --> 00:00:01,000\nB: Yes",
        "3\n01:01:40,000 --> 01:01:40,500\nB: later\n",
    ]


def test_a_long_sentence_is_cut() -> None:
    words = [TranscriptWord("word", 100 * number, 100 * number + 90) for number in range(60)]
    texts = [block.splitlines()[-1] for block in Transcript("w", words=words).to_srt().split("\n\n")]
    assert " ".join(texts).split() == ["word"] * 60 and max(map(len, texts)) <= 84


def test_without_times_there_are_none() -> None:
    with pytest.raises(InvalidRequestError, match="segments=True"):
        Transcript("Hello.").to_srt()
    assert (Transcript("").to_srt(), Transcript("").to_vtt()) == ("", "WEBVTT\n")


TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)


@given(st.lists(st.tuples(TEXTS, st.integers(0, 10**8), st.none() | TEXTS), max_size=6))
def test_no_text_breaks_the_form(found: list[tuple[str, int, str | None]]) -> None:
    segments = [TranscriptSegment(text, start, start + 500, speaker) for text, start, speaker in found]
    transcript = Transcript("", segments)
    said = [each for each in segments if each.text.strip()]
    for written in (transcript.to_srt(), transcript.to_vtt()):
        assert len(CUE.findall(written)) == len(said)
        blocks = [block for block in written.removeprefix("WEBVTT\n").split("\n\n") if block.strip()]
        assert len(blocks) == len(said)
