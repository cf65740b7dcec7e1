"""Connections of the `websockets` library: opened once, and never taken for dead because their consumer is slow."""

from __future__ import annotations

import asyncio

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

__all__ = ["ConnectOnce", "PatientConnection"]


class ConnectOnce(connect):
    """Opens a connection without following redirects."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """The answer is an error, whatever it is."""
        return exc


class PatientConnection(ClientConnection):
    """Pings as the library does, and closes the connection when nothing arrives while it reads.

    The library closes the connection when a pong is late, which every pong is that waits behind unread audio.
    """

    _came = False

    def data_received(self, data: bytes) -> None:
        """Take note of a sign of life."""
        self._came = True
        super().data_received(data)

    async def keepalive(self) -> None:
        """Ping until the connection is closed, which cancels this."""
        assert self.ping_interval is not None, "else the library does not begin this"
        try:
            while True:
                await asyncio.sleep(self.ping_interval)
                await self._answered(asyncio.ensure_future(await self.ping()))
        except ConnectionClosed:
            pass

    async def _answered(self, pong: asyncio.Future[float]) -> None:
        """Wait for the pong, as long as something comes or nothing is read."""
        while not pong.done():
            reading, self._came = self.transport.is_reading(), False
            await asyncio.wait([pong], timeout=self.ping_timeout)
            if reading and not (self._came or pong.done()):
                self.transport.abort()
                await asyncio.wait([pong])
