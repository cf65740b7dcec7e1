"""Which recorded conversation a client gets: by what it sends, whose ids may differ; and what a miss says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelport.adapters.cassettes.websocket_ids import Ids
from modelport.error import ReplayMismatchError, SettingsError
from modelport.testing.servers.cassette import CassetteServer
from modelport.transport import (
    ReplayWebSockets,
    WebSocketClosed,
    WebSocketRejected,
    WebSocketRequest,
    WebsocketsConnector,
)
from tests.adapters.websocket.websocket_support import (
    PATH,
    URL,
    Playing,
    Talk,
    both,
    connected,
    ended,
    entry,
    event,
    one_task,
    play,
    task,
    write,
)


@both
async def test_the_server_says_the_ids_that_the_client_sent(tmp_path: Path, playing: Playing) -> None:
    recorded, sent = "439e06162f5b44e088720002a066a49c", ["first", "second"]
    two: Talk = [*one_task(recorded), *one_task("other")]
    async with playing(write(tmp_path / "a.yaml", entry(two))) as connect, connect(PATH) as connection:
        frames = []
        for task_id in sent:
            frames += await play(connection, one_task(task_id))
    from_server = [frame for who, frame in frames if who == "server"]
    assert from_server == [
        event("task-started", "first").replace("task first", f"task {recorded}"),  # only whole strings are ids
        b"\x00\x01" + recorded.encode(),
        event("task-finished", "first").replace("task first", f"task {recorded}"),
        event("task-started", "second").replace("task second", "task other"),
        b"\x00\x01other",
        event("task-finished", "second").replace("task second", "task other"),
    ]


async def test_an_id_stands_for_one_id_only(tmp_path: Path) -> None:
    cassette = write(tmp_path / "a.yaml", entry([*one_task("r1"), *one_task("r2")]))
    replay = ReplayWebSockets(cassette, repeat=True)
    async with connected(replay, URL) as connection:
        await connection.send(task("run-task", "one"))
        with pytest.raises(ReplayMismatchError, match=r"client message 2\.header.task_id: .* for which 'one' was sent"):
            await connection.send(task("continue-task", "another", text="hi"))
    async with connected(replay, URL) as connection:
        await play(connection, one_task("one"))
        with pytest.raises(ReplayMismatchError, match="another id than 'r1', for which the same was sent"):
            await connection.send(task("run-task", "one"))


@pytest.mark.parametrize(
    ("name", "sent", "recorded", "same"),
    [
        ("event_id", "event_1", "event_2", True),
        ("taskId", "a", "b", True),
        ("client_event_id", "a", "b", True),
        ("voice_id", "Cherry", "Ethan", False),
        ("id", "a", "b", False),
        ("id", "6401e5bd-a70c-497a-bcc1-038b6d10578f", "98dab6e2-1ab0-4f4d-b96c-4aefc8b47c5e", True),
        ("anything", "295d9b053f744fd49dfaf7186d48e564", "9db3d1d47ab04859a8f7febade67ea09", True),
        ("event_id", 1, 2, False),
        ("event_id", "", "b", False),
        ("event_id", '"', "b", False),
    ],
)
def test_which_values_are_ids(name: str, sent: object, recorded: object, same: bool) -> None:
    found = Ids().differences("message", json.dumps({name: sent}), json.dumps({name: recorded}))
    assert (found == []) is same


@given(
    ids=st.lists(
        st.from_regex(r"[a-z0-9-]{1,4}", fullmatch=True).filter(lambda one: one.strip("-")),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    value=st.recursive(st.text(max_size=5) | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=4)),
    indent=st.sampled_from([None, 1]),
)
@example(ids=["0"], value='"0', indent=None)
def test_only_whole_strings_change(ids: list[str], value: object, indent: int | None) -> None:
    """The text becomes what changing the value and writing it again gives."""
    known = {one: f"sent-{number}" for number, one in enumerate(ids)}
    bound = Ids()
    for recorded, sent in known.items():
        assert bound.differences("m", json.dumps({"task_id": sent}), json.dumps({"task_id": recorded})) == []

    def changed(part: Any) -> Any:  # Any: JSON
        if isinstance(part, list):
            return [changed(each) for each in part]
        return known.get(part, part) if isinstance(part, str) else part

    whole = [value, list(known), '"' + next(iter(known)) + '"']
    assert bound.rewritten(json.dumps(whole, indent=indent)) == json.dumps(changed(whole), indent=indent)


@both
async def test_what_the_client_says_chooses_the_conversation(tmp_path: Path, playing: Playing) -> None:
    entries = [
        entry([("server", f"hi {text}"), ("client", "begin"), ("client", text), ("server", f"you from_server {text}")])
        for text in ("one", "two", "three")
    ]
    async with playing(write(tmp_path / "a.yaml", *entries)) as connect:
        for text in ("three", "one", "two"):
            async with connect(PATH) as connection:
                assert str(await connection.receive()).startswith("hi ")
                await connection.send("begin")
                await connection.send(text)
                assert await connection.receive() == f"you from_server {text}"


@both
async def test_open_connections_change_places(tmp_path: Path, playing: Playing) -> None:
    """All have begun alike and hold one conversation each, when the first says which one it wants."""
    words = ["one", "two", "three", "four"]
    entries = [entry([("client", "begin"), ("client", word), ("server", f"you from_server {word}")]) for word in words]
    async with playing(write(tmp_path / "a.yaml", *entries)) as connect:
        connections = [connect(PATH) for _ in words]
        opened = [await connection.__aenter__() for connection in connections]
        for connection in opened:
            await connection.send("begin")
        for connection, word in zip(opened, reversed(words), strict=True):
            await connection.send(word)
        assert [await one.receive() for one in opened] == [f"you from_server {word}" for word in reversed(words)]
        for each in connections:
            await each.__aexit__(None, None, None)


async def test_a_miss_says_what_differs_from_the_nearest(tmp_path: Path) -> None:
    far: Talk = [("client", '{"type": "start"}'), ("client", '{"text": "entirely different", "speed": 2}')]
    near: Talk = [("client", '{"type": "start"}'), ("client", '{"text": "Hello, Ada"}')]
    replay = ReplayWebSockets(write(tmp_path / "a.yaml", entry(far), entry(near)))
    async with connected(replay, URL) as connection:
        await connection.send('{"type": "start"}')
        with pytest.raises(ReplayMismatchError) as caught:
            await connection.send('{"text": "Hello, Bob"}')
        with pytest.raises(ReplayMismatchError):  # who receives need not be who sends
            await connection.receive()
    from_server = str(caught.value)
    assert "message 2 to WebSocket /api-ws/v1/realtime is not on" in from_server and "conversation 2" in from_server
    assert "client message 2.text: sent 'Hello, Bob', recorded 'Hello, Ada'" in from_server


async def test_a_miss_of_kind_or_number(tmp_path: Path) -> None:
    replay = ReplayWebSockets(write(tmp_path / "a.yaml", entry([("client", "a")])), repeat=True)
    async with connected(replay, URL) as connection:
        with pytest.raises(ReplayMismatchError, match="client message 1: sent b'a', recorded 'a'"):
            await connection.send(b"a")
        await connection.send("a")
        with pytest.raises(ReplayMismatchError, match="client message 2: sent 'more', recorded nothing"):
            await connection.send("more")


async def test_a_miss_of_path_or_query(tmp_path: Path) -> None:
    replay = ReplayWebSockets(write(tmp_path / "a.yaml", entry([])))
    with pytest.raises(ReplayMismatchError, match="path: sent '/api-ws/v2/realtime', recorded '/api-ws/v1/realtime'"):
        await replay.connect(WebSocketRequest(URL.replace("v1", "v2")))
    with pytest.raises(ReplayMismatchError, match=r"query\.model: sent 'n', recorded 'm'"):
        await replay.connect(WebSocketRequest(URL.replace("=m", "=n")))
    with pytest.raises(ReplayMismatchError, match="no conversations"):
        await ReplayWebSockets(write(tmp_path / "b.yaml")).connect(WebSocketRequest(URL))
    with pytest.raises(SettingsError, match="no such cassette"):
        await ReplayWebSockets(tmp_path / "none.yaml").connect(WebSocketRequest(URL))


async def test_a_miss_of_what_was_played_already(tmp_path: Path) -> None:
    entries = [entry([("client", "a")]), entry([("client", "b")])]
    replay = ReplayWebSockets(write(tmp_path / "a.yaml", *entries))
    async with connected(replay, URL) as connection:
        await connection.send("a")
    async with connected(replay, URL) as connection:
        with pytest.raises(ReplayMismatchError, match=r"any more: .*conversation 1 was played"):
            await connection.send("a")


@both
async def test_nobody_changes_places_with_a_closed_connection(tmp_path: Path, playing: Playing) -> None:
    entries = [entry([("client", "begin"), ("server", "begun"), ("client", word)]) for word in ("one", "two")]
    async with playing(write(tmp_path / "a.yaml", *entries)) as connect:
        async with connect(PATH) as connection:
            await connection.send("begin")
            assert await connection.receive() == "begun"
        async with connect(PATH) as connection:
            await connection.send("begin")
            assert await connection.receive() == "begun"
            with pytest.raises((ReplayMismatchError, WebSocketClosed), match="message 2 to WebSocket"):
                await connection.send("one")
                await connection.receive()


async def test_a_miss_over_a_socket_closes_and_is_kept(tmp_path: Path) -> None:
    connector = WebsocketsConnector()
    async with CassetteServer(write(tmp_path / "a.yaml", entry([("client", "a")]))) as server:
        async with connected(connector, server.base_url + PATH) as connection:
            await connection.send("b")
            code, reason = await ended(connection)
        with pytest.raises(WebSocketRejected) as caught:
            await connector.connect(WebSocketRequest(f"{server.base_url}/other"))
    assert (code, reason.startswith("message 1 to WebSocket")) == (1008, True)
    assert (caught.value.status, b"path: sent '/other'" in caught.value.body) == (404, True)
    assert ["message 1 to" in str(miss) for miss in server.mismatches] == [True, False]
