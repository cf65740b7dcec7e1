"""The audio of an utterance that is still being spoken: what has come, and what of it was handed out."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from ..message.blocks import Base64Source, DataBlock
from ..message.wav import streaming_header
from .responses import AudioFold, PcmPieces

__all__ = ["AudioFormat", "SpokenAudio"]


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """What audio is handed out: 16-bit samples of one channel, as WAV or bare, or a compressed file as it comes."""

    media_type: str = "audio/wav"
    sample_rate: int = 24_000

    @property
    def samples(self) -> bool:
        """Whether it is samples, which the server may send with a WAV header of its own."""
        return self.is_wav or self.media_type.startswith("audio/pcm")

    @property
    def is_wav(self) -> bool:
        """Whether a WAV header comes before the samples."""
        return self.media_type == "audio/wav"


class SpokenAudio(AudioFold):
    """Bytes in as they come; blocks out, each byte in one of them.

    The blocks of `take` put together are one file. Samples are cut where samples end, also when they came otherwise.
    """

    def __init__(self, audio_format: AudioFormat) -> None:
        super().__init__(audio_format.sample_rate)
        self._format = audio_format
        self._samples = PcmPieces()
        self._fresh: list[bytes] = []
        self.undelivered = 0
        """Bytes that nobody has taken yet."""

    def feed(self, data: bytes) -> None:
        """Bytes from the server, cut anywhere."""
        audio = self._samples.feed(data) if self._format.samples else data
        if audio:
            self._fresh.append(audio)
            self.undelivered += len(audio)

    def end_segment(self) -> None:
        """What comes next begins anew: half a sample is no part of it, and a header may come before it."""
        self._samples = PcmPieces()

    @property
    def came(self) -> bool:
        """Whether there has been any."""
        return bool(self._fresh or self._pieces)

    def take(self) -> DataBlock | None:
        """What nobody has taken yet, as the next piece of the file; the first one begins with its header."""
        audio = self._drain()
        if not audio:
            return None
        if self._format.is_wav:
            return self.add(audio)
        self._pieces.append(audio)
        return self._block(audio)

    def take_file(self) -> DataBlock | None:
        """What nobody has taken yet, as a finished file of its own."""
        audio = self._drain()
        if audio:
            self._pieces.append(audio)
        return self._file(audio)

    def whole(self) -> DataBlock | None:
        """Everything so far, taken or not, as a finished file."""
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

    def _block(self, audio: bytes) -> DataBlock:
        data = base64.b64encode(audio).decode("ascii")
        return DataBlock(id=self._block_id, source=Base64Source(data=data, media_type=self._format.media_type))
