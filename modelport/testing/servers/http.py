"""An HTTP server on loopback that plays a script, for tests of clients.

    answers = [ScriptedAnswer.sse('{"a": 1}', "[DONE]"), ScriptedAnswer.json({"error": "no"}, status=401)]
    async with ScriptedServer(answers) as server:
        ...  # call server.base_url
        assert server.requests[0].json() == {...}

Each request takes the next answer, on whatever connection it comes. A test whose client is another process runs the
server in a thread: `with ScriptedServer(answers).in_thread() as server`, and waits with `server.run(...)`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any, Self

from ...domain.secrets import hide_url_secrets
from .http1 import ClientGoneError, Connection, read_request
from .loopback import LoopbackServer

__all__ = ["ABORT", "CLOSE", "HANG", "RecordedRequest", "ScriptedAnswer", "ScriptedServer", "Step"]


class _Act(Enum):
    HANG = "hang"
    CLOSE = "close"
    ABORT = "abort"


HANG = _Act.HANG
"""Send nothing more, until the client closes."""
CLOSE = _Act.CLOSE
"""Close the connection, in the middle of the body as HTTP sees it."""
ABORT = _Act.ABORT
"""Reset the connection."""

Step = bytes | asyncio.Event | _Act
"""One step of an answer: bytes to send as one piece, an event to wait for, or what happens to the connection."""


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """One answer: first the steps `before` its head, then the head, then those of its body.

    Without a `content-length` among the headers the body is sent in chunks, one a piece. `raw` answers have no head:
    their body is all that is sent.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Sequence[Step] = ()
    before: Sequence[Step] = ()
    raw: bool = False

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Self:
        """A JSON body (Any: a JSON value)."""
        return cls.whole(json.dumps(value).encode(), "application/json", status, headers)

    @classmethod
    def whole(cls, body: bytes, content_type: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Self:
        """A body of known length, such as an HTML page."""
        given = {"content-type": content_type, "content-length": str(len(body)), **(headers or {})}
        return cls(status, given, [body])

    @classmethod
    def sse(cls, *events: str | Step, headers: Mapping[str, str] | None = None) -> Self:
        """A stream of server-sent events: each text is the data of one, sent as a piece of its own."""
        steps = [f"data: {event}\n\n".encode() if isinstance(event, str) else event for event in events]
        return cls(200, {"content-type": "text/event-stream", **(headers or {})}, steps)


@dataclass(eq=False)
class RecordedRequest:
    """A request as received: header names in lower case, the path with its query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    client_closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the client has closed the connection that the request came on."""
    answered: bool = False
    """Whether the answer was sent to its end; a request both closed and unanswered was cancelled."""

    def __repr__(self) -> str:
        """Without the values of headers, the body and the secrets of the query, for the messages of failed tests."""
        path, headers = hide_url_secrets(self.path), sorted(self.headers)
        return f"RecordedRequest({self.method!r}, {path!r}, headers={headers}, body={len(self.body)} bytes)"

    def json(self) -> Any:
        """The body as JSON (Any: a JSON value)."""
        return json.loads(self.body)


class ScriptedServer(LoopbackServer):
    """Plays answers in their order, or the results of a function of the request, and records the requests.

    After the last answer requests get a 500 with a message; likewise when the script is wrong, which leaving
    `async with` raises after it has ended every open connection.
    """

    def __init__(
        self, answers: Sequence[ScriptedAnswer] | Callable[[RecordedRequest], ScriptedAnswer] = (), port: int = 0
    ) -> None:
        super().__init__()
        if isinstance(answers, ScriptedAnswer):
            raise TypeError("answers is a single ScriptedAnswer; give a list of them")
        self._answers = answers
        self._failures: list[Exception] = []
        self._port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Condition()
        self.requests: list[RecordedRequest] = []

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT`, without a trailing slash."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None, "the server was entered"
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failures and error is None:
            raise self._failures[0]

    async def request(self, number: int = 0) -> RecordedRequest:
        """The request of that number, as soon as it has come."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) > number)
        return self.requests[number]

    async def closed(self, number: int = 0) -> RecordedRequest:
        """The request of that number, as soon as its client has closed the connection."""
        request = await self.request(number)
        await request.client_closed.wait()
        return request

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio calls this in a task"
        self._tasks.add(task)
        try:
            async with Connection(reader, writer) as connection:
                await self._serve(connection)
        except (ClientGoneError, asyncio.CancelledError):
            pass  # a cancelled task would be logged; only __aexit__ cancels, and it waits for the end alone
        finally:
            self._tasks.discard(task)

    async def _serve(self, connection: Connection) -> None:
        """The requests of one connection, one after the other."""
        while (parts := await read_request(connection)) is not None:
            request = RecordedRequest(*parts, client_closed=connection.client_closed)
            self.requests.append(request)
            answer = self._checked_answer(request)
            async with self._arrived:
                self._arrived.notify_all()
            if not await _play(answer, connection):
                return
            request.answered = True

    def _checked_answer(self, request: RecordedRequest) -> ScriptedAnswer:
        """The next answer, or a 500 with the reason why there is none."""
        try:
            return _checked(self._next_answer(request))
        except Exception as error:
            self._failures.append(error)
            message = f"the script of the server is wrong: {type(error).__name__}: {error}"
            return ScriptedAnswer.json({"error": {"message": message}}, status=500)

    def _next_answer(self, request: RecordedRequest) -> ScriptedAnswer:
        if callable(self._answers):
            return self._answers(request)
        number = len(self.requests) - 1
        if number < len(self._answers):
            return self._answers[number]
        message = f"the script has {len(self._answers)} answers; this is request {number + 1}: {request.path}"
        return ScriptedAnswer.json({"error": {"message": message}}, status=500)


def _checked(answer: Any) -> ScriptedAnswer:  # Any: whatever the script gave
    """The answer; raises `TypeError` for anything else, and for an illegal step in it."""
    if not isinstance(answer, ScriptedAnswer):
        raise TypeError(f"{answer!r:.200} is not a ScriptedAnswer")
    for step in (*answer.before, *answer.body):
        if not isinstance(step, bytes | asyncio.Event | _Act):
            raise TypeError(f"{step!r:.200} is not a step of an answer; give bytes, an event, HANG, CLOSE or ABORT")
    return answer


async def _play(answer: ScriptedAnswer, connection: Connection) -> bool:
    """Send an answer; whether the connection can be used again."""
    chunked = not answer.raw and not any(name.lower() == "content-length" for name in answer.headers)
    if not await _steps(answer.before, connection, chunked=False):
        return False
    if not answer.raw:
        await connection.send_head(answer.status, answer.headers, chunked)
    if not await _steps(answer.body, connection, chunked):
        return False
    if chunked:
        await connection.send(b"0\r\n\r\n")
    return not answer.raw


async def _steps(steps: Sequence[Step], connection: Connection, chunked: bool) -> bool:
    """Execute the steps; whether the connection is still open after them."""
    for step in steps:
        if isinstance(step, bytes):
            if step:  # an empty chunk would end the body
                await connection.send(b"%x\r\n%b\r\n" % (len(step), step) if chunked else step)
        elif isinstance(step, asyncio.Event):
            await connection.wait(step)
        else:
            if step is HANG:
                await connection.client_closed.wait()
            elif step is ABORT:
                connection.abort()
            return False
    return True
