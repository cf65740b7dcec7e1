"""What a speech model answers, and audio in pieces: aligned to samples, and folded to one WAV of true sizes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..ids import new_id, new_timestamp
from ..message.blocks import Base64Source, DataBlock
from ..message.responses import AttemptRecord, ModelWarning
from ..message.wav import HEADER_SIZE, streaming_header

__all__ = ["AudioFold", "PcmPieces", "TTSResponse", "TTSUsage", "pcm_of_wav"]

_LONGEST_HEADER = 64 * 1024
_WAV = "audio/wav"


@dataclass(slots=True)
class TTSUsage:
    """What one call used, all its requests together.

    Providers count tokens or `characters`; what was not counted is 0. `time` is in seconds; `raw` is the provider's own
    object, of several requests the last one's.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    time: float = 0.0
    characters: int = 0
    raw: dict[str, Any] | None = field(default=None, repr=False)  # Any: the provider's JSON
    type: Literal["tts"] = "tts"

    def add(self, other: TTSUsage) -> None:
        """Count another request's in; `time` stays."""
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.characters += other.characters
        self.raw = other.raw or self.raw


@dataclass(slots=True, eq=False)
class TTSResponse:
    """A whole utterance, or one step of a stream.

    The audio of a stream's steps, put together in their order, is one file; its last response has `is_last=True` and
    repeats none of it. `content` is `None` where there is no audio. `usage`, `warnings` and `attempts` come with the
    last response.
    """

    content: DataBlock | None = None
    is_last: bool = True
    usage: TTSUsage | None = None
    id: str = field(default_factory=new_id)
    metadata: dict[str, Any] | None = None  # Any: provider facts
    created_at: str = field(default_factory=new_timestamp)
    type: Literal["tts_response"] = "tts_response"
    provider: str | None = None
    model: str | None = None
    warnings: Sequence[ModelWarning] = ()
    attempts: Sequence[AttemptRecord] = ()


class PcmPieces:
    """Pieces of one PCM stream, cut anywhere, to pieces of whole samples; a WAV header before them is left out.

    `frame_size` is the bytes of one sample of all channels. What is held back at the end is no whole sample.
    """

    def __init__(self, frame_size: int = 2) -> None:
        self._frame_size = frame_size
        self._held = bytearray()
        self._opened = False

    def feed(self, data: bytes) -> bytes:
        """The whole samples that these bytes complete."""
        held = self._held
        held += data
        if not self._opened:
            start = _audio_start(held)
            if start is None:
                return b""
            self._opened = True
            del held[:start]
        whole = len(held) - len(held) % self._frame_size
        samples = bytes(held[:whole])
        del held[:whole]
        return samples


def pcm_of_wav(wav: bytes) -> bytes:
    """The samples of a whole WAV, without what may follow them; bytes that are no WAV as they are."""
    start = _audio_start(wav)
    if not start:
        return wav if start == 0 else b""
    size = int.from_bytes(wav[start - 4 : start], "little")
    return wav[start : start + size] if 0 < size <= len(wav) - start else wav[start:]


def _audio_start(data: bytes | bytearray) -> int | None:
    """Where the samples begin: 0 without a WAV header, `None` while that cannot be told."""
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
            return min(HEADER_SIZE, len(data))  # a header that nobody can read: take it for a plain one
    return None


class AudioFold:
    """The audio of one call: each piece as a step of a stream, and all of them as one WAV.

    16-bit PCM with one channel, `sample_rate` samples per second.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._block_id = new_id()
        self._pieces: list[bytes] = []

    def add(self, pcm: bytes) -> DataBlock:
        """Keep this piece, which is not empty; its step, with the streaming header before the first one."""
        header = b"" if self._pieces else streaming_header(self._sample_rate)
        self._pieces.append(pcm)
        return self._block(header + pcm)

    def whole(self) -> DataBlock | None:
        """All audio so far as one WAV with its true sizes."""
        if not self._pieces:
            return None
        pcm = b"".join(self._pieces)
        return self._block(streaming_header(self._sample_rate, size=len(pcm)) + pcm)

    def _block(self, audio: bytes) -> DataBlock:
        source = Base64Source(data=base64.b64encode(audio).decode("ascii"), media_type=_WAV)
        return DataBlock(id=self._block_id, source=source)
