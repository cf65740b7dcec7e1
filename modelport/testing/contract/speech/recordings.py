"""WebSocket conversations from cassettes, and a connector in memory that plays what was made of them.

A client's messages need not be the recorded ones: what the server says is due when the client has gone through as many
stages as it had in the recording. A stage is a run of messages of one kind (`type`, `action` or `event`), such as any
number of pieces of text.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ....adapters.cassettes.websocket_file import Conversation, ServerStep, ServerStop, read_conversations
from ....ports.websocket import Frame, WebSocketClosed, WebSocketRejected, WebSocketRequest
from ..core.mutated_transport import End, MutantAnswer
from ..core.recordings import path_ending
from .messages import ids_between, json_of, kind_of, leaves, stages

__all__ = ["Conversed", "Line", "Talk", "TalkMutant", "conversed", "with_frame"]

_FAILED = re.compile(r"error|fail", re.IGNORECASE)
_LOST, _NORMAL = 1006, 1000
_TURNS = 3
_TEXT_STAGES = 3
"""A beginning, text, and an end; with fewer there is nothing to say between them."""


@dataclass(frozen=True)
class Talk:
    """What the server says, each with how many of the recorded messages of the client's came before, and the end."""

    conversation: Conversation
    steps: tuple[ServerStep, ...]
    end: End
    whole: bool
    """Whether nothing was left out."""

    @property
    def stop(self) -> ServerStop | None:
        """How the server ends the connection by itself."""
        if self.end is End.BROKEN:
            return ServerStop(_LOST, "")
        recorded = [step.does for step in self.conversation.server if isinstance(step.does, ServerStop)]
        if recorded:
            return recorded[-1]
        return None if self.whole else ServerStop(1000, "")


@dataclass(frozen=True)
class Conversed:
    """One conversation on a cassette."""

    name: str
    """The file's name; with a number when it is not the first in the file."""
    conversation: Conversation

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> int:
        """The status of the handshake."""
        refusal = self.conversation.refusal
        return refusal.status if refusal is not None else 101

    @property
    def succeeded(self) -> bool:
        """Whether the connection was opened."""
        return self.conversation.refusal is None

    @property
    def ending(self) -> str:
        """The last word of the path."""
        return path_ending(self.conversation.address[0])

    @property
    def model(self) -> str | None:
        """The model asked, by the address or by what the client said."""
        named = dict(self.conversation.address[1]).get("model")
        said = (value for frame in self.conversation.client for key, value in leaves(json_of(frame)) if key == "model")
        return named or next((value for value in said if isinstance(value, str)), None)

    @property
    def frames(self) -> tuple[ServerStep, ...]:
        """What the server says."""
        return tuple(step for step in self.conversation.server if not isinstance(step.does, ServerStop))

    @property
    def fails(self) -> bool:
        """Whether the server ends it before its time: with a message that says so, or with such a code."""
        kinds = " ".join(word for step in self.frames if isinstance(step.does, str) for word in kind_of(step.does))
        stops = [step.does for step in self.conversation.server if isinstance(step.does, ServerStop)]
        return bool(_FAILED.search(kinds)) or any(stop.code != _NORMAL for stop in stops)

    @property
    def early(self) -> tuple[ServerStep, ...]:
        """The same words of the server's, all but the last one of them before the client says that it is through."""
        client = self.conversation.client
        told = [number for number in range(len(client)) if stages(client[:number]) == stages(client) - 1]
        if not told or stages(client) < _TEXT_STAGES:
            return self.frames
        *steps, last = self.frames
        return (*(replace(step, after=min(step.after, told[-1])) for step in steps), last)

    def answer(self, pieces: Sequence[ServerStep] | None = None, end: End = End.WHOLE) -> Talk | MutantAnswer:
        """This conversation with other words of the server's, or as it is."""
        refusal = self.conversation.refusal
        if refusal is not None:
            return MutantAnswer(refusal.status, refusal.headers, (refusal.body,))
        steps = self.frames if pieces is None else tuple(pieces)
        return Talk(self.conversation, steps, end, len(steps) >= len(self.frames))


def conversed(folder: Path) -> Iterator[Conversed]:
    """Every conversation on the cassettes of a folder, in the order of their names."""
    for conversation in read_conversations(folder):
        file, _, number = conversation.place.rpartition(", conversation ")
        name = Path(file).stem
        yield Conversed(name if number == "1" else f"{name}-{number}", conversation)


def with_frame(step: ServerStep, frame: Frame) -> ServerStep:
    """Another message at the same time."""
    return replace(step, does=frame)


class TalkMutant:
    """Plays the answers in their order, and the last one again and again; keeps what was sent."""

    def __init__(self, *answers: Talk | MutantAnswer) -> None:
        self._answers = answers
        self.requests: list[WebSocketRequest] = []
        self.frames: list[Frame] = []
        self.lines: list[Line] = []
        self.waiting = asyncio.Event()

    @property
    def unclosed(self) -> int:
        """How many connections are open."""
        return sum(not line.closed for line in self.lines)

    @property
    def unsaid(self) -> int:
        """How many messages of the server's nobody came to hear."""
        return sum(line.unsaid for line in self.lines)

    @property
    def sent_bytes(self) -> bytes:
        """All messages of the client's."""
        return b"".join(frame.encode() if isinstance(frame, str) else frame for frame in self.frames)

    async def connect(self, request: WebSocketRequest) -> Line:
        """The next answer."""
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(request)
        if isinstance(answer, MutantAnswer):
            if not (answer.connects and answer.answers):
                await self.hang()
            raise WebSocketRejected(answer.status, answer.headers, b"".join(answer.pieces))
        line = Line(answer, self)
        self.lines.append(line)
        return line

    async def aclose(self) -> None:
        """Close everything."""
        for line in self.lines:
            await line.aclose()

    async def hang(self) -> None:
        """Wait until cancelled."""
        self.waiting.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.waiting.clear()


class Line:
    """One connection. When all was said and the server keeps it open, it begins anew with the client's next message."""

    def __init__(self, talk: Talk, mutant: TalkMutant) -> None:
        self._talk = talk
        self._mutant = mutant
        self._said = 0
        self._sent: list[Frame] = []
        self._changed = asyncio.Event()
        self.closed = False

    @property
    def unsaid(self) -> int:
        """How many messages are left."""
        return len(self._talk.steps) - self._said

    async def send(self, frame: Frame) -> None:
        """Take one message."""
        if self.closed:
            raise WebSocketClosed(1000)
        if self._said and not self.unsaid and self._talk.stop is None:
            self._said, self._sent = 0, []
        self._sent.append(frame)
        self._mutant.frames.append(frame)
        self._changed.set()

    async def receive(self) -> Frame:
        """What the server says next, once the client has come so far."""
        for _ in range(_TURNS):  # so that whoever listens hears one message before the next one comes
            await asyncio.sleep(0)
        while not self.closed:
            step = next(iter(self._talk.steps[self._said :]), None)
            if step is not None and stages(self._talk.conversation.client[: step.after]) <= stages(self._sent):
                self._said += 1
                return self._with_sent_ids(step.does)
            await self._end_or_wait(step)
        raise WebSocketClosed(1000)

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        """Close it."""
        self.closed = True
        self._changed.set()

    async def _end_or_wait(self, step: ServerStep | None) -> None:
        """Wait for the client, or for nothing at all; or the server closes."""
        stop = self._talk.stop if step is None and self._talk.end is not End.HANG else None
        if stop is not None:
            self.closed = True
            raise WebSocketClosed(stop.code, stop.reason)
        self._changed.clear()
        if step is None:
            self._mutant.waiting.set()
        try:
            await self._changed.wait()
        finally:
            if step is None:
                self._mutant.waiting.clear()

    def _with_sent_ids(self, does: Frame | ServerStop) -> Frame:
        """The recorded ids become those that were sent in their place."""
        assert not isinstance(does, ServerStop)
        if isinstance(does, bytes):
            return does
        for recorded, sent in ids_between(self._talk.conversation.client, self._sent):
            does = does.replace(f'"{recorded}"', f'"{sent}"')
        return does
