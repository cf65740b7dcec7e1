"""Plays recorded voice conversations to a client: the server's frames in order, each client frame awaited by its kind.

A recording is JSON: `frames` is a list of `{"dir": "server"|"client", "json": …}`, `{"dir": …, "close": …}` with a code
and a reason, and `{"dir": "client", "connect": …}`, which begins the next connection; with `server_opcode` `binary` the
server's frames are binary.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from .websocket_loopback import WebSocketLoopbackServer, close_socket

__all__ = ["RealtimeReplayServer", "frame_kind"]

Json = dict[str, Any]  # Any: a provider's JSON
_PATIENCE = 10.0
"""Seconds that a frame of the client is awaited."""


def frame_kind(frame: Mapping[str, Any]) -> str:
    """What a frame is: its `type`, or for Gemini the key that it has; typed text is one kind however it is sent."""
    if "type" in frame:
        return str(frame["type"])
    key = next(iter(frame), "")
    key = {"client_content": "clientContent", "realtime_input": "realtimeInput", "tool_response": "toolResponse"}.get(
        key, key
    )
    if key == "realtimeInput":
        inner = frame.get("realtimeInput") or frame.get("realtime_input") or {}
        return "clientContent" if "text" in inner else f"realtimeInput.{next(iter(inner), '')}"
    return key


class RealtimeReplayServer(WebSocketLoopbackServer):
    """Plays one recording.

    Args:
        recording: as described above.
        awaits: which frames of the client are awaited; a frame that a client need not send is not.
        acts: called with each frame's position before it is sent or awaited; what it returns is awaited first. So a
            test can make the client send a frame, once it has seen all frames before.
    """

    def __init__(
        self,
        recording: Mapping[str, Any],  # Any: JSON
        awaits: Callable[[int], bool] = lambda position: True,
        acts: Callable[[int], Any] | None = None,  # Any: an awaitable
    ) -> None:
        super().__init__()
        self.sent = 0
        """How many frames the client was sent."""
        self.received: list[Json] = []
        """The client's frames."""
        self.paths: list[str] = []
        """The path and query of each handshake."""
        self.headers: list[dict[str, str]] = []
        """The headers of each handshake, by lower-case name."""
        self.missed: list[str] = []
        """The kinds of frames that were awaited and did not come."""
        self.done = asyncio.Event()
        """Set once every frame was played."""
        self._frames = list(recording["frames"])
        self._binary = recording.get("server_opcode") == "binary"
        self._awaits = awaits
        self._acts = acts
        self._position = 0
        self._one = asyncio.Lock()
        """The next connection goes on where the last one has ended."""

    async def handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        """Accept every client."""
        self.paths.append(request.path)
        self.headers.append({name.lower(): value for name, value in request.headers.raw_items()})
        return None

    async def converse(self, socket: ServerConnection) -> None:
        """Play up to the end of the connection."""
        arrived: asyncio.Queue[str] = asyncio.Queue()
        reader = asyncio.create_task(self._read(socket, arrived))
        try:
            async with self._one:
                await self._play(socket, arrived)
            if self._position >= len(self._frames):
                self.done.set()
                await self.leaving.wait()
        except ConnectionClosed:
            if self._position >= len(self._frames):
                self.done.set()
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, socket: ServerConnection, arrived: asyncio.Queue[str]) -> None:
        async for message in socket:
            frame = json.loads(message)
            self.received.append(frame)
            arrived.put_nowait(frame_kind(frame))

    async def _play(self, socket: ServerConnection, arrived: asyncio.Queue[str]) -> None:
        last = ""
        while self._position < len(self._frames):
            position = self._position
            frame = self._frames[position]
            self._position += 1
            if "connect" in frame:
                await socket.wait_closed()
                return
            if "close" in frame:
                if self._acts is not None:
                    await self._acts(position)
                if frame["dir"] == "server" or self._is_followed(position):
                    await close_socket(socket, frame["close"]["code"], frame["close"]["reason"])
                    return
            elif frame["dir"] == "server":
                last = ""
                if self._acts is not None:
                    await self._acts(position)
                text = json.dumps(frame["json"])
                self.sent += 1
                await socket.send(text.encode() if self._binary else text)
            else:
                if self._acts is not None:
                    await self._acts(position)
                kind = frame_kind(frame["json"])
                if self._awaits(position) and not (kind == last and _is_audio(kind)):
                    await self._await(arrived, kind)
                last = kind

    def _is_followed(self, position: int) -> bool:
        """Whether a close of the client's is followed by another connection without a word of it."""
        rest = self._frames[position + 1 : position + 2]
        return bool(rest) and rest[0]["dir"] == "server" and "json" in rest[0]

    async def _await(self, arrived: asyncio.Queue[str], kind: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                while await arrived.get() != kind:
                    pass
        except TimeoutError:
            self.missed.append(kind)


def _is_audio(kind: str) -> bool:
    return kind in ("input_audio_buffer.append", "realtimeInput.audio")
