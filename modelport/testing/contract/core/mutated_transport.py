"""Stand-ins for the network: a transport in memory that plays changed answers, one without a host, and media."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NoReturn

from ....domain.errors import ModelConnectionError
from ....domain.message.blocks import Base64Source, URLSource
from ....ports.http import HttpRequest, HttpResponse
from ....ports.websocket import WebSocketConnection, WebSocketRequest

__all__ = ["PIXEL", "End", "MutatedAnswer", "MutatedTransport", "StubMediaLoader", "UnreachableTransport", "refusal"]


class End(Enum):
    """What comes after the last piece of a body."""

    WHOLE = "whole"
    """The body ends properly."""
    BROKEN = "broken"
    """The connection breaks."""
    HANG = "hang"
    """Nothing: the connection stays open."""


@dataclass(frozen=True, slots=True)
class MutatedAnswer:
    """One answer; without `connects` there is no connection, and without `answers` no head."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes] = ()
    end: End = End.WHOLE
    connects: bool = True
    answers: bool = True


def refusal(status: int, message: str = "no", headers: Mapping[str, str] | None = None) -> MutatedAnswer:
    """An unsuccessful answer in the form that most servers use."""
    body = json.dumps({"error": {"message": message}}).encode()
    return MutatedAnswer(status, {"content-type": "application/json", **(headers or {})}, (body,))


class MutatedTransport:
    """Plays the answers in their order, and the last one again and again, thousands a second; keeps the requests.

    Attributes:
        requests: what was sent.
        sent: how many pieces of bodies were read.
        unclosed: how many answers were neither read to their end nor closed.
        waiting: set while a call waits for something that never comes.
    """

    def __init__(self, *answers: MutatedAnswer) -> None:
        self._answers = answers
        self.requests: list[HttpRequest] = []
        self.sent = 0
        self.unclosed = 0
        self.waiting = asyncio.Event()

    @property
    def sent_bytes(self) -> bytes:
        """The bodies of all requests."""
        return b"".join(request.body for request in self.requests)

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """The next answer."""
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(request)
        await asyncio.sleep(0)  # so that a call that retries for ever can be cancelled
        if answer.connects and on_connected is not None:
            on_connected()
        if not (answer.connects and answer.answers):
            await self.hang()
        return _Response(answer, self)

    async def aclose(self) -> None:
        """Nothing is kept open."""

    async def hang(self) -> None:
        """Wait until cancelled."""
        self.waiting.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.waiting.clear()


class _Response:
    __slots__ = ("_answer", "_open", "_transport", "headers", "status")

    def __init__(self, answer: MutatedAnswer, transport: MutatedTransport) -> None:
        self._answer, self._transport = answer, transport
        self._open = True
        self.status = answer.status
        self.headers: Mapping[str, str] = answer.headers
        transport.unclosed += 1

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body()

    async def _body(self) -> AsyncGenerator[bytes, None]:
        for piece in self._answer.pieces:
            if not self._open:
                return
            if piece:
                self._transport.sent += 1
                yield piece
        if self._answer.end is End.HANG and self._open:
            await self._transport.hang()
        self._close()
        if self._answer.end is End.BROKEN:
            raise ModelConnectionError("the connection was reset")

    async def aclose(self) -> None:
        """Close the connection."""
        self._close()

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._transport.unclosed -= 1


class UnreachableTransport:
    """A transport and a connector that keep requests and answer each with a `ModelConnectionError`."""

    def __init__(self) -> None:
        self.requests: list[Any] = []  # Any: requests of HTTP, or handshakes

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Keep the request."""
        return await self._fail(request)

    async def connect(self, request: WebSocketRequest) -> WebSocketConnection:
        """Keep the handshake."""
        return await self._fail(request)

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _fail(self, request: HttpRequest | WebSocketRequest) -> NoReturn:
        self.requests.append(request)
        await asyncio.sleep(0)  # so that a call that retries for ever can be cancelled
        raise ModelConnectionError("the host cannot be reached", retryable=False)


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one pixel, as base64."""


class StubMediaLoader:
    """A loader for which every URL is the same picture."""

    async def load(self, source: URLSource) -> Base64Source:
        """The picture, with the media type of the source."""
        return Base64Source(data=PIXEL, media_type=source.media_type)
