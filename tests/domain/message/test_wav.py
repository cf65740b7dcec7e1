"""The format in a WAV header."""

from __future__ import annotations

import io
import struct
import wave

import pytest

from modelport.domain.message.wav import WavFormat, streaming_header, wav_encoding, wav_format


@pytest.mark.parametrize(("rate", "channels", "width"), [(22_050, 1, 2), (48_000, 2, 2), (8_000, 1, 1)])
def test_a_header_contains_the_format_of_the_samples(rate: int, channels: int, width: int) -> None:
    found = wav_format(streaming_header(rate, channels, width) + b"ab")
    assert found == WavFormat(rate, channels, width) and found.bytes_per_second == rate * channels * width
    with wave.open(io.BytesIO(found.header(rate * channels * width) + bytes(found.bytes_per_second))) as file:
        assert (*file.getparams()[:3], file.getnframes()) == (channels, width, rate, rate)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"ID3" + bytes(100), streaming_header(0), bytes(44)])
def test_other_bytes_have_no_format(data: bytes) -> None:
    assert wav_format(data) is None


def _wav(form: bytes, before: bytes = b"") -> bytes:
    return b"RIFF\xff\xff\xff\xffWAVE" + before + b"fmt " + struct.pack("<I", len(form)) + form + b"data\4\0\0\0abcd"


@pytest.mark.parametrize("before", [b"", b"JUNK\3\0\0\0abc\0"])
@pytest.mark.parametrize(("code", "rest"), [(1, b"\0\0"), (0xFFFE, struct.pack("<HHIH", 22, 16, 3, 1) + bytes(14))])
def test_the_format_of_longer_headers(code: int, rest: bytes, before: bytes) -> None:
    data = _wav(struct.pack("<HHIIHH", code, 2, 48_000, 192_000, 4, 16) + rest, before)
    assert (wav_format(data), wav_encoding(data)) == (WavFormat(48_000, 2, 2), 1)


@pytest.mark.parametrize("code", [3, 6, 7])
def test_samples_that_are_no_integers_are_known_for_that(code: int) -> None:
    data = _wav(struct.pack("<HHIIHH", code, 1, 8_000, 8_000, 1, 8))
    assert (wav_format(data), wav_encoding(data)) == (None, code)
