"""A server that sends given bytes, for answers that no HTTP library would make."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from modelport.ports.http import HttpRequest, HttpTransport
from modelport.transport import AiohttpTransport, HttpxTransport

BUILD: dict[str, Callable[..., HttpTransport]] = {
    "httpx": HttpxTransport,
    "httpx2": lambda **options: HttpxTransport("httpx2", **options),
    "aiohttp": AiohttpTransport,
}
"""Every transport that travels, by name."""


@dataclass
class RawServer:
    """Answers each request with the next bytes, the last ones again and again."""

    answers: Sequence[bytes]
    port: int = 0
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    close: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request has come."""

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}"

    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        self.writers.append(writer)
        self.connections += 1
        try:
            await self.serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            self.asked.set()
            size = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            await reader.readexactly(int(size[0].split(":")[1]) if size else 0)
            writer.write(self.answers[min(len(self.heads), len(self.answers)) - 1])
            await writer.drain()
            if self.close:
                writer.close()
                await writer.wait_closed()
                return


@asynccontextmanager
async def raw_server(
    *answers: bytes, context: ssl.SSLContext | None = None, close: bool = False, kind: type[RawServer] = RawServer
) -> AsyncIterator[RawServer]:
    """A running server of these answers."""
    running = kind(answers, close=close)
    server = await asyncio.start_server(running.accept, "127.0.0.1", 0, ssl=context)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for task in running.tasks:
            task.cancel()
        await asyncio.gather(*running.tasks, return_exceptions=True)
        await asyncio.sleep(0)


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """The bytes of an answer with a length."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


async def ask(transport: HttpTransport, request: HttpRequest) -> bytes:
    """The body of the answer."""
    response = await transport.send(request)
    try:
        return b"".join([data async for data in response])
    finally:
        await response.aclose()
