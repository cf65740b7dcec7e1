"""Audio in pieces: whole samples however it was cut, and one WAV of true sizes."""

from __future__ import annotations

import base64
import io
import wave
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.message.blocks import Base64Source, DataBlock
from modelport.domain.message.wav import UNKNOWN_SIZE, pcm_of_wav, streaming_header
from modelport.domain.speech.audio import PcmPieces
from modelport.domain.speech.responses import TTSUsage
from modelport.domain.speech.spoken import AudioFold

PCM = bytes(range(1, 101))
LISTED = streaming_header(24_000, size=100)[:36] + b"LIST\x03\x00\x00\x00abc\x00" + b"data\x64\x00\x00\x00"


def audio(block: DataBlock | None) -> bytes:
    assert block is not None and isinstance(block.source, Base64Source)
    assert block.source.media_type == "audio/wav"
    return base64.b64decode(block.source.data)


@pytest.mark.parametrize("header", [b"", streaming_header(24_000), LISTED])
@given(cuts=st.lists(st.integers(0, 160), max_size=12), width=st.sampled_from([2, 4]))
def test_any_cut_gives_the_same_whole_samples(header: bytes, cuts: list[int], width: int) -> None:
    sent, pieces = header + PCM, PcmPieces(width)
    places = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    found = [pieces.feed(sent[start:end]) for start, end in pairwise(places)]
    assert b"".join(found) == PCM
    assert all(len(piece) % width == 0 for piece in found)


def test_half_a_sample_at_the_end_is_held_back() -> None:
    pieces = PcmPieces()
    assert (pieces.feed(b"\x01\x02\x03"), pieces.feed(b""), pieces.feed(b"\x04")) == (b"\x01\x02", b"", b"\x03\x04")


def test_samples_that_begin_like_a_header_are_samples() -> None:
    assert PcmPieces().feed(b"RIFF....ABCDabcd") == b"RIFF....ABCDabcd"


def test_a_header_without_end_does_not_swallow_the_audio() -> None:
    damaged = streaming_header(24_000)[:36] + b"junk\xff\xff\xff\xff" + PCM
    assert PcmPieces().feed(damaged) == PCM


def test_the_samples_of_a_file_are_as_long_as_its_header_states() -> None:
    assert pcm_of_wav(streaming_header(24_000, size=100) + PCM + b"LIST\x02\x00\x00\x00ab") == PCM
    assert pcm_of_wav(streaming_header(24_000) + PCM) == PCM
    assert pcm_of_wav(PCM) == PCM
    assert pcm_of_wav(b"RIFF") == b""


def test_steps_are_one_stream_and_the_whole_has_its_true_size() -> None:
    fold = AudioFold(24_000)
    assert fold.whole() is None
    steps = [fold.add(PCM[:40]), fold.add(PCM[40:])]
    streamed = b"".join(audio(step) for step in steps)
    assert streamed == streaming_header(24_000, size=None) + PCM
    assert int.from_bytes(streamed[40:44], "little") == UNKNOWN_SIZE
    with wave.open(io.BytesIO(audio(fold.whole()))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getnframes()) == (24_000, 1, 2, 50)
        assert file.readframes(50) == PCM
    assert len({step.id for step in steps}) == 1


def test_usage_adds_up() -> None:
    usage = TTSUsage(1, 2, 3.0, 4, {"a": 1})
    usage.add(TTSUsage(10, 20, 30.0, 40, None))
    assert (usage.input_tokens, usage.output_tokens, usage.time, usage.characters) == (11, 22, 3.0, 44)
    assert usage.raw == {"a": 1}
