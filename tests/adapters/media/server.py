"""A loopback HTTP server that answers with scripted bytes, and transports that lead to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from modelport.ports.http import HttpRequest, HttpResponse, HttpTransport

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = b"\x89PNG", content_type: str = "image/png", status: str = "200 OK", *headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    """An answer that leads elsewhere."""
    return answer(b"", "", status, f"Location: {location}")


class Server:
    """Answers by path; what has no answer is 404. Requests are kept as their lines."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[list[str]] = []
        self.connections = 0
        self.closed = asyncio.Event()
        self.port = 0

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [lines[0].split()[1] for lines in self.requests]

    def header(self, name: str) -> str:
        """A header of the last request; empty when it had none."""
        prefix = f"{name}: "
        return next((line[len(prefix) :] for line in self.requests[-1] if line.lower().startswith(prefix)), "")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head.decode().split("\r\n")[:-2])
                scripted = self.answers.get(self.paths[-1], answer(b"no", "text/plain", "404 Not Found"))
                if isinstance(scripted, bytes):
                    writer.write(scripted)
                    await writer.drain()
                else:
                    await scripted(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed.set()
            writer.close()


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server on a free port, until the block ends."""
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


class Elsewhere:
    """Notes the address that each request is to go to, and takes it to loopback instead."""

    def __init__(self, inner: HttpTransport) -> None:
        self._inner = inner
        self.sent: list[HttpRequest] = []

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        self.sent.append(request)
        return await self._inner.send(replace(request, address="127.0.0.1"), on_connected)

    async def aclose(self) -> None:
        await self._inner.aclose()
