"""Audio that is still being spoken, and text that is still being written."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.message.wav import streaming_header
from modelport.domain.speech.audio import AudioFormat
from modelport.domain.speech.spoken import SpokenAudio
from modelport.domain.speech.text import ColdStart

MP3 = AudioFormat("audio/mpeg")
BARE = AudioFormat("audio/pcm;rate=16000", 16_000)


def data(block: Any) -> bytes:  # Any: a data block or nothing
    return base64.b64decode(block.source.data) if block else b""


def test_nothing_came() -> None:
    audio = SpokenAudio(AudioFormat())
    audio.feed(b"")
    audio.feed(b"\1")
    assert (audio.take(), audio.take_file(), audio.whole(), audio.came, audio.undelivered) == (None,) * 3 + (False, 0)


@pytest.mark.parametrize("kind", [AudioFormat(sample_rate=16_000), BARE, MP3])
@given(pieces=st.lists(st.tuples(st.binary(max_size=9), st.booleans()), max_size=12))
def test_each_byte_is_handed_out_once(kind: AudioFormat, pieces: list[tuple[bytes, bool]]) -> None:
    audio, taken = SpokenAudio(kind), b""
    for piece, take in [(b"\1\2\3\4" * 3, False), *pieces]:  # not the beginning of a header
        audio.feed(piece)
        if take:
            taken += data(audio.take())
    sent = b"\1\2\3\4" * 3 + b"".join(piece for piece, _ in pieces)
    expected = sent[: len(sent) - len(sent) % 2] if kind.samples else sent
    header = streaming_header(16_000) if kind.is_wav else b""
    rest = len(expected) + len(header) - len(taken) if taken else len(expected)
    assert audio.undelivered == rest
    last = data(audio.take_file())
    if rest and kind.is_wav:
        assert last[:44] == streaming_header(16_000, size=rest)
        last = last[44:]
    assert taken + last == (header if taken else b"") + expected
    whole = data(audio.whole())
    assert whole == (streaming_header(16_000, size=len(expected)) if kind.is_wav else b"") + expected
    assert audio.take() is None and audio.came


def test_a_segment_begins_with_a_whole_sample_and_may_have_a_header() -> None:
    audio = SpokenAudio(AudioFormat())
    audio.feed(streaming_header(24_000) + b"\1\2\3")
    audio.end_segment()
    audio.feed(streaming_header(24_000)[:20])
    audio.feed(streaming_header(24_000)[20:] + b"\4\5")
    assert data(audio.take()) == streaming_header(24_000) + b"\1\2\4\5"


@pytest.mark.parametrize(
    ("length", "words", "pieces", "expected"),
    [
        (None, None, ["a", " ", "b", "\n"], ["a", "", " b", ""]),
        (3, None, ["a", "b", "c", "d"], ["", "", "abc", "d"]),
        (None, 2, ["a", "b", " c", "d"], ["", "", "ab c", "d"]),
        (2, 2, ["abc", "d", " ", "e", "f"], ["", "", "", "abcd e", "f"]),
        (0, 0, ["a"], ["a"]),
        (3, None, ["     ", "a"], ["", "     a"]),
    ],
)
def test_a_cold_start(length: int | None, words: int | None, pieces: list[str], expected: list[str]) -> None:
    gate = ColdStart(length, words)
    assert [gate.feed(piece) for piece in pieces] == expected


@given(st.lists(st.text(max_size=5), max_size=10), st.none() | st.integers(0, 20), st.none() | st.integers(0, 5))
def test_no_text_is_lost_and_none_of_it_is_blank(pieces: list[str], length: int | None, words: int | None) -> None:
    gate = ColdStart(length, words)
    left = [gate.feed(piece) for piece in pieces] + [gate.flush()]
    assert all(text == "" or text.strip() for text in left)
    whole = "".join(pieces)
    assert whole.startswith("".join(left)) and not whole[len("".join(left)) :].strip()
    assert gate.flush() == ""
