"""Conversations over real sockets: a server on loopback plays what the connector in memory would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ....adapters.websocket.websockets import WebsocketsConnector
from ....ports.websocket import WebSocketClosed, WebSocketRequest
from ...offline import RedirectConnector
from ...servers.websocket_loopback import WebSocketLoopbackServer, close_socket, first_of
from .base import TTSContractBase
from .recordings import MutatedConnector, PlayedConnection, PlayedConversation

__all__ = ["served"]


class ConversationServer(WebSocketLoopbackServer):
    """Plays one conversation on every connection."""

    def __init__(self, conversation: PlayedConversation) -> None:
        super().__init__()
        self._connector = MutatedConnector(conversation)
        self.emptied = asyncio.Event()
        """Set when a connection was closed."""

    async def handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        """Accept."""
        return None

    async def converse(self, socket: ServerConnection) -> None:
        """Until one side closes."""
        connection = await self._connector.connect(WebSocketRequest(self.base_url))
        try:
            await first_of(_receive(socket, connection), _send(socket, connection), self.leaving.wait())
        finally:
            await connection.aclose()
            self.emptied.set()


async def _receive(socket: ServerConnection, connection: PlayedConnection) -> None:
    try:
        async for frame in socket:
            await connection.send(frame)
    except (ConnectionClosed, WebSocketClosed):
        pass


async def _send(socket: ServerConnection, connection: PlayedConnection) -> None:
    try:
        while True:
            await socket.send(await connection.receive())
    except WebSocketClosed as closed:
        await close_socket(socket, closed.code, closed.reason)
    except ConnectionClosed:
        pass


@asynccontextmanager
async def served(
    contract: TTSContractBase, name: str | None, conversation: PlayedConversation
) -> AsyncIterator[tuple[Any, ConversationServer]]:
    """A model (Any: a realtime model), and the server that it reaches."""
    async with ConversationServer(conversation) as server:
        connector = RedirectConnector(WebsocketsConnector(), server.base_url)
        try:
            yield contract.build(connector, name, max_retries=0), server
        finally:
            await connector.aclose()
