"""Conversations over real sockets: a server on loopback says what a mutant would."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ....adapters.websocket.websockets import WebsocketsConnector
from ....ports.websocket import WebSocketClosed, WebSocketRequest
from ...offline import RedirectConnector
from ...servers.websocket_loopback import WebSocketLoopbackServer, close_socket, first_of
from ..chat.endpoint import Nowhere
from .recordings import Line, Talk, TalkMutant

if TYPE_CHECKING:
    from .contract import TTSContract

__all__ = ["served"]


class _TalkServer(WebSocketLoopbackServer):
    """Plays one conversation to whoever connects."""

    def __init__(self, talk: Talk) -> None:
        super().__init__()
        self._mutant = TalkMutant(talk)
        self.emptied = asyncio.Event()
        """Set when a connection was closed."""

    async def handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        """Accept."""
        return None

    async def converse(self, socket: ServerConnection) -> None:
        """Until one side closes."""
        line = await self._mutant.connect(WebSocketRequest(self.base_url))
        try:
            await first_of(_listen(socket, line), _speak(socket, line), self.leaving.wait())
        finally:
            await line.aclose()
            self.emptied.set()


async def _listen(socket: ServerConnection, line: Line) -> None:
    try:
        async for frame in socket:
            await line.send(frame)
    except (ConnectionClosed, WebSocketClosed):
        pass


async def _speak(socket: ServerConnection, line: Line) -> None:
    try:
        while True:
            await socket.send(await line.receive())
    except WebSocketClosed as closed:
        await close_socket(socket, closed.code, closed.reason)
    except ConnectionClosed:
        pass


@asynccontextmanager
async def served(contract: TTSContract, name: str | None, talk: Talk) -> AsyncIterator[tuple[Any, _TalkServer]]:
    """A model (Any: a realtime model), and the server that it reaches."""
    async with _TalkServer(talk) as server:
        connector = RedirectConnector(WebsocketsConnector(), server.base_url)
        try:
            runtime = dataclasses.replace(contract.runtime(Nowhere()), websockets=connector)
            yield contract.build(runtime, name, max_retries=0), server
        finally:
            await connector.aclose()
