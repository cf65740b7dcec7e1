"""The WebSocket port without a socket: its other side is a server in this process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ....application.call.tasks import cancel_all
from ....ports.websocket import Frame, WebSocketClosed, WebSocketRequest
from ...wire.realtime import frame_object, text_frame
from .server import VoiceServer

if TYPE_CHECKING:
    from ....application.chat.model import ChatModelBase
    from ....application.chat.stream import ChatStream

__all__ = ["InProcessConnector"]

_MOST_IN = 1024 * 1024
"""Bytes of events that wait for the server before `send` waits: about 24 seconds of audio."""
_MOST_OUT = 8 * 1024 * 1024
"""Bytes of events that wait for the client before a reply waits: about two minutes of speech."""


class InProcessConnector:
    """Each connection has a server of its own.

    Args:
        new_chat: makes the model that answers; without one, speech is only transcribed.
    """

    def __init__(self, new_chat: Callable[..., ChatModelBase[ChatStream]] | None = None) -> None:
        self._new_chat = new_chat
        self._open: set[_Connection] = set()

    async def connect(self, request: WebSocketRequest) -> _Connection:
        """Open a connection; nothing is sent anywhere."""
        connection = _Connection(self._new_chat, self._open)
        self._open.add(connection)
        return connection

    async def aclose(self) -> None:
        """Close what is open."""
        for connection in list(self._open):
            await connection.aclose()


class _Pipe:
    """Frames in order, and their size; whoever adds to a full one waits."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._frames: deque[Any] = deque()  # Any: a frame
        self._size = 0
        self.closed: WebSocketClosed | None = None

    def put(self, frame: Any) -> None:  # Any: a frame
        self._frames.append(frame)
        self._size += len(frame)
        self._wake()

    def close(self, why: WebSocketClosed) -> None:
        self.closed = self.closed or why
        self._wake()

    async def get(self) -> Any:  # Any: a frame
        """The next one; raises why it is closed after the last one."""
        while not self._frames:
            if self.closed is not None:
                raise WebSocketClosed(self.closed.code, self.closed.reason)
            await self._wait()
        frame = self._frames.popleft()
        self._size -= len(frame)
        self._wake()
        return frame

    async def room(self) -> None:
        """Wait until it is not full."""
        while self._size > self._most and self.closed is None:
            await self._wait()

    async def _wait(self) -> None:
        self._waker = self._waker or asyncio.get_running_loop().create_future()
        await asyncio.shield(self._waker)

    _waker: asyncio.Future[None] | None = None

    def _wake(self) -> None:
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)
        self._waker = None


class _Connection:
    """Both directions, and the task that hands the client's events to the server."""

    def __init__(self, new_chat: Callable[..., ChatModelBase[ChatStream]] | None, kept: set[_Connection]) -> None:
        self._to_server, self._to_client = _Pipe(_MOST_IN), _Pipe(_MOST_OUT)
        self._server = VoiceServer(new_chat, self._answer, self._to_client.room)
        self._kept = kept
        self._serving = asyncio.get_running_loop().create_task(self._serve())

    async def send(self, frame: Frame) -> None:
        """Hand a frame to the server; waits while it has too many."""
        await self._to_server.room()
        if self._to_client.closed is not None:
            raise WebSocketClosed(self._to_client.closed.code, self._to_client.closed.reason)
        self._to_server.put(frame)

    async def receive(self) -> Frame:
        """The server's next frame."""
        frame: Frame = await self._to_client.get()
        return frame

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        """End the server; a second call does nothing."""
        self._kept.discard(self)
        self._close(WebSocketClosed(code, reason))
        if self._serving is not asyncio.current_task():
            await cancel_all([self._serving])
        await self._server.aclose()

    def _answer(self, event: dict[str, Any]) -> None:  # Any: JSON
        if self._to_client.closed is None:
            self._to_client.put(text_frame(event))

    def _close(self, why: WebSocketClosed) -> None:
        self._to_client.close(why)
        self._to_server.close(why)

    async def _serve(self) -> None:
        try:
            while True:
                await self._server.take(frame_object(await self._to_server.get()))
        except WebSocketClosed:
            pass
        except Exception as error:  # a fault of ours ends the connection, and says so
            self._close(WebSocketClosed(1011, f"the embedded voice failed: {error}"))
