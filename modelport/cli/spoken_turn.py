"""One turn of a voice conversation: what is said to the model, and its answer as text and as speech."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.errors import InvalidRequestError, ModelError
from ..domain.message.blocks import DataBlock
from ..domain.message.events import DataBlockDeltaEvent, ModelCallEndEvent, ReplyEndEvent, TextBlockDeltaEvent
from ..domain.message.wav import streaming_header
from ..domain.realtime.events import InputTranscriptEvent, SessionErrorEvent

if TYPE_CHECKING:
    from ..application.realtime.model import RealtimeModelBase
    from ..application.realtime.session import RealtimeSession
    from ..domain.realtime.events import RealtimeEvent
    from .audio_file import AudioFile

__all__ = ["Question", "Turn", "described", "read_question", "sample_rate", "take_turn"]

_LATE_SECONDS = 5.0
"""How long the transcript of the question is awaited after the answer: some providers are late with it."""
_PIECE_MS = 100
_SILENCE_MS = 2_000
"""Silence behind the question where the server has to notice its end."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is said: 16-bit mono samples at `rate`, or typed text."""

    text: str = ""
    pcm: bytes = field(default=b"", repr=False)
    rate: int = 0


@dataclass(slots=True)
class Turn:
    """What came of it."""

    asked: str = ""
    answer: str = ""
    audio_bytes: int = 0
    usage: dict[str, int] = field(default_factory=dict)
    over: bool = False
    settled: bool = False
    """Whether the transcript of the question is final."""


def read_question(path: Path) -> Question:
    """The samples of a WAV file; `InvalidRequestError` for anything else."""
    import numpy as np

    from ..adapters.embedded.wav_samples import WavSamples

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidRequestError(f"{path}: cannot be read: {error.strerror or error}") from error
    wav = WavSamples(data)
    if not 8_000 <= wav.rate <= 48_000:
        raise InvalidRequestError(f"{path}: expected 8,000 to 48,000 samples per second, got {wav.rate:,}; convert it")
    pieces = []
    while len(samples := wav.read(1.0)):
        pieces.append(np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes())
    if not pieces:
        raise InvalidRequestError(f"{path}: holds no audio")
    return Question(pcm=b"".join(pieces), rate=wav.rate)


def sample_rate(media_type: str, otherwise: int) -> int:
    """The rate in a media type such as `audio/pcm;rate=24000`."""
    _, _, rate = media_type.partition("rate=")
    return int(rate) if rate.isdigit() else otherwise


async def take_turn(
    session: RealtimeSession,
    model: RealtimeModelBase,
    question: Question,
    file: AudioFile | None,
    on_piece: Callable[[], None] = lambda: None,
) -> Turn:
    """Ask, and take the answer to its end; its speech goes into the file. Raises the error of a reply that failed."""
    manual = model.parameters.turn_detection.manual
    speaking = asyncio.create_task(_say(session, question, manual))
    turn = Turn(asked=question.text, settled=not question.pcm)
    try:
        await _listen(session, turn, file, on_piece)
        await speaking
        if not turn.settled and turn.answer:
            await _late_transcript(session, turn)
    finally:
        speaking.cancel()
        await asyncio.wait([speaking])
    if file is not None and not turn.audio_bytes:
        raise ModelError("the model returned no audio", provider=model.provider_name, model=model.model)
    return turn


async def _say(session: RealtimeSession, question: Question, manual: bool) -> None:
    if not question.pcm:
        await session.send_text(question.text)
        return
    size = 2 * question.rate * _PIECE_MS // 1000
    for start in range(0, len(question.pcm), size):
        await session.send_audio(question.pcm[start : start + size])
    if manual:
        await session.commit_audio()
    else:
        await session.send_audio(bytes(2 * question.rate * _SILENCE_MS // 1000))


async def _listen(session: RealtimeSession, turn: Turn, file: AudioFile | None, on_piece: Callable[[], None]) -> None:
    async for event in session:
        _take(event, turn, file)
        on_piece()
        if turn.over:
            return
    raise ModelError("the session ended before the answer")


async def _late_transcript(session: RealtimeSession, turn: Turn) -> None:
    try:
        async with asyncio.timeout(_LATE_SECONDS):
            async for event in session:
                _take(event, turn, None)
                if turn.settled:
                    return
    except (TimeoutError, ModelError):
        return


def _take(event: RealtimeEvent, turn: Turn, file: AudioFile | None) -> None:
    if isinstance(event, TextBlockDeltaEvent):
        turn.answer += event.delta
    elif isinstance(event, DataBlockDeltaEvent):
        _write(event, turn, file)
    elif isinstance(event, InputTranscriptEvent):
        turn.asked = event.text or turn.asked
        turn.settled = event.is_final
    elif isinstance(event, ModelCallEndEvent):
        for name in ("input_tokens", "output_tokens"):
            turn.usage[name] = turn.usage.get(name, 0) + (getattr(event, name, None) or 0)
    elif isinstance(event, SessionErrorEvent):
        raise ModelError(event.error, code=event.code)
    elif isinstance(event, ReplyEndEvent):
        turn.over = True
        if event.error:
            raise ModelError(f"the answer failed: {event.error}")


def _write(event: DataBlockDeltaEvent, turn: Turn, file: AudioFile | None) -> None:
    pcm = base64.b64decode(event.data or "")
    if file is not None and pcm:
        header = b"" if turn.audio_bytes else streaming_header(sample_rate(event.media_type, 24_000))
        file.write(DataBlock.from_bytes(header + pcm, "audio/wav"))
    turn.audio_bytes += len(pcm)


def described(turn: Turn, file: AudioFile | None) -> dict[str, Any]:  # Any: JSON
    """The turn as a JSON object."""
    return {
        "type": "turn",
        "asked": turn.asked,
        "answer": turn.answer,
        "file": str(file.path) if file is not None else None,
        "seconds": file.seconds if file is not None else None,
        "usage": turn.usage,
    }
