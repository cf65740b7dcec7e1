"""A WebSocket server on loopback that plays scripts, for tests of clients.

    greeted = asyncio.Event()
    script = [{"type": "hello"}, Expect({"type": "ask"}), greeted, b"audio", Close(1000)]
    async with ScriptedWebSocketServer([script]) as server:
        ...  # connect to server.base_url
        assert server.connections[0].frames == ['{"type": "ask"}']

Each connection takes the next script. What a client sends is read at all times and kept, whether or not a script
expects it. `cassette_server` plays recorded conversations instead.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ...ports.websocket import Frame
from .http import ABORT, CLOSE, HANG, Step
from .websocket_loopback import WebSocketLoopbackServer, close_socket, first_of, refusal

__all__ = [
    "Close",
    "Expect",
    "Script",
    "ScriptedConnection",
    "ScriptedWebSocketServer",
    "WebSocketStep",
]

_SWITCHING = 101
_POLICY = 1008
_INTERNAL = 1011


@dataclass(frozen=True, slots=True)
class Expect:
    """Wait for the client's next message, which must be this one.

    A mapping is a JSON object that the message must have at least; a function returns whether it is right; None takes
    any. Another message closes the connection with code 1008 and fails the test when the server is left.
    """

    what: Frame | Mapping[str, Any] | Callable[[Frame], bool] | None = None  # Any: JSON

    def accepts(self, frame: Frame) -> bool:
        """Whether the message matches."""
        if callable(self.what):
            return self.what(frame)
        if not isinstance(self.what, Mapping):
            return self.what is None or frame == self.what
        try:
            value = json.loads(frame) if isinstance(frame, str) else None
        except ValueError:
            return False
        return isinstance(value, dict) and all(value.get(name) == wanted for name, wanted in self.what.items())


@dataclass(frozen=True, slots=True)
class Close:
    """Close with a closing handshake; a code of 1005 sends none, 1006 leaves the handshake out."""

    code: int = 1000
    reason: str = ""


WebSocketStep = (
    str | Mapping[str, Any] | Expect | Close | Step | Callable[["ScriptedConnection"], Awaitable[None]]  # Any: JSON
)
"""One step of a script.

A text or binary message to send, a mapping to send as JSON, what to expect, an event to wait for, an ending
(`Close`; HANG: say nothing more until the client closes; CLOSE: end the connection without a closing handshake;
ABORT: reset it), or a coroutine function of the connection.
"""


@dataclass(frozen=True, slots=True)
class Script:
    """One connection: first the steps `before` the handshake's answer, then that, then the steps.

    With another status than 101 the handshake is refused. After the last step the server closes with code 1000.
    """

    steps: Sequence[WebSocketStep] = ()
    status: int = _SWITCHING
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    before: Sequence[Step] = ()


class ScriptedConnection:
    """A connection, and what was received on it; a script's functions send on it."""

    def __init__(self, socket: ServerConnection, path: str, headers: Mapping[str, str]) -> None:
        self._socket = socket
        self._arrived = asyncio.Condition()
        self._taken = 0
        self.path = path
        """With its query."""
        self.headers = headers
        """Of the handshake, by lower-case name."""
        self.frames: list[Frame] = []
        self.opened = False
        """Whether the handshake was accepted."""
        self.closed = asyncio.Event()
        """Set when the connection is closed."""

    @property
    def close_code(self) -> int | None:
        """The code it was closed with; 1006 when it broke off."""
        return self._socket.close_code

    async def send(self, message: Frame | Mapping[str, Any]) -> None:  # Any: JSON
        """Send a message; a mapping as JSON."""
        await self._socket.send(json.dumps(message) if isinstance(message, Mapping) else message)

    async def frame(self, number: int = 0) -> Frame:
        """The client's message of that number, as soon as it has come."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.frames) > number)
        return self.frames[number]

    async def expect(self, what: Any = None) -> Frame:  # Any: as `Expect` takes
        """The client's next message, once it has come; see `Expect`."""
        self._taken += 1
        frame = await self.frame(self._taken - 1)
        assert Expect(what).accepts(frame), f"expected {what!r}, the client sent {frame[:200]!r}"
        return frame

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it, as `Close` does."""
        await close_socket(self._socket, code, reason)

    def abort(self) -> None:
        """Reset it."""
        self._socket.transport.abort()

    async def listen(self) -> None:
        """Keep the messages, until the connection is closed."""
        try:
            async for frame in self._socket:
                async with self._arrived:
                    self.frames.append(frame)
                    self._arrived.notify_all()
        except ConnectionClosed:
            pass
        finally:
            self.closed.set()


class ScriptedWebSocketServer(WebSocketLoopbackServer):
    """Plays scripts in their order, or what a function of the connection gives, and keeps what clients send.

    After the last script handshakes get a 500 with a message. Leaving `async with` ends every open connection, and
    raises what went wrong in a script.
    """

    def __init__(
        self,
        scripts: Sequence[Script | Sequence[WebSocketStep]]
        | Callable[[ScriptedConnection], Script | Sequence[WebSocketStep]] = (),
        port: int = 0,
    ) -> None:
        super().__init__(port)
        self._scripts = scripts
        self._arrived = asyncio.Condition()
        self._playing: dict[ServerConnection, tuple[ScriptedConnection, Script]] = {}
        self._failures: list[Exception] = []
        self.connections: list[ScriptedConnection] = []

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        if self._failures and error is None:
            raise self._failures[0]

    async def connection(self, number: int = 0) -> ScriptedConnection:
        """The connection of that number, as soon as its handshake has come."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.connections) > number)
        return self.connections[number]

    async def handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        """As in the connection's script."""
        headers = {name.lower(): value for name, value in request.headers.raw_items()}
        connection = ScriptedConnection(socket, request.path, headers)
        self.connections.append(connection)
        script = self._script_or_refusal(connection)
        async with self._arrived:
            self._arrived.notify_all()
        for step in script.before:
            await self._before(step, socket)
        if script.status != _SWITCHING:
            connection.closed.set()
            return refusal(script.status, script.headers, script.body)
        self._playing[socket] = connection, script
        return None

    async def converse(self, socket: ServerConnection) -> None:
        """Play the script, until its end or until the client closes."""
        connection, script = self._playing.pop(socket)
        connection.opened = True
        playing = asyncio.create_task(self._play(connection, script.steps))
        try:
            await connection.listen()
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)

    async def _play(self, connection: ScriptedConnection, steps: Sequence[WebSocketStep]) -> None:
        try:
            for step in steps:
                await _take(step, connection)
            await connection.close()
        except ConnectionClosed:
            pass
        except Exception as error:
            self._failures.append(error)
            expected = isinstance(error, AssertionError)
            await connection.close(_POLICY if expected else _INTERNAL, str(error) or type(error).__name__)

    async def _before(self, step: Step, socket: ServerConnection) -> None:
        """A step before the handshake, unless the client or the server leaves."""
        if isinstance(step, bytes):
            socket.transport.write(step)
        elif isinstance(step, asyncio.Event):
            await first_of(step.wait(), socket.wait_closed(), self.leaving.wait())
        elif step is HANG:
            await first_of(socket.wait_closed(), self.leaving.wait())
        elif step is ABORT:
            socket.transport.abort()
        else:
            socket.transport.close()

    def _script_or_refusal(self, connection: ScriptedConnection) -> Script:
        """The next script, or one with the reason why there is none."""
        try:
            return self._next_script(connection)
        except Exception as error:
            self._failures.append(error)
            return Script(status=500, body=f"the choice of a script failed: {type(error).__name__}: {error}".encode())

    def _next_script(self, connection: ScriptedConnection) -> Script:
        number = len(self.connections)
        if callable(self._scripts):
            script = self._scripts(connection)
        elif number <= len(self._scripts):
            script = self._scripts[number - 1]
        else:
            message = f"there are {len(self._scripts)} scripts; this is connection {number}: {connection.path}"
            script = Script(status=500, body=message.encode())
        return script if isinstance(script, Script) else Script(script)


async def _take(step: WebSocketStep, connection: ScriptedConnection) -> None:
    """One step of a script."""
    if isinstance(step, str | bytes | Mapping):
        await connection.send(step)
    elif isinstance(step, Expect):
        await connection.expect(step.what)
    elif isinstance(step, Close):
        await connection.close(step.code, step.reason)
    elif isinstance(step, asyncio.Event):
        await step.wait()
    elif callable(step):
        await step(connection)
    elif step is HANG:
        await connection.closed.wait()
    elif step is ABORT:
        connection.abort()
    else:
        assert step is CLOSE, f"{step!r} is not a step"
        await connection.close(1006)
