"""WAV headers: one that opens a stream of unknown length, and true sizes once the audio is complete."""

from __future__ import annotations

import struct
from typing import NamedTuple

__all__ = ["HEADER_SIZE", "UNKNOWN_SIZE", "WavFormat", "streaming_header", "wav_format", "with_true_sizes"]

HEADER_SIZE = 44
UNKNOWN_SIZE = 0xFFFFFFFF
"""The size field of a WAV whose length is not known yet, as players and ffmpeg accept it."""


def streaming_header(sample_rate: int, channels: int = 1, sample_width: int = 2, size: int | None = None) -> bytes:
    """A 44-byte PCM header; `size` is the number of audio bytes, unknown when `None`."""
    data_size = UNKNOWN_SIZE if size is None else size
    riff_size = UNKNOWN_SIZE if size is None else size + HEADER_SIZE - 8
    block = channels * sample_width
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        riff_size,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        sample_rate,
        sample_rate * block,
        block,
        sample_width * 8,
        b"data",
        data_size,
    )


class WavFormat(NamedTuple):
    """The samples of a WAV: how many a second, of how many channels, and their bytes."""

    sample_rate: int
    channels: int
    sample_width: int

    @property
    def bytes_per_second(self) -> int:
        """Of all channels."""
        return self.sample_rate * self.channels * self.sample_width

    def header(self, size: int | None) -> bytes:
        """A header for so many bytes of these samples; `None` for an unknown number."""
        return streaming_header(*self, size)


def wav_format(wav: bytes) -> WavFormat | None:
    """What is said at the beginning of a PCM WAV with a plain header; `None` for other bytes."""
    if len(wav) < HEADER_SIZE or wav[:4] != b"RIFF" or wav[8:22] != b"WAVEfmt \x10\0\0\0\x01\0":
        return None
    channels, sample_rate, _, _, bits = struct.unpack("<HIIHH", wav[22:36])
    return WavFormat(sample_rate, channels, bits // 8) if sample_rate and channels and bits >= 8 else None


def with_true_sizes(wav: bytes) -> bytes:
    """The same WAV with its real sizes, when its header left them open; other bytes are returned as they are."""
    if len(wav) < HEADER_SIZE or wav[:4] != b"RIFF" or wav[36:40] != b"data":
        return wav
    if wav[4:8] != b"\xff\xff\xff\xff" and wav[40:44] != b"\xff\xff\xff\xff":
        return wav
    size = len(wav) - HEADER_SIZE
    return wav[:4] + struct.pack("<I", size + HEADER_SIZE - 8) + wav[8:40] + struct.pack("<I", size) + wav[44:]
