"""The base of the WebSocket servers for tests: the `websockets` library's server on loopback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from .loopback import LoopbackServer

__all__ = ["WebSocketLoopbackServer", "close_socket", "first_of", "refusal"]

_BACKLOG = 1024  # connections that come at once wait here, not in the client's kernel for a second
_CLOSING_SECONDS = 1.0
_LONGEST_REASON = 123


class WebSocketLoopbackServer(LoopbackServer):
    """A WebSocket server of the library's on loopback; subclasses implement the conversation."""

    def __init__(self, port: int = 0) -> None:
        super().__init__()
        self._port = port
        self._server: Server | None = None
        self.leaving = asyncio.Event()
        """Set when the server is being left."""

    @property
    def base_url(self) -> str:
        """`ws://127.0.0.1:PORT`, without a trailing slash."""
        return f"ws://127.0.0.1:{self._port}"

    @property
    def http_url(self) -> str:
        """The same as `http://…`, for settings with one address for both."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def connections_open(self) -> int:
        """The number of open connections."""
        return 0 if self._server is None else len(self._server.connections)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.leaving.clear()
        self._server = await serve(
            self.converse,
            "127.0.0.1",
            self._port,
            process_request=self.handshake,
            compression=None,
            max_size=None,
            open_timeout=None,
            ping_interval=None,
            close_timeout=_CLOSING_SECONDS,
            logger=_logger(),
            backlog=_BACKLOG,
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None, "the server was entered"
        self.leaving.set()
        self._server.close()
        await self._server.wait_closed()

    async def handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        """Another answer than the accepting one, or none."""
        raise NotImplementedError

    async def converse(self, socket: ServerConnection) -> None:
        """Use an open connection; it is closed afterwards."""
        raise NotImplementedError


async def first_of(*waits: Awaitable[object]) -> None:
    """Return when one of them does, and end the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def close_socket(socket: ServerConnection, code: int, reason: str) -> None:
    """Close with that code: 1005 and 1006 are what the other side sees when none comes, or no handshake."""
    if code == 1005:
        async with socket.send_context():
            socket.protocol.send_close()
    elif code in (1006, 1015):
        socket.transport.close()  # after what was sent
    else:
        text = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        await socket.close(code, text)


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Response:
    """The answer that refuses a handshake."""
    given = {name: value for name, value in headers.items() if name.lower() not in ("content-length", "connection")}
    known = status in HTTPStatus.__members__.values()
    return Response(
        status,
        HTTPStatus(status).phrase if known else "Refused",
        Headers({**given, "Content-Length": str(len(body)), "Connection": "close"}),
        body,
    )


def _logger() -> logging.Logger:
    """A logger that discards everything: clients of tests end connections in every way."""
    logger = logging.getLogger("modelport.testing.websockets")
    logger.setLevel(logging.CRITICAL + 1)
    return logger
