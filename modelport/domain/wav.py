"""WAV headers: one that opens a stream of unknown length, and true sizes once the audio is complete."""

from __future__ import annotations

import struct

__all__ = ["HEADER_SIZE", "UNKNOWN_SIZE", "streaming_header", "with_true_sizes"]

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


def with_true_sizes(wav: bytes) -> bytes:
    """The same WAV with its real sizes, when its header left them open; other bytes are returned as they are."""
    if len(wav) < HEADER_SIZE or wav[:4] != b"RIFF" or wav[36:40] != b"data":
        return wav
    if wav[4:8] != b"\xff\xff\xff\xff" and wav[40:44] != b"\xff\xff\xff\xff":
        return wav
    size = len(wav) - HEADER_SIZE
    return wav[:4] + struct.pack("<I", size + HEADER_SIZE - 8) + wav[8:40] + struct.pack("<I", size) + wav[44:]
