"""WebSocket conversations from cassettes, and a connector in memory that plays changed ones.

A client's messages need not be the recorded ones: a message of the server is sent when the client has gone through as
many stages as it had in the recording. A stage is a run of messages of one kind (`type`, `action` or `event`), such as
any number of pieces of text.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ....adapters.cassettes.websocket_file import Conversation, ServerStep, ServerStop, read_conversations
from ....ports.websocket import Frame, WebSocketClosed, WebSocketRejected, WebSocketRequest
from ..core.mutated_transport import End, MutatedAnswer
from ..core.recordings import path_ending
from .messages import ids_between, json_of, kind_of, leaves, stages

__all__ = [
    "MutatedConnector",
    "PlayedConnection",
    "PlayedConversation",
    "RecordedConversation",
    "load_conversations",
    "with_frame",
]

_FAILED = re.compile(r"error|fail", re.IGNORECASE)
_LOST, _NORMAL = 1006, 1000
_TURNS = 3
_TEXT_STAGES = 3
"""A beginning, text, and an end."""


@dataclass(frozen=True)
class PlayedConversation:
    """The messages of the server, each with the number of the client's recorded messages before it, and the end."""

    conversation: Conversation
    steps: tuple[ServerStep, ...]
    end: End
    whole: bool
    """Whether nothing was left out."""

    @property
    def stop(self) -> ServerStop | None:
        """How the server closes the connection, if it does."""
        if self.end is End.BROKEN:
            return ServerStop(_LOST, "")
        recorded = [step.does for step in self.conversation.server if isinstance(step.does, ServerStop)]
        if recorded:
            return recorded[-1]
        return None if self.whole else ServerStop(1000, "")


@dataclass(frozen=True)
class RecordedConversation:
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
        """The last segment of the path."""
        return path_ending(self.conversation.address[0])

    @property
    def model(self) -> str | None:
        """The model asked, by the address or by the client's messages."""
        named = dict(self.conversation.address[1]).get("model")
        sent = (value for frame in self.conversation.client for key, value in leaves(json_of(frame)) if key == "model")
        return named or next((value for value in sent if isinstance(value, str)), None)

    @property
    def frames(self) -> tuple[ServerStep, ...]:
        """The messages of the server."""
        return tuple(step for step in self.conversation.server if not isinstance(step.does, ServerStop))

    @property
    def fails(self) -> bool:
        """Whether the server reports an error, in a message or by the code of the close."""
        kinds = " ".join(word for step in self.frames if isinstance(step.does, str) for word in kind_of(step.does))
        stops = [step.does for step in self.conversation.server if isinstance(step.does, ServerStop)]
        return bool(_FAILED.search(kinds)) or any(stop.code != _NORMAL for stop in stops)

    @property
    def early(self) -> tuple[ServerStep, ...]:
        """The same messages, all but the last one of them sent before the client ends its text."""
        client = self.conversation.client
        before_end = [number for number in range(len(client)) if stages(client[:number]) == stages(client) - 1]
        if not before_end or stages(client) < _TEXT_STAGES:
            return self.frames
        *steps, last = self.frames
        return (*(replace(step, after=min(step.after, before_end[-1])) for step in steps), last)

    def answer(
        self, pieces: Sequence[ServerStep] | None = None, end: End = End.WHOLE
    ) -> PlayedConversation | MutatedAnswer:
        """This conversation with other messages of the server, or unchanged."""
        refusal = self.conversation.refusal
        if refusal is not None:
            return MutatedAnswer(refusal.status, refusal.headers, (refusal.body,))
        steps = self.frames if pieces is None else tuple(pieces)
        return PlayedConversation(self.conversation, steps, end, len(steps) >= len(self.frames))


def load_conversations(folder: Path) -> Iterator[RecordedConversation]:
    """Every conversation on the cassettes of a folder, in the order of their names."""
    for conversation in read_conversations(folder):
        file, _, number = conversation.place.rpartition(", conversation ")
        name = Path(file).stem
        yield RecordedConversation(name if number == "1" else f"{name}-{number}", conversation)


def with_frame(step: ServerStep, frame: Frame) -> ServerStep:
    """Another message at the same time."""
    return replace(step, does=frame)


class MutatedConnector:
    """Plays the answers in their order, and the last one again and again; keeps what was sent."""

    def __init__(self, *answers: PlayedConversation | MutatedAnswer) -> None:
        self._answers = answers
        self.requests: list[WebSocketRequest] = []
        self.frames: list[Frame] = []
        self.connections: list[PlayedConnection] = []
        self.waiting = asyncio.Event()

    @property
    def unclosed(self) -> int:
        """How many connections are open."""
        return sum(not connection.closed for connection in self.connections)

    @property
    def unsent(self) -> int:
        """How many messages of the server were not sent."""
        return sum(connection.unsent for connection in self.connections)

    @property
    def sent_bytes(self) -> bytes:
        """All messages of the client."""
        return b"".join(frame.encode() if isinstance(frame, str) else frame for frame in self.frames)

    async def connect(self, request: WebSocketRequest) -> PlayedConnection:
        """The next answer."""
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(request)
        if isinstance(answer, MutatedAnswer):
            if not (answer.connects and answer.answers):
                await self.hang()
            raise WebSocketRejected(answer.status, answer.headers, b"".join(answer.pieces))
        connection = PlayedConnection(answer, self)
        self.connections.append(connection)
        return connection

    async def aclose(self) -> None:
        """Close everything."""
        for connection in self.connections:
            await connection.aclose()

    async def hang(self) -> None:
        """Wait until cancelled."""
        self.waiting.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.waiting.clear()


class PlayedConnection:
    """One connection. If the server keeps it open after its last message, the client's next one starts it again."""

    def __init__(self, conversation: PlayedConversation, connector: MutatedConnector) -> None:
        self._conversation = conversation
        self._connector = connector
        self._position = 0
        self._sent: list[Frame] = []
        self._changed = asyncio.Event()
        self.closed = False

    @property
    def unsent(self) -> int:
        """How many messages are left."""
        return len(self._conversation.steps) - self._position

    async def send(self, frame: Frame) -> None:
        """Take one message."""
        if self.closed:
            raise WebSocketClosed(1000)
        if self._position and not self.unsent and self._conversation.stop is None:
            self._position, self._sent = 0, []
        self._sent.append(frame)
        self._connector.frames.append(frame)
        self._changed.set()

    async def receive(self) -> Frame:
        """The next message of the server, once the client has reached the stage at which it is due."""
        for _ in range(_TURNS):  # so that the reader processes one message before the next one comes
            await asyncio.sleep(0)
        while not self.closed:
            step = next(iter(self._conversation.steps[self._position :]), None)
            if step is not None and stages(self._conversation.conversation.client[: step.after]) <= stages(self._sent):
                self._position += 1
                return self._with_sent_ids(step.does)
            await self._end_or_wait(step)
        raise WebSocketClosed(1000)

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        """Close it."""
        self.closed = True
        self._changed.set()

    async def _end_or_wait(self, step: ServerStep | None) -> None:
        """Wait for the client, or for nothing at all; or the server closes."""
        stop = self._conversation.stop if step is None and self._conversation.end is not End.HANG else None
        if stop is not None:
            self.closed = True
            raise WebSocketClosed(stop.code, stop.reason)
        self._changed.clear()
        if step is None:
            self._connector.waiting.set()
        try:
            await self._changed.wait()
        finally:
            if step is None:
                self._connector.waiting.clear()

    def _with_sent_ids(self, does: Frame | ServerStop) -> Frame:
        """The recorded ids become those that were sent in their place."""
        assert not isinstance(does, ServerStop)
        if isinstance(does, bytes):
            return does
        for recorded, sent in ids_between(self._conversation.conversation.client, self._sent):
            does = does.replace(f'"{recorded}"', f'"{sent}"')
        return does
