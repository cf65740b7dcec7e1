"""A transport in memory that plays answers made from cassettes: thousands of them a second.

Media without a network.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ....domain.errors import ModelConnectionError
from ....domain.message.blocks import Base64Source, URLSource
from ....ports.http import HttpRequest, HttpResponse

__all__ = ["PIXEL", "CassetteMutant", "End", "MutantAnswer", "StillMedia"]


class End(Enum):
    """What comes after the last piece of a body."""

    WHOLE = "whole"
    """The body ends as HTTP wants it."""
    BROKEN = "broken"
    """The connection breaks."""
    HANG = "hang"
    """Nothing, for ever."""


@dataclass(frozen=True, slots=True)
class MutantAnswer:
    """One answer. `connects` and `answers` say whether it gets as far as a connection and a head."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes] = ()
    end: End = End.WHOLE
    connects: bool = True
    answers: bool = True


class CassetteMutant:
    """Plays the answers in their order, and the last one again and again; keeps the requests.

    Attributes:
        requests: what was sent.
        sent: how many pieces of bodies were read.
        unclosed: how many answers were neither read to their end nor closed.
        waiting: set while somebody waits for what will never come.
    """

    def __init__(self, *answers: MutantAnswer) -> None:
        self._answers = answers
        self.requests: list[HttpRequest] = []
        self.sent = 0
        self.unclosed = 0
        self.waiting = asyncio.Event()

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """The next answer."""
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(request)
        await asyncio.sleep(0)  # so that a call that never gives up can be stopped
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
    __slots__ = ("_answer", "_mutant", "_open", "headers", "status")

    def __init__(self, answer: MutantAnswer, mutant: CassetteMutant) -> None:
        self._answer, self._mutant = answer, mutant
        self._open = True
        self.status = answer.status
        self.headers: Mapping[str, str] = answer.headers
        mutant.unclosed += 1

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body()

    async def _body(self) -> AsyncGenerator[bytes, None]:
        for piece in self._answer.pieces:
            if not self._open:
                return
            if piece:
                self._mutant.sent += 1
                yield piece
        if self._answer.end is End.HANG and self._open:
            await self._mutant.hang()
        self._close()
        if self._answer.end is End.BROKEN:
            raise ModelConnectionError("the connection was reset")

    async def aclose(self) -> None:
        """Give the connection up."""
        self._close()

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._mutant.unclosed -= 1


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one pixel, as base64."""


class StillMedia:
    """A loader for which every URL is the same picture."""

    async def load(self, source: URLSource) -> Base64Source:
        """The picture, said to be of the type asked for."""
        return Base64Source(data=PIXEL, media_type=source.media_type)
