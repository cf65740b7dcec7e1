"""The contract of live transcription: conversations, and how to build the model.

class TestMine(LiveSTTContract):
    conversations = {"two sentences": [{"dir": "server", "json": {...}}, ...]}

    def build(self, connector, clock):
        return MyTranscriptionModel(...)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ....application.transcription.live import LiveTranscription
from ....application.transcription.model import STTModelBase
from ....domain.errors import ModelError, ModelTimeoutError
from ....domain.message.blocks import TextBlock
from ....domain.transcription.live import LiveSegment
from ....domain.transcription.transcript import Transcript
from ....ports.websocket import WebSocketClosed, WebSocketConnector
from ...clock import VirtualClock
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.contract import Contract
from .live_wire import AUDIO, LiveWire, kind_of

__all__ = ["LiveSTTContract"]

Json = Mapping[str, Any]  # Any: JSON
_AUDIO = bytes(3200)
_PIECES = 3
_HOURS = 7200.0


class Tape(str):
    """The name of a conversation, and its frames."""

    frames: Sequence[Json]


@dataclass(slots=True)
class _Outcome:
    segments: list[LiveSegment] = field(default_factory=list)
    error: ModelError | None = None
    transcript: Transcript = field(default_factory=Transcript)


def _tapes(contract: LiveSTTContract) -> list[Tape]:
    tapes = []
    for name, frames in contract.conversations.items():
        tape = Tape(name)
        tape.frames = frames
        tapes.append(tape)
    return tapes


async def _play(
    contract: LiveSTTContract, wire: LiveWire, *, most: int | None = None, wait: float | None = None
) -> _Outcome:
    """Push, finish and read; at most so many segments. With `wait` the clock is moved on when nothing more comes."""
    outcome, clock = _Outcome(), VirtualClock()
    session = contract.build(wire, clock).live()
    moving = asyncio.create_task(_move(clock, wait)) if wait is not None else None
    try:
        async with session:
            for _ in range(_PIECES):
                await session.push_audio(_AUDIO)
            await session.finish()
            await _read(session, outcome, most)
    except ModelError as error:
        outcome.error = error
    finally:
        if moving is not None:
            moving.cancel()
            await asyncio.wait([moving])
    outcome.transcript = session.transcript
    return outcome


async def _read(session: LiveTranscription, outcome: _Outcome, most: int | None) -> None:
    async for segment in session:
        outcome.segments.append(segment)
        if most is not None and len(outcome.segments) >= most:
            return


async def _move(clock: VirtualClock, seconds: float) -> None:
    while True:
        for _ in range(50):
            await asyncio.sleep(0)
        clock.advance(seconds)


def _server(tape: Tape) -> list[int]:
    """The places of the server's frames after the first audio."""
    heard = next((at for at, frame in enumerate(tape.frames) if _is_audio(frame)), len(tape.frames))
    return [at for at, frame in enumerate(tape.frames) if at > heard and frame["dir"] == "server"]


def _is_audio(frame: Json) -> bool:
    return frame["dir"] == "client" and ("audio" in frame or kind_of(frame["json"]) == AUDIO)


def _quiet(contract: LiveSTTContract) -> float | None:
    return _HOURS if contract.ends_quietly else None


@case("every segment becomes final once, and the transcript has what the final ones say", over=_tapes)
async def final_once(contract: LiveSTTContract, tape: Tape) -> None:
    wire = LiveWire(tape.frames)
    outcome = await _play(contract, wire, wait=_quiet(contract))
    require(outcome.error is None, f"the conversation fails: {outcome.error!r}")
    require(bool(outcome.segments), "no segment comes")
    final: dict[str, LiveSegment] = {}
    for segment in outcome.segments:
        require(segment.id not in final, f"there is news of {segment.id} after it was final")
        if segment.is_final:
            final[segment.id] = segment
    require_equal("the ids that never became final", {each.id for each in outcome.segments} - set(final), set())
    said = {segment.text.strip() for segment in final.values() if segment.text.strip()}
    require_equal("the segments of the transcript", {each.text for each in outcome.transcript.segments}, said)
    require(outcome.transcript.is_last and bool(outcome.transcript.attempts), "the transcript is not complete")
    require_equal("connections left open", wire.unclosed, 0)


@case("a connection that breaks at any frame raises, with the text so far", over=_tapes)
async def cut_off(contract: LiveSTTContract, tape: Tape) -> None:
    for place in _server(tape)[:-1]:
        wire = LiveWire(tape.frames[: place + 1], WebSocketClosed(1011, "cut here"))
        outcome = await _play(contract, wire)
        error = outcome.error
        require(error is not None, f"cut after frame {place}: nothing is raised")
        require("cut here" in str(error), f"cut after frame {place}: the error {error} has no reason")
        blocks = error.partial.content if error is not None and error.partial is not None else []
        partial = "".join(block.text for block in blocks if isinstance(block, TextBlock))
        require_equal(f"cut after frame {place}: the text of `partial`", partial, outcome.transcript.text)
        require_equal("connections opened", len(wire.lines), 1)
        require_equal("connections left open", wire.unclosed, 0)


@case("frames that are not known change nothing", over=_tapes)
async def strange_frames(contract: LiveSTTContract, tape: Tape) -> None:
    strange = {
        "dir": "server",
        "json": {"type": "news.of.tomorrow", "item_id": "x", "delta": 1, "header": {"event": "x"}},
    }
    frames = [each for frame in tape.frames for each in ((frame, strange) if frame["dir"] == "server" else (frame,))]
    plain = await _play(contract, LiveWire(tape.frames), wait=_quiet(contract))
    outcome = await _play(contract, LiveWire(frames), wait=_quiet(contract))
    require(outcome.error is None, f"a strange frame is an error: {outcome.error!r}")
    require_equal("the text", outcome.transcript.text, plain.transcript.text)


@case("a server that never ends runs into the idle clock", over=_tapes)
async def never_ends(contract: LiveSTTContract, tape: Tape) -> None:
    if contract.ends_quietly:
        raise NotApplicableError("the server does not say that it is done")
    wire = LiveWire(tape.frames[: _server(tape)[-1]])
    outcome = await _play(contract, wire, wait=_HOURS)
    require(isinstance(outcome.error, ModelTimeoutError), f"expected a ModelTimeoutError, got {outcome.error!r}")
    require_equal("connections left open", wire.unclosed, 0)


@case("an application that leaves at any segment leaves nothing behind", over=_tapes)
async def left_early(contract: LiveSTTContract, tape: Tape) -> None:
    whole = await _play(contract, LiveWire(tape.frames), wait=_quiet(contract))
    before = len(asyncio.all_tasks())
    for count in range(1, len(whole.segments) + 1):
        wire = LiveWire(tape.frames)
        await _play(contract, wire, most=count, wait=_quiet(contract))
        require_equal(f"connections left open after segment {count}", wire.unclosed, 0)
        require_equal(f"tasks after segment {count}", len(asyncio.all_tasks()), before)


class LiveSTTContract(Contract):
    """What every live session does, on conversations with its server.

    Attributes:
        conversations: by name, the frames of both sides; `LiveWire` describes them.
        ends_quietly: whether the server does not say when everything is transcribed, so that silence ends a session.
    """

    conversations: ClassVar[Mapping[str, Sequence[Json]]] = {}
    ends_quietly: ClassVar[bool] = False
    cases: ClassVar[tuple[Case[Any], ...]] = (final_once, cut_off, strange_frames, never_ends, left_early)

    def check_declared(self) -> None:
        """Raise `TypeError` unless there are conversations."""
        if not self.conversations:
            raise TypeError(f"{type(self).__name__} needs `conversations`: lists of frames by name")

    def build(self, connector: WebSocketConnector, clock: VirtualClock) -> STTModelBase:
        """The model, on this connector and this clock."""
        raise NotImplementedError(f"{type(self).__name__} needs a method `build(connector, clock)`")
