"""Loopback servers that speak DashScope's three WebSocket protocols, and tell when a client breaks their rules.

What they say for a text depends on its letters and their order only, not on how the text was cut.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Any, ClassVar, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from modelport.ports.clock import Clock

__all__ = [
    "DROP",
    "STALL",
    "CosyVoiceServer",
    "QwenServer",
    "SambertServer",
    "SpeechServer",
    "Trouble",
    "closing",
    "saying",
    "voice",
]

Do = Callable[[ServerConnection], Awaitable[None]]


def voice(text: str) -> bytes:
    """The samples of a text; signs and white space are silent."""
    return b"".join(hashlib.sha256(letter.encode()).digest()[:10] for letter in text if letter.isalnum())


def _cancel(task: asyncio.Future[Any]) -> None:  # Any: whatever it waits for
    task.cancel()


class Over(Exception):
    """The conversation is over."""


async def DROP(connection: ServerConnection) -> None:
    """Go away without a word."""
    connection.transport.abort()
    raise Over


async def STALL(connection: ServerConnection) -> None:
    """Listen, and say nothing more."""
    async for _ in connection:
        pass
    raise Over


def closing(code: int, reason: str = "") -> Do:
    async def close(connection: ServerConnection) -> None:
        await connection.close(code, reason)
        raise Over

    return close


def saying(event: dict[str, Any], code: int = 1011) -> Do:
    """Send this, then close. Any: JSON."""

    async def say(connection: ServerConnection) -> None:
        await connection.send(json.dumps(event))
        await connection.close(code)
        raise Over

    return say


class Trouble:
    """What goes wrong at a point of an utterance: once, in the order of the list."""

    def __init__(self, point: str, do: Do) -> None:
        self.point = point
        self.do = do


class SpeechServer:
    """What the three have in common. `violations` are the rules that clients broke; there should be none."""

    path = ""

    def __init__(
        self,
        *troubles: Trouble | None,
        frame: int = 7,
        refusals: int = 0,
        status: HTTPStatus = HTTPStatus.UNAUTHORIZED,
        clock: Clock | None = None,
        header: bytes = b"",
    ) -> None:
        self.troubles: deque[Trouble | None] = deque(troubles)
        self.frame = frame
        self.refusals = refusals
        self.status = status
        self.clock = clock
        self.header = header
        self.header_due = True
        self.violations: list[str] = []
        self.requests: list[Request] = []
        self.received: list[dict[str, Any]] = []  # Any: JSON
        self.utterances: list[str] = []
        self.open = 0
        self.connections = 0
        self.patience = 0.002
        self.hold: asyncio.Event | None = None
        self.held = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._server: Server

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._handle, "127.0.0.1", 0, process_request=self._request, max_size=None, close_timeout=1
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()
        if kind is None:
            assert self.violations == []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close_all(self, code: int) -> None:
        """Close what is open, as a server does that is restarted."""
        for connection in list(self._server.connections):
            await connection.close(code)

    async def emptied(self) -> None:
        """Wait until all connections are closed."""
        async with asyncio.timeout(30):
            await self._empty.wait()

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if request.path.partition("?")[0] != self.path:
            self.violations.append(f"asked for {request.path}")
        if not request.headers.get("authorization", "").startswith("Bearer sk-"):
            self.violations.append("no key")
        if self.refusals:
            self.refusals -= 1
            code = "InvalidApiKey" if self.status == HTTPStatus.UNAUTHORIZED else "Busy"
            return connection.respond(
                self.status, f'{{"code": "{code}", "message": "sk-secret-key-PlantedWord7 is wrong"}}'
            )
        return None

    async def _handle(self, connection: ServerConnection) -> None:
        self.open += 1
        self._empty.clear()
        self.connections += 1
        try:
            with suppress(Over, ConnectionClosed):
                await self.converse(connection)
        finally:
            self.open -= 1
            if not self.open:
                self._empty.set()

    async def converse(self, connection: ServerConnection) -> None:
        raise NotImplementedError

    async def point(self, name: str, connection: ServerConnection) -> None:
        """Whatever goes wrong here."""
        if self.troubles and (trouble := self.troubles[0]) is not None and trouble.point == name:
            self.troubles.popleft()
            await trouble.do(connection)

    def spoken(self, text: str) -> None:
        """An utterance came to its end."""
        self.utterances.append(text)
        if self.troubles and self.troubles[0] is None:
            self.troubles.popleft()

    async def must_be_silent(self, connection: ServerConnection, when: str) -> None:
        """The client has nothing to say now."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience):
                self.violations.append(f"{str(await connection.recv())[:80]} {when}")

    def frames(self, text: str) -> list[bytes]:
        audio = voice(text)
        if audio and self.header_due:
            audio, self.header_due = self.header + audio, False
        return [audio[start : start + self.frame] for start in range(0, len(audio), self.frame)]

    async def pause(self, connection: ServerConnection) -> None:
        """Wait where the test says so, as long as somebody listens."""
        if self.hold is None:
            return
        self.held.set()
        waits = [asyncio.ensure_future(one) for one in (self.hold.wait(), connection.wait_closed())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def read(self, connection: ServerConnection) -> dict[str, Any]:  # Any: JSON
        message = await connection.recv()
        event: dict[str, Any] = json.loads(message)
        self.received.append(event)
        return event


class QwenServer(SpeechServer):
    """Sessions: the text is cut at full stops, or where the client commits."""

    path = "/api-ws/v1/realtime"

    async def converse(self, connection: ServerConnection) -> None:
        ids: set[str] = set()
        await self.point("connected", connection)
        await self.must_be_silent(connection, "before session.created")
        await self.say(connection, "session.created", session={"id": "s1", "unknown": [1]})
        settings: dict[str, Any] | None = None
        buffer = whole = ""
        while True:
            event = await self.read(connection)
            kind = event["type"]
            if event["event_id"] in ids:
                self.violations.append(f"event_id {event['event_id']} twice")
            ids.add(event["event_id"])
            if kind == "session.update":
                if settings is not None:
                    self.violations.append("session.update twice")
                settings = event["session"]
                await self.point("started", connection)
                await self.say(connection, "session.updated", session=settings)
            elif settings is None and kind != "session.finish":
                self.violations.append(f"{kind} before session.update")
            elif kind == "input_text_buffer.append":
                buffer += event["text"]
                whole += event["text"]
                await self.point("text", connection)
                if settings and settings["mode"] == "server_commit" and buffer.rstrip().endswith((".", "!", "。")):
                    await self.respond(connection, buffer)
                    buffer = ""
            elif kind == "input_text_buffer.commit":
                if not buffer:
                    self.violations.append("an empty commit")
                await self.say(connection, "input_text_buffer.committed")
                await self.respond(connection, buffer)
                buffer = ""
            elif kind == "session.finish":
                await self.point("finish", connection)
                await self.respond(connection, buffer)
                self.spoken(whole)
                await self.say(connection, "session.finished")
                await connection.close()
                return

    async def respond(self, connection: ServerConnection, text: str) -> None:
        frames = self.frames(text)
        if not frames:
            return
        await self.say(connection, "response.created", response={"id": "r1"})
        await self.say(connection, "response.output_item.added")
        for number, frame in enumerate(frames):
            delta = base64.b64encode(frame).decode()
            await self.say(connection, "response.audio.delta", response_id="r1", delta=delta)
            if number == 0:
                await self.point("audio", connection)
                await self.pause(connection)
        await self.say(connection, "response.audio.done")
        usage = {"characters": len(text)}
        await self.say(connection, "response.done", response={"id": "r1", "status": "completed", "usage": usage})

    async def say(self, connection: ServerConnection, kind: str, **fields: Any) -> None:
        await connection.send(json.dumps({"event_id": "event_x", "type": kind, **fields}))


class CosyVoiceServer(SpeechServer):
    """Tasks, one after the other on a connection; with a clock, one that gets no text for 23 seconds fails."""

    path = "/api-ws/v1/inference"
    output: ClassVar[dict[str, Any]] = {"type": "sentence-synthesis"}  # Any: JSON

    async def converse(self, connection: ServerConnection) -> None:
        ids: set[str] = set()
        await self.point("connected", connection)
        while True:
            run = await self.read(connection)
            header, payload = run["header"], run["payload"]
            if header["action"] != "run-task" or header["streaming"] != "duplex" or payload["input"] != {}:
                self.violations.append(f"not the beginning of a task: {run}")
            if header["task_id"] in ids:
                self.violations.append("a task_id twice")
            ids.add(header["task_id"])
            await self.point("started", connection)
            await self.must_be_silent(connection, "before task-started")
            await self.event(connection, header["task_id"], "task-started", {})
            await self.task(connection, header["task_id"])

    async def task(self, connection: ServerConnection, task_id: str) -> None:
        buffer = whole = ""
        texts, self.header_due = 0, True
        while True:
            request = await self.in_time(connection, task_id)
            header, payload = request["header"], request["payload"]
            if header["task_id"] != task_id:
                self.violations.append("another task_id")
            if header["action"] == "continue-task":
                text = payload["input"]["text"]
                texts += 1
                if not text.strip():
                    self.violations.append("blank text")
                buffer += text
                whole += text
                await self.point("text", connection)
                if buffer.rstrip().endswith((".", "!", "。")):
                    await self.speak(connection, task_id, buffer, len(whole))
                    buffer = ""
                continue
            if header["action"] != "finish-task":
                self.violations.append(f"{header['action']} inside a task")
            if payload["input"].get("directive") == "cancel":
                await connection.close()
                raise Over
            if not texts:
                self.violations.append("a task without text")
            await self.point("finish", connection)
            await self.speak(connection, task_id, buffer, len(whole))
            self.spoken(whole)
            await self.event(connection, task_id, "task-finished", {"usage": {"characters": len(whole)}})
            return

    async def in_time(self, connection: ServerConnection, task_id: str) -> dict[str, Any]:  # Any: JSON
        if self.clock is None:
            return await self.read(connection)
        reading = asyncio.ensure_future(self.read(connection))
        timer = self.clock.call_later(23, lambda: _cancel(reading))
        try:
            return await reading
        except asyncio.CancelledError:
            message = "request timeout after 23 seconds."
            await self.event(connection, task_id, "task-failed", {}, "CLIENT_ERROR", message)
            await connection.close()
            raise Over from None
        finally:
            timer.cancel()

    async def speak(self, connection: ServerConnection, task_id: str, text: str, characters: int) -> None:
        usage = {"characters": characters}
        for number, frame in enumerate(self.frames(text)):
            await self.event(connection, task_id, "result-generated", {"output": self.output, "usage": usage})
            await connection.send(frame)
            if number == 0:
                await self.point("audio", connection)
                await self.pause(connection)

    async def event(
        self,
        connection: ServerConnection,
        task_id: str,
        name: str,
        payload: dict[str, Any],
        code: str = "",
        message: str = "",
    ) -> None:
        header: dict[str, Any] = {"task_id": task_id, "event": name, "attributes": {"x-ds-batch-queue-length": "0"}}
        if code:
            header |= {"error_code": code, "error_message": message}
        await connection.send(json.dumps({"header": header, "payload": payload}))


class SambertServer(CosyVoiceServer):
    """Tasks that have their text from the beginning."""

    output: ClassVar[dict[str, Any]] = {"sentence": {"begin_time": 0, "end_time": 100}}  # Any: JSON

    async def converse(self, connection: ServerConnection) -> None:
        while True:
            run = await self.read(connection)
            header, payload = run["header"], run["payload"]
            if header["action"] == "finish-task" and payload["input"] == {"directive": "cancel"}:
                return
            if header["action"] != "run-task" or header["streaming"] != "out" or "voice" in payload["parameters"]:
                self.violations.append(f"not a task with its text: {run}")
            text, task_id = payload["input"]["text"], header["task_id"]
            await self.point("started", connection)
            await self.event(connection, task_id, "task-started", {})
            await self.speak(connection, task_id, text, len(text))
            await self.point("finish", connection)
            self.spoken(text)
            ended = {"output": None, "usage": {"characters": len(text)}}
            await self.event(connection, task_id, "task-finished", ended)
