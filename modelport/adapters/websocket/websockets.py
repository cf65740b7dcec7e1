"""The WebSocket connector over the `websockets` library."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import TYPE_CHECKING

from ...application.call.per_loop import PerLoop
from ...domain.errors import SettingsError
from ...domain.unicode import well_formed
from ...ports.websocket import Frame, WebSocketClosed, WebSocketRejected, WebSocketRequest
from ..net.closing import Closing
from ..net.errors import connection_error
from ..net.tls import Verify, tls_context

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import ConnectionClosed

__all__ = ["WebsocketsConnector"]

_LONGEST_MESSAGE = 16 * 1024 * 1024
_CLOSING_SECONDS = 2.0
_PING_SECONDS = 20.0
_GONE, _GOING_AWAY, _PROTOCOL_ERROR, _NO_TEXT = 1006, 1001, 1002, 1007
_LONGEST_BODY = 64 * 1024


class WebsocketsConnector(Closing):
    """Opens each connection once: no retries, redirects or timeouts of its own.

    Pings every 20 seconds, so that servers keep quiet connections and a peer that is gone is noticed.

    Args:
        proxy: a proxy's URL; by default the environment's proxies are used.
        verify: whether to check certificates, or a file or folder of authorities, or a context of one's own.
        max_bytes: the longest message taken; a longer one closes the connection with code 1009.
    """

    def __init__(
        self,
        *,
        proxy: str | None = None,
        verify: Verify = True,
        max_bytes: int = _LONGEST_MESSAGE,
    ) -> None:
        self._proxy = proxy
        self._known_proxies: dict[str, str | None] = {}
        self._verify = verify
        self._max_bytes = max_bytes
        self._tls: ssl.SSLContext | None = None
        self._open: PerLoop[set[_Connection]] = PerLoop(set, _close_all)

    async def connect(self, request: WebSocketRequest) -> _Connection:
        """Open a connection."""
        from websockets.exceptions import InvalidStatus, WebSocketException

        from .keepalive import ConnectOnce, PatientConnection

        kept = self._open.get()
        try:
            library_connection = await ConnectOnce(
                request.url,
                additional_headers=dict(request.headers),
                user_agent_header=None,
                proxy=self._proxy or self._environments_proxy(request.url),
                ssl=self._context() if request.url.startswith("wss:") else None,
                create_connection=PatientConnection,
                ping_interval=_PING_SECONDS,
                ping_timeout=_PING_SECONDS,
                compression=None,  # audio does not get smaller, and small frames get slower
                open_timeout=None,
                close_timeout=_CLOSING_SECONDS,
                max_size=self._max_bytes,
                logger=_logger(),
            )
        except InvalidStatus as error:
            answer = error.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            raise WebSocketRejected(answer.status_code, headers, bytes(answer.body or b"")[:_LONGEST_BODY]) from error
        except ImportError as error:
            raise SettingsError(f"{error}: run pip install python-socks, or set no such proxy") from error
        except (WebSocketException, OSError, EOFError, ValueError) as error:
            raise connection_error(error, request.url) from error
        connection = _Connection(library_connection, kept, self)
        kept.add(connection)
        return connection

    def _environments_proxy(self, url: str) -> str | None:
        """The library's choice, which takes it longer than a handshake; the environment is read once per host."""
        from websockets.proxy import get_proxy
        from websockets.uri import parse_uri

        origin = "/".join(url.split("/", 3)[:3])
        if origin not in self._known_proxies:
            self._known_proxies[origin] = get_proxy(parse_uri(url))
        return self._known_proxies[origin]

    def _context(self) -> ssl.SSLContext:
        self._tls = self._tls or tls_context(self._verify)
        return self._tls

    async def aclose(self) -> None:
        """Close what is still open in the running loop."""
        await self._open.aclose()


class _Connection:
    """A connection of the library's, which leaves the set of open ones when it is closed."""

    def __init__(
        self, library_connection: ClientConnection, kept: set[_Connection], connector: WebsocketsConnector
    ) -> None:
        from websockets.exceptions import ConnectionClosed
        from websockets.protocol import State

        self._open_state = State.OPEN
        self._connection = library_connection
        self._kept = kept
        self._connector = connector  # which would close it when dropped
        self._closed_error: type[ConnectionClosed] = ConnectionClosed

    async def send(self, frame: Frame) -> None:
        """Send one message."""
        try:
            await self._connection.send(well_formed(frame) if isinstance(frame, str) else frame)
        except self._closed_error as error:
            raise self._closed(error) from error

    async def receive(self) -> Frame:
        """The next message."""
        try:
            return await self._connection.recv()
        except self._closed_error as error:
            raise self._closed(error) from error

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        """Close it; a peer that does not answer is left after two seconds.

        Not the library's own closing, which is an async generator and so cannot run while the loop is ending.
        """
        lost = self.say_goodbye(code, reason)
        try:
            await asyncio.wait([lost], timeout=_CLOSING_SECONDS)
        finally:
            if not lost.done():
                self._connection.transport.abort()

    def say_goodbye(self, code: int, reason: str = "") -> asyncio.Future[None]:
        """Send the closing without waiting for its answer; the future is done when the socket is closed."""
        self._kept.discard(self)
        protocol = self._connection.protocol
        if protocol.state is self._open_state:
            protocol.send_close(code, reason)
            self._connection.transport.write(b"".join(protocol.data_to_send()))
        return self._connection.connection_lost_waiter

    def hang_up(self) -> asyncio.Future[None]:
        """Send a close frame and close the socket at once."""
        lost = self.say_goodbye(_GOING_AWAY)
        self._connection.transport.close()
        return lost

    def _closed(self, error: ConnectionClosed) -> WebSocketClosed:
        self._kept.discard(self)
        closing = error.rcvd or error.sent
        if closing is None:
            return WebSocketClosed(_GONE)
        garbled = closing.code == _NO_TEXT and not error.rcvd_then_sent  # the peer's text, not ours
        return WebSocketClosed(_PROTOCOL_ERROR if garbled else int(closing.code), closing.reason)


async def _close_all(connections: set[_Connection]) -> None:
    """Close all of them without waiting long: the loop may be ending."""
    waiting = [connection.hang_up() for connection in list(connections)]
    if waiting:
        await asyncio.wait(waiting, timeout=_CLOSING_SECONDS)


def _logger() -> logging.Logger:
    """A logger for warnings only: the library's debug log holds handshakes with their keys."""
    logger = logging.getLogger("modelport.websockets")
    logger.setLevel(logging.WARNING)
    return logger
