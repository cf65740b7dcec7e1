"""Audio that is still being spoken, and text that is still being written."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.message.wav import streaming_header
from modelport.domain.speech.audio import AudioFormat
from modelport.domain.speech.spoken import DELIVERED_KEPT, AudioFold, SpokenAudio
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
    received = b"\1\2\3\4" * 3 + b"".join(piece for piece, _ in pieces)
    expected = received[: len(received) - len(received) % 2] if kind.samples else received
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


def sent(piece: bytes, as_text: bool) -> bytes | str:
    return base64.b64encode(piece).decode() if as_text else piece


@pytest.mark.parametrize("kind", [AudioFormat(sample_rate=16_000), BARE, MP3])
@given(pieces=st.lists(st.tuples(st.binary(max_size=9), st.booleans(), st.sampled_from(["", "take", "some"]))))
def test_base64_is_handed_on_as_the_bytes_would_be(kind: AudioFormat, pieces: list[tuple[bytes, bool, str]]) -> None:
    coded, plain, taken = SpokenAudio(kind), SpokenAudio(kind), b""
    for piece, as_text, way in [(b"\1\2\3\4" * 3, True, ""), *pieces]:
        coded.feed(sent(piece, as_text))
        plain.feed(piece)
        if way:
            taken += data(coded.take() if way == "take" else coded.take_some())
    assert data(coded.whole()) == data(plain.whole()) == data(plain.take_file())
    while block := coded.take_some():
        taken += data(block)
    header = streaming_header(16_000) if kind.is_wav else b""
    assert taken == header + data(plain.whole()).removeprefix(data(plain.whole())[: len(header)])
    assert coded.undelivered == 0 and coded.take() is None


def test_whole_base64_reaches_the_caller_as_it_came() -> None:
    audio, text = SpokenAudio(BARE), base64.b64encode(bytes(range(240))).decode()
    audio.feed(b"\1\2\3\4" * 3)
    assert audio.take() is not None
    for _ in range(2):
        audio.feed(text)
    block: Any = audio.take()  # Any: its source is base64
    assert block.source.data == text + text
    audio.feed(text)
    block = audio.take()
    assert block.source.data is text


def test_a_step_has_what_can_be_joined_cheaply() -> None:
    audio, text = SpokenAudio(BARE), base64.b64encode(bytes(range(240)) * 20).decode()
    audio.feed(b"\1\2\3\4" * 3)
    assert data(audio.take_some()) == b"\1\2\3\4" * 3
    sent: list[bytes | str] = [text, text + text, *[text] * 40, base64.b64encode(b"1234").decode(), text, b"56", text]
    for piece in sent:
        audio.feed(piece)
    steps: list[Any] = []  # Any: their sources are base64
    while block := audio.take_some():
        steps.append(block)
        assert (audio.undelivered == 0) == (sum(len(data(step)) for step in steps) == 45 * 4800 + 6)
    assert b"".join(map(data, steps)) == bytes(range(240)) * 20 * 43 + b"1234" + bytes(range(240)) * 20 + b"56" + (
        bytes(range(240)) * 20
    )
    assert max(len(step.source.data) for step in steps) <= 96 * 1024 and len(steps) < 10


def test_base64_with_a_header_of_a_known_size_ends_where_the_header_says() -> None:
    audio, samples = SpokenAudio(AudioFormat()), bytes(range(240))
    audio.feed(streaming_header(24_000, size=480))
    for _ in range(2):
        audio.feed(base64.b64encode(samples).decode())
    audio.feed(b"LIST" + b"x" * 40)
    assert data(audio.whole())[44:] == samples * 2


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("kind", [AudioFormat(), BARE, MP3])
def test_of_delivered_audio_only_the_beginning_is_kept(kind: AudioFormat, as_text: bool) -> None:
    audio, piece = SpokenAudio(kind), bytes(range(250)) * 20
    for _ in range(200):
        audio.feed(sent(piece, as_text))
        audio.take()
    audio.feed(sent(piece, as_text))
    header = 44 if kind.is_wav else 0
    kept = data(audio.whole())[header:]
    assert DELIVERED_KEPT - 12 < len(kept) <= DELIVERED_KEPT and kept == (piece * 20)[: len(kept)]
    assert data(audio.not_delivered())[header:] == piece == data(audio.take_file())[header:]


def test_a_fold_keeps_all_or_so_many_bytes() -> None:
    for fold, kept in ((AudioFold(24_000), 400_000), (AudioFold(24_000, 1200), 1200), (AudioFold(24_000, 0), None)):
        for _ in range(4):
            fold.add(bytes(100_000))
        whole = fold.whole()
        assert (len(data(whole)) - 44 if whole else None) == kept
    fold = AudioFold(24_000, 0)
    fold.keep_all()
    fold.add(b"12")
    assert data(fold.whole())[44:] == b"12"


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
