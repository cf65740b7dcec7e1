"""A WebSocket connector that answers from cassettes: no network, the same conversations every time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ...application.call.per_loop import PerLoop
from ...domain.errors import ReplayMismatchError
from ...ports.clock import Clock
from ...ports.websocket import Frame, WebSocketClosed, WebSocketRejected, WebSocketRequest
from ..net.clock import SystemClock
from ..net.closing import Closing
from .found_secrets import message_secrets, request_secrets
from .redact import scrub_frame
from .websocket_file import ServerStop, read_conversations
from .websocket_playback import Playback, Shelf

__all__ = ["ReplayWebSockets"]


class ReplayWebSockets(Closing):
    """Opens recorded conversations, matched by path and query and then by what the client sends.

    JSON messages are compared as values; ids that the client makes anew may differ, and the server's messages then
    carry the ones that were sent. Each conversation is played once, in the order of the cassettes. A message that no
    conversation has raises `ReplayMismatchError`, with the differences from the nearest, in `send` and in
    every later `receive`. What is sent after the message that the server closed upon raises `WebSocketClosed`.
    Where the client closed when it was recorded, the server waits for that.

    Args:
        cassettes: a YAML file, or a folder of them; read at the first request.
        speed: `full`, or `recorded` to wait as long as the server did: since the handshake, or since the message of
            the client's that came before.
        repeat: begin again with the first conversation when all that a request has were played.
        clock: waits.
    """

    def __init__(
        self,
        cassettes: str | Path,
        *,
        speed: Literal["full", "recorded"] = "full",
        repeat: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._source = Path(cassettes)
        self._clock = clock or SystemClock()
        self._timed = speed == "recorded"
        self._repeat = repeat
        self._shelf: Shelf | None = None
        self._open: PerLoop[set[_Connection]] = PerLoop(set, _close_all)

    async def connect(self, request: WebSocketRequest) -> _Connection:
        """The recorded handshake, at once or after the recorded wait."""
        if self._shelf is None:
            self._shelf = Shelf(read_conversations(self._source), str(self._source), self._repeat)
        kept = self._open.get()
        playback = self._shelf.begin(request.url, self._clock.monotonic())
        try:
            if self._timed and playback.conversation.answered:
                await self._clock.sleep(playback.conversation.answered)
            if (refusal := playback.conversation.refusal) is not None:
                raise WebSocketRejected(refusal.status, refusal.headers, refusal.body)
        except BaseException:
            playback.end()
            raise
        connection = _Connection(playback, self._clock, self._timed, request, lambda closed: self._closed(kept, closed))
        kept.add(connection)
        return connection

    def _closed(self, kept: set[_Connection], connection: _Connection) -> None:
        """Called by the connection, which so keeps this alive: dropped, it would close the connection."""
        kept.discard(connection)

    async def aclose(self) -> None:
        """Close what is open in the running loop; what was played stays played."""
        await self._open.aclose()


class _Connection:
    """A connection whose server is a cassette."""

    def __init__(
        self,
        playback: Playback,
        clock: Clock,
        timed: bool,
        request: WebSocketRequest,
        on_closed: Callable[[_Connection], None],
    ) -> None:
        self._playback = playback
        self._clock = clock
        self._timed = timed
        self._secrets = request_secrets(request.headers, request.url)
        self._on_closed = on_closed
        self._closed: tuple[int, str] | None = None
        self._missed: ReplayMismatchError | None = None
        self._changed = asyncio.Event()
        playback.on_change = self._changed.set
        playback.open(clock.monotonic())

    async def send(self, frame: Frame) -> None:
        """Compare one message with what was recorded."""
        if self._closed is not None:
            raise WebSocketClosed(*self._closed)
        if self._playback.stop is not None:
            raise WebSocketClosed(self._playback.stop.code, self._playback.stop.reason)
        if isinstance(frame, str):
            self._secrets.extend(message_secrets(frame))
        try:
            self._playback.take(scrub_frame(frame, self._secrets), self._clock.monotonic())
        except ReplayMismatchError as error:
            self._missed = error
            self._changed.set()
            raise

    async def receive(self) -> Frame:
        """The server's next message, once the client has sent the messages before it."""
        while self._closed is None:
            if self._missed is not None:
                raise self._missed
            self._changed.clear()
            due = self._playback.next()
            if due is None:
                await self._changed.wait()
                continue
            when, step = due
            wait = when - self._clock.monotonic()
            if self._timed and wait > 0:
                await self._wait(wait)
                continue
            given = self._playback.give(step)
            if not isinstance(given, ServerStop):
                return given
            self._end(given.code, given.reason)
        raise WebSocketClosed(*self._closed)

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        """Close it; the conversation stays played."""
        self._end(code, reason)

    async def _wait(self, seconds: float) -> None:
        """Until then, or until something changes."""
        timer = self._clock.call_later(seconds, self._changed.set)
        try:
            await self._changed.wait()
        finally:
            timer.cancel()

    def _end(self, code: int, reason: str) -> None:
        if self._closed is None:
            self._closed = (code, reason)
            self._playback.end()
            self._on_closed(self)
            self._changed.set()


async def _close_all(connections: set[_Connection]) -> None:
    for connection in list(connections):
        await connection.aclose(1001)
