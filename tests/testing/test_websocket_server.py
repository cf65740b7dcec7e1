"""The scripted WebSocket server, seen through a client that is not ours."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as connect_in_thread

from modelport.testing.servers.http import ABORT, CLOSE, HANG, Step
from modelport.testing.servers.websocket import (
    Close,
    Expect,
    Script,
    ScriptedConnection,
    ScriptedWebSocketServer,
    WebSocketStep,
)


async def closed(client: ClientConnection) -> tuple[int, str]:
    """The code and reason that a client is closed with; 1006 for none."""
    with pytest.raises(ConnectionClosed) as caught:
        await client.recv()
    received = caught.value.rcvd
    return (received.code, received.reason) if received else (1006, "")


async def test_plays_the_steps_in_order_and_keeps_what_comes() -> None:
    script: list[WebSocketStep] = [
        "hello",
        Expect({"type": "ask"}),
        {"type": "answer", "n": 1},
        Expect(b"\x01"),
        b"\x02",
        Expect(lambda frame: frame == "BYE"),
    ]
    async with ScriptedWebSocketServer([script]) as server, connect(f"{server.base_url}/a?b=1") as client:
        assert await client.recv() == "hello"
        await client.send('{"type": "ask", "id": 7}')
        assert json.loads(await client.recv()) == {"type": "answer", "n": 1}
        await client.send(b"\x01")
        assert await client.recv() == b"\x02"
        await client.send("BYE")
        assert await closed(client) == (1000, "")
        connection = server.connections[0]
        assert connection.frames == ['{"type": "ask", "id": 7}', b"\x01", "BYE"]
        assert (connection.path, connection.headers["upgrade"], connection.opened) == ("/a?b=1", "websocket", True)


async def test_waits_for_events() -> None:
    go = asyncio.Event()
    async with ScriptedWebSocketServer([["a", go, "b"]]) as server, connect(server.base_url) as client:
        assert await client.recv() == "a"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.02)
        go.set()
        assert await client.recv() == "b"


@pytest.mark.parametrize(
    ("step", "code", "reason"),
    [
        (Close(1007, "InvalidParameter"), 1007, "InvalidParameter"),
        (Close(1005), 1005, ""),
        (Close(1006), 1006, ""),
        (Close(1011, "é" * 100), 1011, "é" * 61),
        (CLOSE, 1006, ""),
        (ABORT, 1006, ""),
    ],
    ids=str,
)
async def test_ends_in_every_way(step: Close | Step, code: int, reason: str) -> None:
    async with (
        ScriptedWebSocketServer([["a", Expect(), step]]) as server,
        connect(server.base_url, close_timeout=1) as client,
    ):
        assert await client.recv() == "a"
        await client.send("go")
        assert await closed(client) == (code, reason)
        await server.connections[0].closed.wait()


@pytest.mark.parametrize("step", [CLOSE, Close(1006)], ids=str)
async def test_what_was_sent_arrives_before_the_connection_is_lost(step: Close | Step) -> None:
    async with (
        ScriptedWebSocketServer([["x" * 8_000_000, step]]) as server,
        connect(server.base_url, max_size=None) as client,
    ):
        assert len(await client.recv()) == 8_000_000
        assert await closed(client) == (1006, "")


async def test_hangs_until_the_client_leaves() -> None:
    async with ScriptedWebSocketServer([[HANG]]) as server:
        async with connect(server.base_url) as client:
            connection = await server.connection(0)
            await client.send("one")
            assert await connection.frame(0) == "one"
            assert server.connections_open == 1
            await client.close(4001)
        async with asyncio.timeout(30):
            await connection.closed.wait()
        assert connection.close_code == 4001


async def test_leaving_ends_what_hangs() -> None:
    event = asyncio.Event()
    async with ScriptedWebSocketServer([[HANG], [event]]) as server:
        clients = [await connect(server.base_url) for _ in range(2)]
        assert server.connections_open == 2
    assert [await closed(client) for client in clients] == [(1001, "")] * 2
    assert server.connections_open == 0


async def test_refuses_handshakes() -> None:
    script = Script(status=401, headers={"X-Request-Id": "r1"}, body=b'{"code": "InvalidApiKey"}')
    async with ScriptedWebSocketServer([script]) as server:
        for status, body in ((401, b"InvalidApiKey"), (500, b"this is connection 2: /again")):
            with pytest.raises(InvalidStatus) as caught:
                await connect(f"{server.base_url}/again")
            assert caught.value.response.status_code == status
            assert body in (caught.value.response.body or b"")
            assert ("x-request-id" in caught.value.response.headers) == (status == 401)
        assert (server.connections[0].opened, server.connections[0].closed.is_set()) == (False, True)


@pytest.mark.parametrize("step", [HANG, asyncio.Event(), ABORT, CLOSE], ids=["hang", "event", "abort", "close"])
async def test_keeps_or_breaks_the_handshake(step: Step) -> None:
    async with ScriptedWebSocketServer([Script(before=[step])]) as server:
        connecting = asyncio.ensure_future(_connected(server.base_url))
        await server.connection(0)
        if step in (ABORT, CLOSE):
            with pytest.raises(Exception, match=r"valid HTTP response|reset|closed"):
                await connecting
        else:
            assert await asyncio.wait([connecting], timeout=0.02) == (set(), {connecting})
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)


async def _connected(url: str) -> ClientConnection:
    return await connect(url, proxy=None)


async def test_an_event_before_the_handshake() -> None:
    go = asyncio.Event()
    async with ScriptedWebSocketServer([Script(["a"], before=[go])]) as server:
        connecting = asyncio.ensure_future(_connected(server.base_url))
        await server.connection(0)
        go.set()
        assert await (await connecting).recv() == "a"


@pytest.mark.parametrize(
    ("what", "sent"),
    [("a", "b"), (b"a", "a"), ({"type": "ask", "n": 1}, '{"type": "ask", "n": 2}'), (lambda frame: frame == "a", "b")],
)
async def test_what_was_not_expected_fails_the_test(what: Any, sent: str) -> None:  # Any: as `Expect` takes
    with pytest.raises(AssertionError, match=re.escape(f"the client sent {sent!r}")):
        async with ScriptedWebSocketServer([[Expect(what)]]) as server, connect(server.base_url) as client:
            await client.send(sent)
            code, reason = await closed(client)
            assert (code, reason[:8]) == (1008, "expected")


async def test_functions_of_the_connection() -> None:
    async def echo(connection: ScriptedConnection) -> None:
        while (frame := await connection.expect()) != "stop":
            await connection.send(frame)

    def script(connection: ScriptedConnection) -> list[WebSocketStep]:
        return [connection.path, echo]

    async with ScriptedWebSocketServer(script) as server:
        for path in ("/a", "/b"):
            async with connect(server.base_url + path) as client:
                assert await client.recv() == path
                await client.send(b"x")
                assert await client.recv() == b"x"
                await client.send("stop")
                assert await closed(client) == (1000, "")


def test_in_a_thread() -> None:
    go = asyncio.Event()
    with ScriptedWebSocketServer([[go, "a"]]).in_thread() as server, connect_in_thread(server.base_url) as client:
        connection = server.run(server.connection(0))
        client.send("b")
        assert server.run(connection.frame(0)) == "b"
        server.set(go)
        assert client.recv(5) == "a"


async def test_a_message_that_is_not_json_does_not_match() -> None:
    server = ScriptedWebSocketServer([[Expect({"type": "ask"})]])
    with pytest.raises(AssertionError, match=r"expected .* the client sent 'plain'"):
        async with server, connect(server.base_url) as client:
            await client.send("plain")
            assert (await closed(client))[0] == 1008


def test_a_script_that_fails_in_a_thread_fails_the_test() -> None:
    server = ScriptedWebSocketServer([[Expect("ask")]])
    with (
        pytest.raises(AssertionError, match="expected 'ask', the client sent 'something else'"),
        server.in_thread(),
        connect_in_thread(server.base_url) as client,
    ):
        client.send("something else")
        with pytest.raises(ConnectionClosed):
            client.recv()


async def test_a_mistake_in_the_choice_of_a_script_is_sent_and_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        async with ScriptedWebSocketServer(lambda connection: 1 // 0) as server:  # type: ignore[arg-type, return-value]
            with pytest.raises(InvalidStatus) as caught:
                await connect(server.base_url)
            assert caught.value.response.status_code == 500
            assert "ZeroDivisionError" in caught.value.response.body.decode()
