"""Replaying WebSockets, in the process and over a socket: what is said when, how often, and how it ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from modelport.error import ReplayMismatchError
from modelport.testing.clock import VirtualClock
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
    one_task,
    over_a_socket,
    play,
    write,
)


@both
async def test_matched_by_path_query_and_what_the_client_says(tmp_path: Path, playing: Playing) -> None:
    talk: Talk = [("server", "hi"), ("client", '{"a": 1, "b": [true]}'), ("server", b"\xff"), ("client", b"\x01")]
    cassette = write(tmp_path / "a.yaml", entry(talk, f"{URL}&x=1", closed={"by": "server", "code": 1011}))
    async with playing(cassette) as connect, connect("/api-ws/v1/realtime?x=1&model=m") as connection:
        assert await connection.receive() == "hi"
        await connection.send('{ "b":[true], "a":1 }')
        assert await connection.receive() == b"\xff"
        await connection.send(b"\x01")
        assert await ended(connection) == (1011, "")


@both
async def test_the_server_waits_for_what_it_was_told_before(tmp_path: Path, playing: Playing) -> None:
    talk: Talk = [("client", "a"), ("client", "b"), ("server", "c")]
    async with playing(write(tmp_path / "a.yaml", entry(talk))) as connect, connect(PATH) as connection:
        await connection.send("a")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.receive(), 0.02)
        await connection.send("b")
        assert await connection.receive() == "c"


@both
async def test_each_is_played_once_in_order(tmp_path: Path, playing: Playing) -> None:
    cassette = write(tmp_path / "a.yaml", entry([("server", "one")]), entry([("server", "two")]))
    async with playing(cassette) as connect:
        for said in ("one", "two"):
            async with connect(PATH) as connection:
                assert await connection.receive() == said
        with pytest.raises((ReplayMismatchError, WebSocketRejected)) as caught:
            async with connect(PATH):
                pass
    message = caught.value.body.decode() if isinstance(caught.value, WebSocketRejected) else str(caught.value)
    assert "comes more often than the 2 time(s)" in message


async def test_repeat_begins_again(tmp_path: Path) -> None:
    replay = ReplayWebSockets(write(tmp_path / "a.yaml", *(entry([("server", said)]) for said in "ab")), repeat=True)
    received = []
    for _ in range(5):
        async with connected(replay, URL) as connection:
            received.append(await connection.receive())
    assert received == ["a", "b", "a", "b", "a"]


@both
@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1005, ""), (1006, ""), (1007, "InvalidParameter")])
async def test_the_server_ends_it(tmp_path: Path, playing: Playing, code: int, reason: str) -> None:
    closed = {"by": "server", "code": code, "reason": reason}
    talk: Talk = [("client", "a"), ("server", "b" * 200_000)]
    cassette = write(tmp_path / "a.yaml", entry(talk, closed=closed))
    async with playing(cassette) as connect, connect(PATH) as connection:
        await connection.send("a")
        assert await connection.receive() == "b" * 200_000
        assert await ended(connection) == (code, reason)
        with pytest.raises(WebSocketClosed):
            await connection.send("more")


async def test_what_is_sent_to_a_server_that_is_closing(tmp_path: Path) -> None:
    """It is no miss: whether a client still says something then is an accident."""
    talk: Talk = [("client", "a"), ("server", "failed")]
    cassette = write(tmp_path / "a.yaml", entry(talk, closed={"by": "server", "code": 1011}))
    async with connected(ReplayWebSockets(cassette), URL) as connection:
        await connection.send("a")
        with pytest.raises(WebSocketClosed):
            await connection.send("b")
        assert await connection.receive() == "failed"
    clock = VirtualClock()
    async with (
        over_a_socket(cassette, speed="recorded", clock=clock) as connect,
        connect(PATH) as connection,
    ):
        for frame in "abcdef":
            await connection.send(frame)
        await asyncio.sleep(0.02)
        clock.advance(2)
        assert await connection.receive() == "failed"
        clock.advance(2)
        assert await ended(connection) == (1011, "")


@both
async def test_where_the_client_closed_the_server_waits(tmp_path: Path, playing: Playing) -> None:
    cassette = write(tmp_path / "a.yaml", entry([("client", "a")], closed={"by": "client"}))
    async with playing(cassette) as connect, connect(PATH) as connection:
        await connection.send("a")
        receiving = asyncio.ensure_future(connection.receive())
        assert await asyncio.wait([receiving], timeout=0.02) == (set(), {receiving})
        await connection.aclose()
        with pytest.raises(WebSocketClosed):
            await receiving


@both
async def test_refused_handshakes(tmp_path: Path, playing: Playing) -> None:
    handshake = {"status": 401, "headers": {"X-Request-Id": "r1"}, "body": '{"code": "InvalidApiKey"}'}
    cassette = write(tmp_path / "a.yaml", entry([], handshake=handshake), entry([("server", "in")]))
    async with playing(cassette) as connect:
        with pytest.raises(WebSocketRejected) as caught:
            async with connect(PATH):
                pass
        assert (caught.value.status, caught.value.headers["x-request-id"]) == (401, "r1")
        assert caught.value.body == b'{"code": "InvalidApiKey"}'
        async with connect(PATH) as connection:
            assert await connection.receive() == "in"


async def test_in_recorded_time(tmp_path: Path) -> None:
    """What the server says comes as long after the client's last message as it did."""
    talk: Talk = [("server", "a"), ("client", "b"), ("server", "c"), ("server", "d")]
    clock = VirtualClock()
    cassette = write(tmp_path / "a.yaml", entry(talk, handshake={"at": 0.25}))
    replay = ReplayWebSockets(cassette, speed="recorded", clock=clock)
    connecting = asyncio.ensure_future(replay.connect(WebSocketRequest(URL)))
    await _turned(clock, 0.25, connecting)
    connection = await connecting
    await _turned(clock, 0.75, asyncio.ensure_future(connection.receive()))
    clock.advance(100)  # the client takes its time
    await connection.send("b")
    await _turned(clock, 1.0, asyncio.ensure_future(connection.receive()))
    await _turned(clock, 1.0, asyncio.ensure_future(connection.receive()))
    assert clock.pending == 0


async def _turned(clock: VirtualClock, seconds: float, waiting: asyncio.Future[Any]) -> None:  # Any: not looked at
    """It ends after so many seconds of the clock, and not before."""
    await asyncio.sleep(0.001)
    clock.advance(seconds - 0.01)
    assert await asyncio.wait([waiting], timeout=0.005) == (set(), {waiting})
    clock.advance(0.01)
    await asyncio.wait([waiting], timeout=1)
    assert waiting.done()


async def test_cancelling_a_receive_loses_no_message(tmp_path: Path) -> None:
    async with connected(ReplayWebSockets(write(tmp_path / "a.yaml", entry(one_task("t")))), URL) as connection:
        waiting = asyncio.ensure_future(connection.receive())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert len(await play(connection, one_task("t"))) == 6


async def test_leaving_a_server_ends_what_waits(tmp_path: Path) -> None:
    slow = entry([], URL.replace("=m", "=slow"), handshake={"at": 60})
    cassette = write(tmp_path / "a.yaml", slow, entry([("client", "a"), ("server", "b")]))
    connector = WebsocketsConnector()
    async with CassetteServer(cassette, speed="recorded", clock=VirtualClock()) as server:
        address = server.base_url + PATH
        connection = await connector.connect(WebSocketRequest(address))
        connecting = asyncio.ensure_future(connector.connect(WebSocketRequest(address.replace("=m", "=slow"))))
        await asyncio.sleep(0.02)
        assert server.connections_open == 1
    assert (await ended(connection))[0] == 1001
    assert [type(error) for error in await asyncio.gather(connecting, return_exceptions=True)] == [WebSocketRejected]


def test_from_one_loop_after_another(tmp_path: Path) -> None:
    replay = ReplayWebSockets(write(tmp_path / "a.yaml", entry(one_task("t")), entry(one_task("t"))))

    async def forget() -> int:
        return len(await play(await replay.connect(WebSocketRequest(URL)), one_task("t")))

    assert [asyncio.run(forget()) for _ in range(2)] == [6, 6]
