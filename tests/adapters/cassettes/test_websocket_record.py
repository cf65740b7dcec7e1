"""Recording WebSockets and replaying them: the same messages, and no key in the file."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.error import ModelConnectionError, SettingsError
from modelport.ports.websocket import Frame
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.websocket import Close, Expect, ScriptedWebSocketServer, WebSocketStep
from modelport.transport import (
    RecordWebSockets,
    ReplayWebSockets,
    WebSocketClosed,
    WebSocketConnection,
    WebSocketRejected,
    WebSocketRequest,
    WebsocketsConnector,
)
from tests.adapters.websocket.websocket_support import URL, Talk, TalkingConnector, play

KEY = "sk-very/secret+key"
ASKED = WebSocketRequest(f"{URL}&key=query-secret", {"Authorization": f"Bearer {KEY}", "X-Machine": "mine"})
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TALKS = st.lists(
    st.tuples(st.sampled_from(["client", "server"]), TEXT | st.binary(max_size=30) | TEXT.map(json.dumps)), max_size=8
)


def written(path: Path) -> Any:  # Any: YAML
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def recorded(path: Path, *talks: Talk, **options: Any) -> Any:  # Any: YAML
    """Record each talk; what the file says."""
    inner = TalkingConnector(*talks)
    connector = RecordWebSockets(inner, path, clock=inner.clock, **options)
    for talk in talks:
        connection = await connector.connect(ASKED)
        await play(connection, talk)
        await connection.aclose()
    return written(path if path.suffix else path / "recorded.websocket.yaml")


async def test_what_the_file_says(tmp_path: Path) -> None:
    document = await recorded(tmp_path / "a.yaml", [("server", "hi"), ("client", b"\x00"), ("server", "é")])
    assert document == {
        "origin": "recorded",
        "server": "api.example.com",
        "recorded_on": yaml.safe_load("1970-01-12"),
        "version": 1,
        "conversations": [
            {
                "request": {"url": URL, "headers": {}},
                "handshake": {"status": 101, "at": 0.5},
                "frames": [
                    {"from": "server", "at": 1.5, "text": "hi"},
                    {"from": "client", "at": 1.5, "base64": "AA=="},
                    {"from": "server", "at": 3.5, "text": "é"},
                ],
                "closed": {"by": "client", "code": 1000, "reason": "", "at": 3.5},
            }
        ],
    }


@settings(max_examples=150)
@given(talks=st.lists(TALKS, min_size=1, max_size=3))
def test_any_conversation_comes_back(talks: list[Talk]) -> None:
    async def both(path: Path) -> None:
        await recorded(path, *talks)
        replay = ReplayWebSockets(path)
        for talk in talks:
            connection = await replay.connect(WebSocketRequest("ws://127.0.0.1:9/api-ws/v1/realtime?model=m"))
            assert await play(connection, talk) == list(talk)
            await connection.aclose()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(both(Path(folder)))


async def test_the_times_come_back_too(tmp_path: Path) -> None:
    talk: Talk = [("server", "a"), ("client", "b"), ("server", "c"), ("server", "d")]
    await recorded(tmp_path, talk)
    clock = VirtualClock(skip_sleeps=True)
    connecting = ReplayWebSockets(tmp_path, speed="recorded", clock=clock).connect(ASKED)
    connection = await connecting
    assert clock.sleeps == [0.5]
    waits = []
    for who, frame in talk:
        start = clock.monotonic()
        if who == "client":
            await connection.send(frame)
            continue
        receiving = asyncio.ensure_future(connection.receive())
        while not receiving.done():
            await asyncio.sleep(0)
            if clock.pending:
                clock.advance(0.25)
        waits.append(clock.monotonic() - start)
    assert waits == [1.0, 2.0, 1.0]  # sending took a second when it was recorded


async def test_no_key_is_written(tmp_path: Path) -> None:
    named = json.dumps(
        {"type": "session.update", "session": {"api_key": "named-secret-PlantedWord7", "max_tokens": 10}}
    )
    talk: Talk = [
        ("client", named),
        ("server", f"your key {KEY} and named-secret-PlantedWord7"),
        ("server", KEY.encode()),
        ("server", json.dumps({"client_secret": {"value": "server-secret", "expires_in": 600}})),
    ]
    document = await recorded(tmp_path / "a.yaml", talk)
    text = (tmp_path / "a.yaml").read_text()
    for secret in (
        KEY,
        "c2stdmVyeS9zZWNyZXQra2V5",
        "named-secret-PlantedWord7",
        "server-secret",
        "query-secret",
        "mine",
    ):
        assert secret not in text
    assert '"expires_in": 600' in document["conversations"][0]["frames"][3]["text"]
    replayed = await ReplayWebSockets(tmp_path).connect(ASKED)
    await replayed.send(named.replace("named-secret-PlantedWord7", "another-secret"))  # a key is no difference
    assert await replayed.receive() == "your key [secret] and [secret]"


async def test_scrubbers_come_last(tmp_path: Path) -> None:
    def without_names(conversation: dict[str, Any]) -> dict[str, Any]:  # Any: YAML
        return json.loads(json.dumps(conversation).replace("Ada", "[name]"))  # type: ignore[no-any-return]  # JSON

    document = await recorded(tmp_path, [("client", "I am Ada")], scrubbers=[without_names])
    assert document["conversations"][0]["frames"][0]["text"] == "I am [name]"


async def test_a_refused_handshake(tmp_path: Path) -> None:
    refused = WebSocketRejected(401, {"x-request-id": "r1", "set-cookie": "id"}, f"{KEY} is wrong".encode())
    connector = RecordWebSockets(TalkingConnector(refused, WebSocketRejected(500, {}, b"\xff")), tmp_path)
    for _ in range(2):
        with pytest.raises(WebSocketRejected):
            await connector.connect(ASKED)
    replay = ReplayWebSockets(tmp_path)
    for status, headers, body in ((401, {"x-request-id": "r1"}, b"[secret] is wrong"), (500, {}, b"\xff")):
        with pytest.raises(WebSocketRejected) as caught:
            await replay.connect(ASKED)
        assert (caught.value.status, caught.value.headers, caught.value.body) == (status, headers, body)


async def test_what_gets_no_answer_is_not_recorded(tmp_path: Path) -> None:
    connector = RecordWebSockets(TalkingConnector(ModelConnectionError("gone")), tmp_path)
    with pytest.raises(ModelConnectionError):
        await connector.connect(ASKED)
    assert files(tmp_path) == []


@pytest.mark.parametrize("code", [1000, 1005, 1006, 1011])
async def test_how_the_server_ended_it(tmp_path: Path, code: int) -> None:
    inner = TalkingConnector([("server", "a")], closed=WebSocketClosed(code, "why" if code == 1011 else ""))
    connection = await RecordWebSockets(inner, tmp_path).connect(ASKED)
    assert await connection.receive() == "a"
    for _ in range(2):
        with pytest.raises(WebSocketClosed):
            await connection.receive()
    await connection.aclose()
    replayed = await ReplayWebSockets(tmp_path).connect(ASKED)
    assert await replayed.receive() == "a"
    with pytest.raises(WebSocketClosed) as caught:
        await replayed.receive()
    assert (caught.value.code, caught.value.reason) == (code, "why" if code == 1011 else "")


async def test_many_at_once_over_sockets(tmp_path: Path) -> None:
    """Every conversation is whole, and the file can be read at any time."""
    count = 40
    script: list[WebSocketStep] = [Expect(), "one", b"\x00\x01", Expect(), Close(1000)]
    file = tmp_path / "a.yaml"

    async def talk(connector: RecordWebSockets, url: str, number: int) -> None:
        connection = await connector.connect(WebSocketRequest(url))
        await connection.send(f"{number}")
        assert [await connection.receive() for _ in range(2)] == ["one", b"\x00\x01"]
        await connection.send(f"end {number}")
        with pytest.raises(WebSocketClosed):
            await connection.receive()
        assert written(file)["conversations"]

    async with ScriptedWebSocketServer(lambda _: script) as server:
        connector = RecordWebSockets(WebsocketsConnector(), file)
        await asyncio.gather(*(talk(connector, server.base_url, number) for number in range(count)))
        await connector.aclose()
    conversations = written(file)["conversations"]
    said = [[frame["text"] for frame in one["frames"] if frame["from"] == "client"] for one in conversations]
    assert sorted(said) == sorted([f"{number}", f"end {number}"] for number in range(count))
    assert {one["closed"]["by"] for one in conversations} == {"server"}
    assert files(tmp_path) == ["a.yaml"]


async def test_an_answer_may_come_before_sending_has_returned(tmp_path: Path) -> None:
    sent = asyncio.Event()

    class Slow:
        async def send(self, frame: Frame) -> None:
            sent.set()
            await asyncio.sleep(0.01)
            if frame == "late":
                raise WebSocketClosed(1011, "busy")

        async def receive(self) -> Frame:
            await sent.wait()
            return "answer"

        async def aclose(self, code: int = 1000, reason: str = "") -> None:
            pass

    class Connector(TalkingConnector):
        async def connect(self, request: WebSocketRequest) -> WebSocketConnection:
            return Slow()

    connection = await RecordWebSockets(Connector(), tmp_path).connect(ASKED)
    await asyncio.gather(connection.receive(), connection.send("question"))
    with pytest.raises(WebSocketClosed):
        await connection.send("late")
    await connection.aclose()
    (conversation,) = written(tmp_path / "recorded.websocket.yaml")["conversations"]
    assert [frame["text"] for frame in conversation["frames"]] == ["question", "answer"]
    assert [conversation["closed"][name] for name in ("by", "code", "reason")] == ["server", 1011, "busy"]


async def test_what_is_still_open_is_written_when_the_connector_closes(tmp_path: Path) -> None:
    connector = RecordWebSockets(TalkingConnector([("server", "a")]), tmp_path)
    connection = await connector.connect(ASKED)
    await connection.receive()
    await connector.aclose()
    assert "closed" not in written(tmp_path / "recorded.websocket.yaml")["conversations"][0]


def test_what_nobody_closed_is_written_when_its_loop_ends(tmp_path: Path) -> None:
    connector = RecordWebSockets(TalkingConnector([("server", "a")], [("server", "b")]), tmp_path)

    async def forget() -> None:
        await (await connector.connect(ASKED)).receive()

    for _ in range(2):
        asyncio.run(forget())
    conversations = written(tmp_path / "recorded.websocket.yaml")["conversations"]
    assert [one["frames"][0]["text"] for one in conversations] == ["a", "b"]


async def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        await recorded(tmp_path / "file" / "a.yaml", [("server", "a")])
