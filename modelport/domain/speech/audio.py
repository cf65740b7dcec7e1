"""Audio that comes in pieces: its format, and where its samples begin and end."""

from __future__ import annotations

from dataclasses import dataclass

from ..message.wav import audio_start, samples_size, streaming_header

__all__ = ["AudioFormat", "PcmPieces"]


_CHUNKS = frozenset({b"LIST", b"id3 ", b"ID3 ", b"bext", b"cue ", b"fact", b"JUNK", b"PEAK", b"smpl", b"PAD ", b"iXML"})
"""Chunks that files have behind their samples."""


class PcmPieces:
    """Aligns the pieces of a PCM stream to whole samples; a WAV header before them and chunks behind are left out.

    `frame_size` is the bytes of one sample of all channels. An incomplete sample at the end is kept back.
    """

    def __init__(self, frame_size: int = 2) -> None:
        self._frame_size = frame_size
        self._held = bytearray()
        self._opened = self._ended = False
        self._left: int | None = None
        """Bytes until the end that the header said, which may be wrong."""

    def feed(self, data: bytes) -> bytes:
        """The whole samples that these bytes complete."""
        held = self._held
        held += data
        if not self._opened:
            start = audio_start(held)
            if start is None:
                return b""
            self._opened = True
            self._left = samples_size(held[:start])
            del held[:start]
        end = len(held) if self._left is None else self._before_the_end(self._left)
        whole = end - end % self._frame_size
        samples = bytes(held[:whole])
        del held[:whole]
        if self._left is not None:
            self._left -= whole
        return samples

    def passes(self, size: int) -> bool:
        """Whether `feed` would return the next so many bytes unchanged; they then count as fed."""
        if not self._opened or self._held or size % self._frame_size:
            return False
        if self._left is not None:
            if size > self._left:
                return False
            self._left -= size
        return True

    def _before_the_end(self, left: int) -> int:
        """How many of the bytes may be samples, since so many are left by the header."""
        held, behind = self._held, left + left % 2
        if self._ended:
            del held[left:]
        elif len(held) >= behind + 4:
            self._ended = bytes(held[behind : behind + 4]) in _CHUNKS
            if self._ended:
                del held[left:]
            else:
                self._left = None
            return len(held)
        return min(left, len(held))


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """The format of delivered audio: 16-bit samples, as WAV or raw, or a compressed file unchanged."""

    media_type: str = "audio/wav"
    sample_rate: int = 24_000
    channels: int = 1

    @property
    def samples(self) -> bool:
        """Whether it consists of samples, which the server may send with a WAV header."""
        return self.is_wav or self.media_type.startswith("audio/pcm")

    def header(self, size: int | None = None) -> bytes:
        """What comes before the first piece: a WAV header for so many bytes of samples, or nothing."""
        return streaming_header(self.sample_rate, self.channels, size=size) if self.is_wav else b""

    @property
    def is_wav(self) -> bool:
        """Whether a WAV header comes before the samples."""
        return self.media_type == "audio/wav"
