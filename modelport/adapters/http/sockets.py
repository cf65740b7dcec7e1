"""Sockets for httpcore, the library below httpx and httpx2, which would otherwise use anyio's.

They differ in what matters to a pool that is shared by many callers: a TLS handshake that is cancelled closes its
socket, and bytes that a server sends while nothing was asked of it are noticed, so that its connection is not used
again. They cost a fraction of the time too.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

__all__ = ["Sockets"]

_HIGH_WATER = 1024 * 1024
_PIECE = 256 * 1024
"""How much is written at once: more would keep other tasks waiting while it is encrypted."""
_HANDSHAKE_SECONDS = 3600.0
"""The engine's clocks end a handshake; asyncio wants a limit of its own."""
_NEXT_ADDRESS_AFTER = 0.25


class Sockets:
    """A network backend of httpcore or httpcore2; errors are raised as the library's.

    Args:
        core: the library (Any: a module that is loaded late).
    """

    def __init__(self, core: Any) -> None:
        self._core = core

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,  # Any: arguments of setsockopt
    ) -> _Stream:
        """A connection; the addresses of a host are tried a quarter of a second after one another."""
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {} if local_address is None else {"local_addr": (local_address, 0)}
        if isinstance(loop, asyncio.BaseEventLoop) and not _is_address(host):  # uvloop's tries one after the other
            options["happy_eyeballs_delay"] = _NEXT_ADDRESS_AFTER
        try:
            transport, protocol = await loop.create_connection(lambda: _Protocol(loop), host, port, **options)
        except (OSError, OverflowError, UnicodeError) as error:
            raise self._core.ConnectError(str(error) or type(error).__name__) from error
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return _Stream(self._core, transport, protocol)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> _Stream:
        """A connection to a Unix socket."""
        loop = asyncio.get_running_loop()
        try:
            transport, protocol = await loop.create_unix_connection(lambda: _Protocol(loop), path)
        except OSError as error:
            raise self._core.ConnectError(str(error)) from error
        return _Stream(self._core, transport, protocol)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class _Protocol(asyncio.Protocol):
    """Received bytes and the state of the connection; at most one reader and one writer wait."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.pieces: deque[bytes] = deque()
        self.size = 0
        self.ended = False
        self.error: Exception | None = None
        self.reading: asyncio.Future[None] | None = None
        self.writing: asyncio.Future[None] | None = None
        self.paused = False

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)
        self.size += len(data)
        if self.reading is not None and not self.reading.done():
            self.reading.set_result(None)

    def eof_received(self) -> None:
        self.ended = True
        _wake(self.reading)

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True
        self.error = error
        _wake(self.reading)
        self.resume_writing()

    def pause_writing(self) -> None:
        self.writing = self._loop.create_future()

    def resume_writing(self) -> None:
        _wake(self.writing)
        self.writing = None


class _Stream:
    """One connection."""

    def __init__(self, core: Any, transport: asyncio.Transport, protocol: _Protocol) -> None:
        self._core = core
        self._transport = transport
        self._protocol = protocol

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has arrived, at most that much; empty at the end."""
        protocol = self._protocol
        while not protocol.pieces:
            if protocol.error is not None:
                raise self._core.ReadError(str(protocol.error) or type(protocol.error).__name__) from protocol.error
            if protocol.ended:
                return b""
            protocol.reading = asyncio.get_running_loop().create_future()
            try:
                await protocol.reading
            finally:
                protocol.reading = None
        data = protocol.pieces.popleft()
        if len(data) > max_bytes:
            protocol.pieces.appendleft(data[max_bytes:])
            data = data[:max_bytes]
        protocol.size -= len(data)
        if protocol.paused or protocol.size > _HIGH_WATER:
            self._regulate()
        return data

    def _regulate(self) -> None:
        """Leave on the network what nothing reads."""
        protocol = self._protocol
        full = protocol.size > _HIGH_WATER
        if full != protocol.paused and not self._transport.is_closing():
            protocol.paused = full
            (self._transport.pause_reading if full else self._transport.resume_reading)()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send; returns when the system has taken nearly all of it."""
        view = memoryview(buffer)
        for start in range(0, len(view), _PIECE):
            if self._protocol.ended or self._transport.is_closing():
                raise self._core.WriteError("the connection is closed")
            self._transport.write(bytes(view[start : start + _PIECE]))
            if self._protocol.writing is not None:
                await self._protocol.writing

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        """The connection with TLS. Whatever ends the handshake, also a cancellation, closes the socket."""
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._transport,
                self._protocol,
                ssl_context,
                server_hostname=server_hostname,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS,
            )
        except (OSError, ValueError) as error:  # ValueError: a name that TLS cannot send
            self._transport.abort()
            raise self._core.ConnectError(str(error) or type(error).__name__) from error
        except BaseException:
            self._transport.abort()
            raise
        if transport is None:
            raise self._core.ConnectError("the connection was closed during the TLS handshake")
        return _Stream(self._core, transport, self._protocol)

    async def aclose(self) -> None:
        """Close at once; what was not sent is discarded."""
        self._transport.close()
        self._transport.abort()
        await asyncio.sleep(0)

    def get_extra_info(self, info: str) -> Any:  # Any: as httpcore has it
        """Facts of the connection, by httpcore's names."""
        protocol = self._protocol
        if info == "is_readable":
            return bool(protocol.pieces) or protocol.ended
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
