"""Calls a speech model, collects the audio of its responses, and checks what holds for every response."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ....domain.errors import ModelError
from ....domain.message.blocks import Base64Source, DataBlock
from ....domain.message.wav import HEADER_SIZE, UNKNOWN_SIZE, wav_format
from ....domain.speech.responses import TTSResponse, TTSUsage
from ..core.case import require, require_equal
from ..model.model_contract import CallResult

__all__ = [
    "HEADER_SIZE",
    "TEXT",
    "WAV",
    "Spoken",
    "audio_of",
    "collect",
    "spoken_in_steps",
    "spoken_of",
    "spoken_of_block",
]

TEXT = "The bell rings."
"""The text to synthesize where it does not matter."""

WAV = "audio/wav"


@dataclass(frozen=True)
class Spoken:
    """The audio of a call, without the header of a WAV: its sizes differ between a stream and a whole file."""

    media_type: str | None
    sample_rate: int
    audio: bytes
    usage: TTSUsage | None = None

    def begins_with(self, part: Spoken) -> bool:
        """Whether the other is the beginning of this one."""
        same = not part.audio or (part.media_type, part.sample_rate) == (self.media_type, self.sample_rate)
        return same and self.audio.startswith(part.audio)


async def collect(model: Any, text: Any, **options: Any) -> CallResult:  # Any: a speech model, any input, options
    """Synthesize the text, read to the end, check the responses. A `ModelError` is kept, with the steps before it."""
    steps: list[TTSResponse] = []
    try:
        answer = await model.synthesize(text, **options)
        if not isinstance(answer, AsyncGenerator):
            return CallResult(spoken_of(answer), answer)
        async for response in answer:
            steps.append(response)
    except ModelError as error:
        return CallResult(value=steps, error=error)
    return CallResult(spoken_in_steps(steps), steps[-1])


def spoken_in_steps(steps: Sequence[TTSResponse]) -> Spoken:
    """The audio of a stream, which is one file: a header, whole samples, and a last response without audio."""
    require(steps, "the stream gave no response")
    require_equal("is_last of the responses", [step.is_last for step in steps], [False] * (len(steps) - 1) + [True])
    require(steps[-1].content is None, "the last response repeats audio")
    require_equal("ids of the responses", len({step.id for step in steps}), 1)
    pieces = [audio_of(step) for step in steps]
    blocks = [step.content for step in steps if step.content is not None]
    require(len({block.id for block in blocks}) <= 1, "the pieces of one file have several block ids")
    types = {media_type_of(block) for block in blocks}
    require(len(types) <= 1, f"the pieces of one file are {types}")
    spoken = _split(b"".join(pieces), next(iter(types), None), streamed=True)
    if spoken.media_type == WAV:
        first, *others = [piece for piece in pieces if piece]
        cut = [len(piece) for piece in (first[HEADER_SIZE:], *others) if len(piece) % 2]
        require(not cut, f"pieces end inside a sample: {cut[:5]} bytes")
    return replace(spoken, usage=_timeless(steps[-1].usage))


def spoken_of(response: TTSResponse) -> Spoken:
    """A whole response: a finished file."""
    require(response.is_last, "the response does not say is_last=True")
    return replace(spoken_of_block(response.content), usage=_timeless(response.usage))


def spoken_of_block(block: Any) -> Spoken:  # Any: a block of any kind, or none
    """A finished file."""
    kind = media_type_of(block) if block is not None else None
    return _split(bytes_of(block), kind, streamed=False)


def audio_of(response: TTSResponse) -> bytes:
    """The bytes that a response carries."""
    return bytes_of(response.content)


def bytes_of(block: DataBlock | None) -> bytes:
    """The bytes of a block."""
    if block is None:
        return b""
    require(isinstance(block.source, Base64Source), "the source of the audio is a URL, expected base64")
    assert isinstance(block.source, Base64Source)
    return base64.b64decode(block.source.data)


def media_type_of(block: DataBlock) -> str:
    """What the bytes are."""
    return block.source.media_type


def _split(audio: bytes, media_type: str | None, streamed: bool) -> Spoken:
    """The samples of a WAV, whose header is checked; other files as they are."""
    if media_type != WAV or not audio:
        return Spoken(media_type, 0, audio)
    found = wav_format(audio)
    if found is None:
        raise AssertionError(f"the audio does not begin with the header of a WAV: {audio[:HEADER_SIZE]!r}")
    samples = audio[HEADER_SIZE:]
    size = int.from_bytes(audio[40:44], "little")
    whole = UNKNOWN_SIZE if streamed else len(samples)
    require_equal("the size in the WAV's header", size, whole)
    require_equal("the size of the file in its header", int.from_bytes(audio[4:8], "little"),
                  UNKNOWN_SIZE if streamed else len(audio) - 8)  # fmt: skip
    require(not samples.startswith(b"RIFF"), "there is a second header among the samples")
    return Spoken(media_type, found.sample_rate, samples)


def _timeless(usage: TTSUsage | None) -> TTSUsage | None:
    return replace(usage, time=0.0) if usage is not None else None
