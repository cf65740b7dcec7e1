"""A WebSocket connector that keeps what passes through another one as a cassette, without keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from ...application.call.per_loop import PerLoop
from ...domain.errors import ModelError
from ...ports.clock import Clock
from ...ports.websocket import (
    Frame,
    WebSocketClosed,
    WebSocketConnection,
    WebSocketConnector,
    WebSocketRejected,
    WebSocketRequest,
)
from ..net.clock import SystemClock
from ..net.closing import Closing
from .found_secrets import body_secrets, header_secrets, message_secrets, request_secrets, spread_secrets
from .redact import REQUEST_HEADERS, RESPONSE_HEADERS, kept_headers, public_uri, scrub_frame, scrub_frames
from .websocket_file import frame_entry
from .writer import CassetteWriter, Entry, Scrubber

__all__ = ["RecordWebSockets"]

_SWITCHING = 101
_ENDED_WELL = (1000, 1001, 1005)


class RecordWebSockets(Closing):
    """Connects through another connector and writes every conversation, as it went, to one cassette.

    Left out: all headers but a few harmless ones, keys in URLs, and wherever messages repeat them the request's keys
    and those that messages name as such, also where they are spread over several messages. The file is replaced whole
    after each conversation, so it is valid at any time; a new connector begins it anew. A cassette that was there
    before is replaced when the connector is closed; see `CassetteWriter`.

    Args:
        inner: makes the connections.
        file: the cassette; without `.yaml` or `.yml` at its end, the folder in which to write
            `recorded.websocket.yaml`.
        scrubbers: what else to take out of a conversation, in this order.
        clock: gives the time.
    """

    def __init__(
        self,
        inner: WebSocketConnector,
        file: str | Path,
        scrubbers: Iterable[Scrubber] = (),
        clock: Clock | None = None,
    ) -> None:
        self._inner = inner
        self._clock = clock or SystemClock()
        self._writer = CassetteWriter(
            file, "recorded.websocket.yaml", "conversations", _server_of, scrubbers, self._clock
        )
        self._open: PerLoop[set[_Connection]] = PerLoop(set, _finish_all)

    async def connect(self, request: WebSocketRequest) -> WebSocketConnection:
        """Connect; the conversation is written when it is closed or refused. What gets no answer is not recorded."""
        start = self._clock.monotonic()
        try:
            inner = await self._inner.connect(request)
        except WebSocketRejected as refused:
            secrets = request_secrets(request.headers, request.url)
            refusal = {"handshake": _refusal(refused, self._since(start), secrets)}
            self._writer.answered(request.url, False)
            self._writer.keep(self._writer.place(), _entry(request, refusal))
            raise
        except ModelError:
            self._writer.answered(request.url, False)
            raise
        kept, number = self._open.get(), self._writer.place()

        def keep(connection: _Connection) -> None:
            kept.discard(connection)
            secrets = request_secrets(request.headers, request.url)
            self._writer.answered(request.url, connection.ended_well)
            self._writer.keep(number, _entry(request, connection.entry(secrets)))

        connection = _Connection(inner, lambda: self._since(start), keep)
        kept.add(connection)
        return connection

    async def aclose(self) -> None:
        """Close what is open in the running loop, and write what there is of its conversations."""
        try:
            await self._inner.aclose()
            await self._open.aclose()
        finally:
            self._writer.close()

    def _since(self, start: float) -> float:
        return round(self._clock.monotonic() - start, 4)


class _Connection:
    """Passes messages on and notes them with their times."""

    def __init__(
        self, inner: WebSocketConnection, now: Callable[[], float], keep: Callable[[_Connection], None]
    ) -> None:
        self._inner = inner
        self._now = now
        self._keep: Callable[[_Connection], None] | None = keep
        self._frames: list[tuple[str, float, Frame]] = []
        self._closed: Entry | None = None
        self._answered = now()

    async def send(self, frame: Frame) -> None:
        """Send one message."""
        noted = ("client", self._now(), frame)
        self._frames.append(noted)  # before it is sent: its answer may be received before `send` returns
        try:
            await self._inner.send(frame)
        except WebSocketClosed as closed:
            self._frames = [one for one in self._frames if one is not noted]
            self._ended("server", closed.code, closed.reason)
            raise

    async def receive(self) -> Frame:
        """The next message."""
        try:
            frame = await self._inner.receive()
        except WebSocketClosed as closed:
            self._ended("server", closed.code, closed.reason)
            self.finish()
            raise
        self._frames.append(("server", self._now(), frame))
        return frame

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        """Close it; the messages so far are recorded."""
        self._ended("client", code, reason)
        try:
            await self._inner.aclose(code, reason)
        finally:
            self.finish()

    def _ended(self, by: str, code: int, reason: str) -> None:
        """How it ended, as was seen first."""
        if self._closed is None:
            self._closed = {"by": by, "code": code, "reason": reason, "at": self._now()}

    @property
    def ended_well(self) -> bool:
        """Whether the server did not break it off."""
        closed = self._closed
        return closed is None or closed["by"] == "client" or closed["code"] in _ENDED_WELL

    def finish(self) -> None:
        """Write the conversation."""
        keep, self._keep = self._keep, None
        if keep is not None:
            keep(self)

    def entry(self, secrets: list[str]) -> Entry:
        """The conversation without keys: the request's, and those that messages name, or show by their form."""
        messages = [(who, frame) for who, _, frame in self._frames if isinstance(frame, str)]
        messages += [("server", self._closed["reason"])] if self._closed is not None else []
        secrets = [*secrets, *(secret for _, message in messages for secret in message_secrets(message))]
        for sender in ("client", "server"):
            secrets += spread_secrets("\n".join(message for who, message in messages if who == sender))
        hidden = {
            who: iter(scrub_frames([frame for sender, _, frame in self._frames if sender == who], secrets))
            for who in ("client", "server")
        }
        frames = [{"from": who, "at": at, **frame_entry(next(hidden[who]))} for who, at, _ in self._frames]
        entry: Entry = {"handshake": {"status": _SWITCHING, "at": self._answered}, "frames": frames}
        if self._closed is not None:
            entry["closed"] = {**self._closed, "reason": scrub_frame(self._closed["reason"], secrets)}
        return entry


def _entry(request: WebSocketRequest, answer: Entry) -> Entry:
    """A conversation of the request's."""
    headers = kept_headers(request.headers, REQUEST_HEADERS)
    url = scrub_frame(public_uri(request.url), request_secrets(request.headers, request.url))
    return {"request": {"url": url, "headers": headers}, **answer}


def _server_of(entries: list[Entry]) -> str:
    host: str = urlsplit(entries[0]["request"]["url"]).netloc
    return host


async def _finish_all(connections: set[_Connection]) -> None:
    for connection in list(connections):
        connection.finish()


def _refusal(refused: WebSocketRejected, at: float, secrets: list[str]) -> Entry:
    headers = kept_headers(refused.headers, RESPONSE_HEADERS)
    secrets = [*secrets, *header_secrets(refused.headers), *body_secrets(refused.body, answer=True)]
    body = scrub_frame(refused.body, secrets)
    try:
        content = {"body": body.decode()}
    except UnicodeDecodeError:
        content = frame_entry(body)
    shown = {name: scrub_frame(str(value), secrets) for name, value in headers.items()}
    return {"status": refused.status, "at": at, "headers": shown, **content}
