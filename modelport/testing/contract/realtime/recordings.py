"""Replays a recorded voice conversation through the public API, and says where the outcome differs from `expected`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ....adapters.dashscope.credential import DashScopeCredential
from ....adapters.gemini.credential import GeminiCredential
from ....adapters.openai.credential import OpenAICredential
from ....adapters.xai.credential import XAICredential
from ....application.call.tasks import cancel_all
from ....application.model.credential import CredentialBase
from ....application.realtime.model import RealtimeModelBase
from ....application.realtime.session import RealtimeSession
from ....composition.defaults import build_runtime
from ....domain.errors import ModelError
from ....domain.message.blocks import ToolCallBlock, ToolResultBlock, ToolResultState
from ....domain.message.events import DataBlockDeltaEvent
from ....domain.retry import RetryPolicy
from ....ports.websocket import Frame, WebSocketConnection, WebSocketConnector, WebSocketRequest
from ...servers.realtime import RealtimeReplayServer
from .compare import differences
from .outcome import Outcome
from .script import Command, Script, script_of

__all__ = ["KEY", "Build", "builtin_model", "check_recording", "load_recordings", "play"]

_CREDENTIALS: Mapping[str, type[CredentialBase]] = {
    "OpenAIRealtimeModel": OpenAICredential,
    "XAIRealtimeModel": XAICredential,
    "DashScopeRealtimeModel": DashScopeCredential,
    "GeminiRealtimeModel": GeminiCredential,
}

_EVERYTHING = 1e9
_LONGEST = 30
KEY = "sk-replayed-secret"
"""The key that models are built with."""


def load_recordings(folder: Path, names: Sequence[str] = ()) -> list[dict[str, Any]]:  # Any: JSON
    """The recordings in a folder and the folders in it, by path; those whose names hold one of `names`."""
    files = sorted(path for path in folder.rglob("*.json"))
    found = [json.loads(path.read_text("utf-8")) for path in files]
    recordings = [recording for recording in found if isinstance(recording, dict) and "frames" in recording]
    return [each for each in recordings if not names or any(name in each["id"] for name in names)]


class _CountingConnector:
    """Counts the frames that the session has finished with: it asks for the next one only then."""

    def __init__(self) -> None:
        self._real = build_runtime().websockets
        self.finished = 0
        self.closed = False

    async def connect(self, request: WebSocketRequest) -> WebSocketConnection:
        self.closed = False
        return _Counted(await self._real.connect(request), self)

    async def aclose(self) -> None:
        await self._real.aclose()


class _Counted:
    def __init__(self, inner: WebSocketConnection, counter: _CountingConnector) -> None:
        self._inner = inner
        self._counter = counter
        self._had = False

    async def send(self, frame: Frame) -> None:
        await self._inner.send(frame)

    async def receive(self) -> Frame:
        if self._had:
            self._counter.finished += 1
            self._had = False
        frame = await self._inner.receive()
        self._had = True
        return frame

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        if self._had:
            self._counter.finished += 1
            self._had = False
        self._counter.closed = True
        await self._inner.aclose(code, reason)


class _Player:
    """Does what the recording's client did, each step once the session has taken all frames before it."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.outcome = Outcome()
        self.counter = _CountingConnector()
        self.server: RealtimeReplayServer
        self.session: RealtimeSession
        self.leave_after: int | None = None
        self._opened = asyncio.Event()
        self._closer: asyncio.Task[None] | None = None

    async def act(self, position: int) -> None:
        """Take what was sent before this frame; then the command, if the frame is one of the client's."""
        command = self.script.commands.get(position)
        if position > self.script.accepted:
            await self._opened.wait()
            await self._settle()
        if command is not None:
            await self._do(command)

    async def _settle(self) -> None:
        """Wait until the session has taken what was sent, and the application its events."""
        while self.counter.finished < self.server.sent and not self.counter.closed:  # noqa: ASYNC110  # see the counter
            await asyncio.sleep(0.001)
        for _ in range(10):
            await asyncio.sleep(0)

    async def _do(self, command: Command) -> None:
        session, value = self.session, command.value
        if command.name == "audio":
            await session.send_audio(value)
        elif command.name == "message":
            await session.send_text(value[0], respond=value[1])
        elif command.name == "commit":
            await session.commit_audio(respond=value)
        elif command.name == "tool_result":
            await session.send_tool_result(self._result(*value))
        elif command.name == "interrupt":
            await session.interrupt()
        elif command.name == "respond":
            await session.respond()
        elif command.name == "clear":
            await session.clear_audio()
        elif command.name == "update":
            await session.update(instructions=value if value is not None else self.script.instructions)
        elif command.name == "truncate":
            if not any(frame.get("item_id") == value for frame in self.server.received):
                await session.interrupt()
        elif command.name == "close":
            self.outcome.history = session.history
            self._closer = asyncio.create_task(session.aclose())

    def _result(self, call_id: str, output: str) -> ToolResultBlock:
        calls = [block for msg in self.session.history for block in msg.content if isinstance(block, ToolCallBlock)]
        name = next((call.name for call in calls if call.id == call_id), "")
        return ToolResultBlock(id=call_id, name=name, output=output, state=ToolResultState.SUCCESS)

    async def converse(self, session: RealtimeSession) -> None:
        """Open the session, and take its events until every frame was played."""
        self.session = session
        try:
            await session.open()
        except ModelError as error:
            self.outcome.refused = error
            return
        self._opened.set()
        listening = asyncio.create_task(self._listen(session))
        played = asyncio.create_task(self.server.done.wait())
        await asyncio.wait([played, listening], return_when=asyncio.FIRST_COMPLETED)
        await cancel_all([played])
        await self._settle()
        self.outcome.history = self.outcome.history or session.history
        self.outcome.usage = session.usage
        await session.aclose()
        await listening
        if self._closer is not None:
            await self._closer

    async def _listen(self, session: RealtimeSession) -> None:
        try:
            async for event in session:
                self.outcome.add(event)
                if self.leave_after is not None and len(self.outcome.events) > self.leave_after:
                    return
                if isinstance(event, DataBlockDeltaEvent):
                    self._play(session, str(event.metadata["item_id"]))
        except ModelError as error:
            self.outcome.failed = error

    def _play(self, session: RealtimeSession, item_id: str) -> None:
        if item_id in self.script.heard:
            session.played(item_id, self.script.heard[item_id])
        elif self.script.reports_playback:
            session.played(item_id, _EVERYTHING)


Build = Callable[[Script, str, WebSocketConnector], RealtimeModelBase]
"""Makes the model of a script, at this URL and over this connector."""


def builtin_model(script: Script, url: str, connector: WebSocketConnector) -> RealtimeModelBase:
    """The built-in model of the recording's API."""
    from .... import realtime  # the face: what is checked is the public API

    cls: type[RealtimeModelBase] = getattr(realtime, script.model_class)
    credential = _CREDENTIALS[script.model_class](api_key=KEY, base_url=url)  # type: ignore[call-arg]
    return cls(
        credential,
        script.model,
        cls.Parameters(turn_detection=script.detection, **script.parameters),
        retry_policy=RetryPolicy(max_retries=1, retry_delay=0.0),
        runtime=replace(build_runtime(), websockets=connector),
        card_checks="off",
        reconnect=script.reconnects,
    )


async def play(recording: Mapping[str, Any], build: Build = builtin_model) -> tuple[Outcome, list[str]]:  # Any: JSON
    """What an application sees of a recording, and what went wrong in playing it."""
    script = script_of(recording)
    player = _Player(script)
    player.leave_after = recording.get("leave_after")

    def awaited(position: int) -> bool:
        command = script.commands.get(position)
        return command is None or command.awaited

    async with RealtimeReplayServer(recording, awaited, player.act) as server:
        player.server = server
        model = build(script, server.http_url, player.counter)
        session = model.connect(script.instructions, script.tools, script.history)
        try:
            async with asyncio.timeout(_LONGEST):
                await player.converse(session)
        except TimeoutError:
            return player.outcome, [f"the conversation did not come to its end within {_LONGEST} s"]
        finally:
            await session.aclose()
            await player.counter.aclose()
        player.outcome.sent = server.received
    return player.outcome, [f"the client never sent {kind}" for kind in server.missed]


async def check_recording(
    recording: Mapping[str, Any],
    build: Build = builtin_model,  # Any: JSON
) -> list[str]:
    """Where our reading of a recording differs from what is expected of it; empty when it agrees."""
    outcome, faults = await play(recording, build)
    return [*faults, *differences(recording, outcome)]
