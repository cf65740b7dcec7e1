"""WAV files: headers for streams of unknown length, true sizes afterwards, and the samples inside."""

from __future__ import annotations

import struct
from typing import NamedTuple

__all__ = [
    "HEADER_SIZE",
    "UNKNOWN_SIZE",
    "WavFormat",
    "audio_start",
    "pcm_of_wav",
    "samples_size",
    "streaming_header",
    "true_header",
    "wav_encoding",
    "wav_format",
    "with_true_sizes",
]

HEADER_SIZE = 44
_LONGEST_HEADER = 64 * 1024
_PCM, _EXTENSIBLE = 1, 0xFFFE
UNKNOWN_SIZE = 0xFFFFFFFF
"""The size field of a WAV of unknown length, which players and ffmpeg accept."""


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
    """The format of a PCM WAV, by its header, which may have further chunks; `None` for other bytes."""
    found = _format_chunk(wav)
    if found is None or _encoding(found) != _PCM:
        return None
    channels, sample_rate, _, _, bits = struct.unpack("<HIIHH", found[2:16])
    return WavFormat(sample_rate, channels, bits // 8) if sample_rate and channels and bits >= 8 else None


def wav_encoding(wav: bytes) -> int | None:
    """How the samples of a WAV are coded: 1 is PCM, 3 floating point, 6 and 7 companded; `None` for other bytes."""
    found = _format_chunk(wav)
    return None if found is None else _encoding(found)


def _encoding(chunk: bytes) -> int:
    """The code in a format chunk; the extensible kind has it further behind."""
    code = int.from_bytes(chunk[:2], "little")
    return int.from_bytes(chunk[24:26], "little") if code == _EXTENSIBLE and len(chunk) >= 26 else code


def _format_chunk(wav: bytes) -> bytes | None:
    """The chunk that says what the samples are, wherever it stands before them."""
    if wav[:4] != b"RIFF" or wav[8:12] != b"WAVE":
        return None
    position = 12
    while position + 8 <= len(wav) and position <= _LONGEST_HEADER:
        name, size = wav[position : position + 4], int.from_bytes(wav[position + 4 : position + 8], "little")
        if name == b"fmt ":
            chunk = wav[position + 8 : position + 8 + size]
            return chunk if len(chunk) >= 16 else None
        if name == b"data":
            return None
        position += 8 + size + size % 2
    return None


def with_true_sizes(wav: bytes) -> bytes:
    """The WAV with its true sizes in place of unknown ones; other bytes are returned unchanged."""
    header = true_header(wav[:HEADER_SIZE], len(wav))
    return wav if header is None else header + wav[HEADER_SIZE:]


def true_header(header: bytes, size: int) -> bytes | None:
    """The plain header of a WAV of `size` bytes with its true sizes; `None` where they are not unknown in it."""
    if len(header) < HEADER_SIZE or header[:4] != b"RIFF" or header[36:40] != b"data":
        return None
    if header[4:8] != b"\xff\xff\xff\xff" and header[40:44] != b"\xff\xff\xff\xff":
        return None
    audio = size - HEADER_SIZE
    return header[:4] + struct.pack("<I", audio + HEADER_SIZE - 8) + header[8:40] + struct.pack("<I", audio)


def pcm_of_wav(wav: bytes) -> bytes:
    """The samples of a whole WAV, without chunks that follow them; other bytes are returned unchanged."""
    start = audio_start(wav)
    if not start:
        return wav if start == 0 else b""
    size = int.from_bytes(wav[start - 4 : start], "little")
    return wav[start : start + size] if 0 < size <= len(wav) - start else wav[start:]


def samples_size(header: bytes | bytearray) -> int | None:
    """How many bytes of samples the header says, which ends where they begin; `None` where it does not know.

    Servers that stream write a placeholder, so what follows so many bytes counts as no audio only if it is a chunk.
    """
    size = int.from_bytes(header[-4:], "little") if header[-8:-4] == b"data" else 0
    return size if 0 < size < UNKNOWN_SIZE else None


def audio_start(data: bytes | bytearray) -> int | None:
    """The index of the first sample: 0 without a WAV header, `None` when the header is incomplete."""
    head = bytes(data[:12])
    if not b"RIFF".startswith(head[:4]) or (len(head) == 12 and head[8:] != b"WAVE"):
        return 0
    position = 12
    while position + 8 <= len(data):
        if data[position : position + 4] == b"data":
            return position + 8
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + size + size % 2
        if position > _LONGEST_HEADER:
            return min(HEADER_SIZE, len(data))  # no samples found: assume a plain header
    return None
