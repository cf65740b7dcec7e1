"""A server in memory that plays one conversation of live transcription, as recorded, cut off or endless."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from ....ports.websocket import Frame, WebSocketClosed, WebSocketRequest
from ...servers.realtime import frame_kind

__all__ = ["AUDIO", "LiveWire", "kind_of"]

Json = Mapping[str, Any]  # Any: JSON
AUDIO = "audio"


def kind_of(frame: Frame | Json) -> str:
    """What a frame of the client is: `audio`, an action of a task, or an event."""
    if isinstance(frame, bytes):
        return AUDIO
    value = json.loads(frame) if isinstance(frame, str) else frame
    header = value.get("header")
    if isinstance(header, dict):
        return str(header.get("action"))
    kind = frame_kind(value)
    return AUDIO if kind in ("input_audio_buffer.append", "realtimeInput.audio") else kind


class LiveWire:
    """A connector whose connections play the frames: the server's are sent once the client's before them have come.

    Args:
        frames: `{"dir": "server", "json": …}`, `{"dir": "client", "json": …}`, or `{"dir": "client", "audio": true}`
            for a binary frame of audio; successive frames of audio count as one.
        end: how the connection is closed after the last frame; `None` leaves it open, and silent.
    """

    def __init__(self, frames: Sequence[Json], end: WebSocketClosed | None = None) -> None:
        self._frames = frames
        self._end = end
        self.lines: list[_Line] = []

    @property
    def unclosed(self) -> int:
        """How many connections are open."""
        return sum(not line.closed for line in self.lines)

    async def connect(self, request: WebSocketRequest) -> _Line:
        """Open a connection."""
        self.lines.append(_Line(self._frames, self._end))
        return self.lines[-1]

    async def aclose(self) -> None:
        """Close what is open."""
        for line in self.lines:
            await line.aclose()


class _Line:
    def __init__(self, frames: Sequence[Json], end: WebSocketClosed | None) -> None:
        self._left = deque(frames)
        self._end = end
        self._came: deque[str] = deque()
        self._changed = asyncio.Event()
        self.closed = False

    async def send(self, frame: Frame) -> None:
        if self.closed:
            raise WebSocketClosed(1000)
        self._came.append(kind_of(frame))
        self._changed.set()

    async def receive(self) -> Frame:
        while self._left:
            step = self._left[0]
            if step["dir"] == "client":
                await self._await(AUDIO if "audio" in step else kind_of(step["json"]))
                self._left.popleft()
                continue
            await asyncio.sleep(0)
            self._check_open()
            self._left.popleft()
            return json.dumps(step["json"])
        if self._end is not None:
            raise WebSocketClosed(self._end.code, self._end.reason)
        while True:
            self._check_open()
            await self._wait()

    async def _await(self, kind: str) -> None:
        """Wait for a frame of that kind; others before it are passed over."""
        while True:
            self._check_open()
            while self._came:
                if self._came.popleft() == kind:
                    return
            await self._wait()

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _check_open(self) -> None:
        if self.closed:
            raise WebSocketClosed(1000)

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        self.closed = True
        self._changed.set()
