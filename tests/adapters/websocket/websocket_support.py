"""WebSocket conversations for tests: as cassettes, and as a connector that plays them without one."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelport.ports.websocket import Frame
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.cassette import CassetteServer
from modelport.transport import (
    ReplayWebSockets,
    WebSocketClosed,
    WebSocketConnection,
    WebSocketRequest,
    WebsocketsConnector,
)

__all__ = [
    "PATH",
    "URL",
    "Playing",
    "Talk",
    "TalkingConnector",
    "both",
    "connected",
    "ended",
    "entry",
    "event",
    "one_task",
    "over_a_socket",
    "play",
    "task",
    "write",
]

URL = "wss://api.example.com/api-ws/v1/realtime?model=m"
PATH = URL.removeprefix("wss://api.example.com")
Talk = Sequence[tuple[str, Frame]]
"""Who says what, in order: `client` or `server`."""
Entry = dict[str, Any]  # Any: YAML
Connect = Callable[[str], AbstractAsyncContextManager[WebSocketConnection]]
Playing = Callable[..., AbstractAsyncContextManager[Connect]]


def entry(talk: Talk, url: str = URL, **more: Any) -> Entry:  # Any: YAML
    """A conversation of a cassette; each message comes a second after the one before."""
    frames = [
        {"from": who, "at": float(at), **({"text": said} if isinstance(said, str) else {"base64": _base64(said)})}
        for at, (who, said) in enumerate(talk, 1)
    ]
    return {"request": {"url": url}, "frames": frames, **more}


def write(path: Path, *entries: Entry) -> Path:
    """A cassette of these."""
    document = {"origin": "authored from nothing", "version": 1, "conversations": list(entries)}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class _Talking:
    """Plays the server's part in order, whatever is sent to it; each message takes a second of the clock."""

    def __init__(self, talk: Talk, clock: VirtualClock, closed: WebSocketClosed) -> None:
        self._said = [frame for who, frame in talk if who == "server"]
        self._clock = clock
        self._closed = closed

    async def send(self, frame: Frame) -> None:
        self._clock.advance(1.0)

    async def receive(self) -> Frame:
        self._clock.advance(1.0)
        if not self._said:
            raise self._closed
        return self._said.pop(0)

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        pass


class TalkingConnector:
    """Opens the given talks in their order; a handshake takes half a second of the clock."""

    def __init__(
        self, *talks: Talk | Exception, clock: VirtualClock | None = None, closed: WebSocketClosed | None = None
    ) -> None:
        self.clock = clock or VirtualClock()
        self._talks = list(talks)
        self._closed = closed or WebSocketClosed(1000)

    async def connect(self, request: WebSocketRequest) -> WebSocketConnection:
        self.clock.advance(0.5)
        talk = self._talks.pop(0)
        if isinstance(talk, Exception):
            raise talk
        return _Talking(talk, self.clock, self._closed)

    async def aclose(self) -> None:
        pass


async def play(connection: WebSocketConnection, talk: Talk) -> list[tuple[str, Frame]]:
    """Say the client's part in its places and listen in the server's; what was said."""
    frames = []
    for who, frame in talk:
        if who == "client":
            await connection.send(frame)
            frames.append((who, frame))
        else:
            frames.append((who, await connection.receive()))
    return frames


@asynccontextmanager
async def in_process(cassettes: Path, **options: Any) -> AsyncGenerator[Connect, None]:  # Any: of the replay
    replay = ReplayWebSockets(cassettes, **options)
    yield lambda path: connected(replay, f"wss://elsewhere.example.com{path}")


@asynccontextmanager
async def over_a_socket(cassettes: Path, **options: Any) -> AsyncGenerator[Connect, None]:  # Any: of the replay
    connector = WebsocketsConnector()
    async with CassetteServer(cassettes, **options) as server:
        yield lambda path: connected(connector, server.base_url + path)


@asynccontextmanager
async def connected(connector: Any, url: str) -> AsyncGenerator[WebSocketConnection, None]:  # Any: either connector
    connection = await connector.connect(WebSocketRequest(url))
    try:
        yield connection
    finally:
        await connection.aclose()


both = pytest.mark.parametrize("playing", [in_process, over_a_socket])
"""Once in the process and once over a socket: what a cassette says is the same."""


def task(action: str, task_id: str, **payload: object) -> str:
    return json.dumps({"header": {"action": action, "task_id": task_id}, "payload": payload})


def event(name: str, task_id: str) -> str:
    return f'{{"header": {{"task_id":"{task_id}", "event": "{name}"}},  "of": "task {task_id}"}}'


def one_task(task_id: str, text: str = "hi") -> Talk:
    return [
        ("client", task("run-task", task_id)),
        ("server", event("task-started", task_id)),
        ("client", task("continue-task", task_id, text=text)),
        ("server", b"\x00\x01" + task_id.encode()),
        ("client", task("finish-task", task_id)),
        ("server", event("task-finished", task_id)),
    ]


async def ended(connection: WebSocketConnection) -> tuple[int, str]:
    with pytest.raises(WebSocketClosed) as caught:
        await connection.receive()
    return caught.value.code, caught.value.reason
