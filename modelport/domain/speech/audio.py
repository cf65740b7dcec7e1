"""Audio of one utterance, in pieces: aligned to samples, delivered step by step, and joined to one file."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from ..ids import new_id
from ..message.blocks import Base64Source, DataBlock
from ..message.wav import audio_start, samples_size, streaming_header

__all__ = ["AudioFold", "AudioFormat", "PcmPieces", "SpokenAudio"]


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


class AudioFold:
    """The audio of one call: each piece as a step of a stream, and all pieces as one file.

    Without another format, 16-bit PCM with one channel as WAV, `sample_rate` samples per second.
    """

    def __init__(self, sample_rate: int) -> None:
        self._format = AudioFormat("audio/wav", sample_rate)
        self._block_id = new_id()
        self._pieces: list[bytes] = []

    def use(self, audio_format: AudioFormat) -> None:
        """Take audio of that format from now on; raises `ValueError` when audio of another one has come."""
        if self._pieces and audio_format != self._format:
            raise ValueError(f"the audio changes from {self._format} to {audio_format}, and cannot be joined")
        self._format = audio_format

    def add(self, audio: bytes) -> DataBlock:
        """Add a piece, which must not be empty; returns its step. The first one of a WAV begins with a header."""
        header = b"" if self._pieces else self._format.header()
        self._pieces.append(audio)
        return self._block(header + audio)

    def whole(self) -> DataBlock | None:
        """All audio so far as one file; a WAV has true sizes."""
        if not self._pieces:
            return None
        audio = b"".join(self._pieces)
        return self._block(self._format.header(len(audio)) + audio)

    def _block(self, audio: bytes) -> DataBlock:
        data = base64.b64encode(audio).decode("ascii")
        return DataBlock(id=self._block_id, source=Base64Source(data=data, media_type=self._format.media_type))


class SpokenAudio(AudioFold):
    """Collects audio bytes and delivers them as blocks, each byte once.

    The blocks of `take`, joined, are one file. Blocks of samples end at whole samples, wherever the received bytes did.
    """

    def __init__(self, audio_format: AudioFormat) -> None:
        super().__init__(audio_format.sample_rate)
        self._format = audio_format
        self._samples = PcmPieces()
        self._fresh: list[bytes] = []
        self.undelivered = 0
        """The number of bytes not delivered yet."""

    def feed(self, data: bytes) -> None:
        """Add bytes from the server, in pieces of any size."""
        audio = self._samples.feed(data) if self._format.samples else data
        if audio:
            self._fresh.append(audio)
            self.undelivered += len(audio)

    def end_segment(self) -> None:
        """Start a new segment: drop an incomplete sample, and expect a header again."""
        self._samples = PcmPieces()

    @property
    def came(self) -> bool:
        """Whether any audio has arrived."""
        return bool(self._fresh or self._pieces)

    def take(self) -> DataBlock | None:
        """The audio not delivered yet, as the next piece of the file; the first one begins with the header."""
        audio = self._drain()
        if not audio:
            return None
        if self._format.is_wav:
            return self.add(audio)
        self._pieces.append(audio)
        return self._block(audio)

    def take_file(self) -> DataBlock | None:
        """The audio not delivered yet, as a complete file."""
        audio = self._drain()
        if audio:
            self._pieces.append(audio)
        return self._file(audio)

    def whole(self) -> DataBlock | None:
        """All audio so far, delivered or not, as a complete file."""
        return self._file(b"".join((*self._pieces, *self._fresh)))

    def _drain(self) -> bytes:
        audio = b"".join(self._fresh)
        self._fresh.clear()
        self.undelivered = 0
        return audio

    def _file(self, audio: bytes) -> DataBlock | None:
        if not audio:
            return None
        rate = self._format.sample_rate
        return self._block(streaming_header(rate, size=len(audio)) + audio if self._format.is_wav else audio)
