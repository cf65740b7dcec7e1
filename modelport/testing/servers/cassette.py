"""A WebSocket server on loopback that plays cassettes.

    async with CassetteServer("fixtures/websocket/dashscope_cosyvoice/speech.yaml") as server:
        ...  # connect any client to server.base_url
    assert server.mismatches == []

It answers as `ReplayWebSockets` does, over a real socket.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Literal

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ...adapters.cassettes.websocket_replay import ReplayWebSockets
from ...domain.errors import ReplayMismatchError
from ...ports.clock import Clock
from ...ports.websocket import WebSocketClosed, WebSocketConnection, WebSocketRejected, WebSocketRequest
from .websocket_loopback import WebSocketLoopbackServer, close_socket, first_of, refusal

__all__ = ["CassetteServer"]

_NOT_FOUND = 404
_LEAVING = 503
_POLICY = 1008


class CassetteServer(WebSocketLoopbackServer):
    """Plays recorded conversations to every client.

    What is on no cassette is refused with status 404 or closed with code 1008, with the reason, and kept.

    Args:
        cassettes: a YAML file, or a folder of them.
        speed: `full`, or `recorded` to wait as long as the server did.
        repeat: begin again when all conversations were played.
        clock: who waits.
        port: where to listen; by default any free port.
    """

    def __init__(
        self,
        cassettes: str | Path,
        *,
        speed: Literal["full", "recorded"] = "full",
        repeat: bool = False,
        clock: Clock | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(port)
        self._replay = ReplayWebSockets(cassettes, speed=speed, repeat=repeat, clock=clock)
        self._playing: dict[ServerConnection, WebSocketConnection] = {}
        self.mismatches: list[ReplayMismatchError] = []
        """The messages of clients that are on no cassette."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        await self._replay.aclose()

    async def handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        """As it was recorded for that path."""
        asked = WebSocketRequest(f"{self.base_url}{request.path}", dict(request.headers.raw_items()))
        connecting = asyncio.ensure_future(self._replay.connect(asked))
        try:
            await first_of(asyncio.wait([connecting]), self.leaving.wait())
            if not connecting.done():
                connecting.cancel()
                return refusal(_LEAVING, {}, b"")
            self._playing[socket] = connecting.result()
        except WebSocketRejected as rejected:
            return refusal(rejected.status, rejected.headers, rejected.body)
        except ReplayMismatchError as error:
            self.mismatches.append(error)
            return refusal(_NOT_FOUND, {"content-type": "text/plain; charset=utf-8"}, str(error).encode())
        return None

    async def converse(self, socket: ServerConnection) -> None:
        """The recorded conversation, until one side closes."""
        replayed = self._playing.pop(socket)
        try:
            await first_of(self._listen(socket, replayed), self._speak(socket, replayed))
        finally:
            await replayed.aclose()

    async def _listen(self, socket: ServerConnection, replayed: WebSocketConnection) -> None:
        try:
            async for frame in socket:
                with contextlib.suppress(WebSocketClosed):  # the server's closing is under way
                    await replayed.send(frame)
        except ConnectionClosed:
            pass
        except ReplayMismatchError as error:
            self.mismatches.append(error)
            await close_socket(socket, _POLICY, str(error))

    async def _speak(self, socket: ServerConnection, replayed: WebSocketConnection) -> None:
        try:
            while True:
                await socket.send(await replayed.receive())
        except WebSocketClosed as closed:
            await close_socket(socket, closed.code, closed.reason)
        except ConnectionClosed:
            pass
