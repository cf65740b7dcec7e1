"""The format in a WAV header."""

from __future__ import annotations

import io
import wave

import pytest

from modelport.domain.message.wav import WavFormat, streaming_header, wav_format


@pytest.mark.parametrize(("rate", "channels", "width"), [(22_050, 1, 2), (48_000, 2, 2), (8_000, 1, 1)])
def test_a_header_contains_the_format_of_the_samples(rate: int, channels: int, width: int) -> None:
    found = wav_format(streaming_header(rate, channels, width) + b"ab")
    assert found == WavFormat(rate, channels, width) and found.bytes_per_second == rate * channels * width
    with wave.open(io.BytesIO(found.header(rate * channels * width) + bytes(found.bytes_per_second))) as file:
        assert (*file.getparams()[:3], file.getnframes()) == (channels, width, rate, rate)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"ID3" + bytes(100), streaming_header(0), bytes(44)])
def test_other_bytes_have_no_format(data: bytes) -> None:
    assert wav_format(data) is None
