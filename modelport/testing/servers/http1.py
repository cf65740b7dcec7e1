"""The server's side of HTTP/1.1 on one connection, as far as test servers need it."""

from __future__ import annotations

import asyncio
import contextlib
import http
from collections.abc import Mapping
from types import TracebackType
from typing import Self

__all__ = ["ClientGoneError", "Connection", "read_request"]


class ClientGoneError(Exception):
    """The client closed the connection before the server had finished."""


class Connection:
    """A connection that notices at any time that its client has closed it, also while the server only writes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._outside, self._writer = reader, writer
        self.reader = asyncio.StreamReader()
        self.client_closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._pump = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._writer.close()
        else:
            self.abort()  # what is not sent yet would keep the connection open
        self._pump.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await self._pump

    async def _read(self) -> None:
        """Forward what comes; its end means that the client has closed."""
        with contextlib.suppress(ConnectionError):
            while data := await self._outside.read(65536):
                self.reader.feed_data(data)
        self.reader.feed_eof()
        self.client_closed.set()

    async def send(self, data: bytes) -> None:
        """Write and flush."""
        if self.client_closed.is_set():
            raise ClientGoneError
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError as error:
            self.client_closed.set()  # the task that reads is cancelled now, and may not have seen it yet
            raise ClientGoneError from error

    async def send_head(self, status: int, headers: Mapping[str, str], chunked: bool) -> None:
        """The status line and the headers."""
        phrases = {one.value: one.phrase for one in http.HTTPStatus}
        lines = [f"HTTP/1.1 {status} {phrases.get(status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += ["transfer-encoding: chunked"] if chunked else []
        await self.send("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def wait(self, event: asyncio.Event) -> None:
        """Wait for an event, or raise when the client closes before it comes."""
        tasks = [asyncio.create_task(one.wait()) for one in (event, self.client_closed)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        if not event.is_set():
            raise ClientGoneError

    def abort(self) -> None:
        """Reset the connection."""
        self._writer.transport.abort()


async def read_request(connection: Connection) -> tuple[str, str, dict[str, str], bytes] | None:
    """Method, path, headers (names in lower case) and body of the next request; `None` when there is none."""
    reader = connection.reader
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    try:
        return method, path, headers, await _read_body(reader, headers)
    except asyncio.IncompleteReadError as error:
        raise ClientGoneError from error


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    pieces = []
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        pieces.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # trailers
    return b"".join(pieces)
