"""The WebSocket port: open a connection, send and receive whole messages. Values are plain, as in the HTTP port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..domain.secrets import hide_url_secrets

__all__ = [
    "Frame",
    "WebSocketClosed",
    "WebSocketConnection",
    "WebSocketConnector",
    "WebSocketRejected",
    "WebSocketRequest",
]

Frame = str | bytes
"""One whole message: a text message is a `str`, a binary one is `bytes`."""


@dataclass(frozen=True, slots=True)
class WebSocketRequest:
    """Where to connect, and the headers of the handshake. The repr has no header values and no secrets of the URL."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"WebSocketRequest({hide_url_secrets(self.url)})"


class WebSocketRejected(Exception):
    """The server answered the handshake with another status than 101.

    `headers` are by lower-case name; `body` is cut at the connector's limit.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"the handshake was answered with status {status}")
        self.status = status
        self.headers = headers
        self.body = body


class WebSocketClosed(Exception):
    """The connection is closed. `code` is the peer's close code, 1006 when it went away without one."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"the connection was closed with code {code}" + (f": {reason}" if reason else ""))
        self.code = code
        self.reason = reason


class WebSocketConnection(Protocol):
    """One open connection.

    Contract: messages arrive whole and in order; at most one task receives, any task may send. The connection answers
    pings and sends its own, so a peer that is gone is noticed. Cancelling `receive` loses no message. `aclose` may be
    called at any time, more than once, and returns promptly: a peer that does not answer the closing is left.
    """

    async def send(self, frame: Frame) -> None:
        """Send one message; returns when the write buffer took it. Raises `WebSocketClosed`."""
        ...

    async def receive(self) -> Frame:
        """The next message. Raises `WebSocketClosed` after the last one, also when it was closed from this side."""
        ...

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection."""
        ...


class WebSocketConnector(Protocol):
    """Opens connections.

    Contract: exactly one handshake per call – no retries, no redirects, no timeouts of its own; the engine owns them.
    Failures to connect raise `ModelConnectionError`, another answer than 101 raises `WebSocketRejected`. Cancelling
    `connect` leaves no socket. A connector may be used from several tasks, and from one event loop after another;
    what was opened in a loop and not closed is closed when that loop shuts down.
    """

    async def connect(self, request: WebSocketRequest) -> WebSocketConnection:
        """Open a connection."""
        ...

    async def aclose(self) -> None:
        """Close what is still open in the running loop; the connector stays usable."""
        ...
