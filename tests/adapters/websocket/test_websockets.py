"""The WebSocket connector against a real server: messages, refusals, ends, limits, and nothing left open."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from modelport.error import ModelConnectionError
from modelport.ports.websocket import WebSocketClosed, WebSocketRejected
from modelport.transport import WebSocketRequest, WebsocketsConnector

Handler = Callable[[ServerConnection], Awaitable[None]]


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@asynccontextmanager
async def serving(handler: Handler = echo, **options: object) -> AsyncGenerator[tuple[Server, str], None]:
    async with serve(handler, "127.0.0.1", 0, **options) as server:  # type: ignore[arg-type]  # passed through
        yield server, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/a?b=c"


async def test_messages_of_both_kinds_come_whole_and_in_order() -> None:
    async with serving() as (_, url):
        connection = await WebsocketsConnector().connect(WebSocketRequest(url))
        for frame in ("héllo", b"\x00\xff", "", "x" * 300_000):
            await connection.send(frame)
        assert [await connection.receive() for _ in range(4)] == ["héllo", b"\x00\xff", "", "x" * 300_000]
        await connection.aclose()
        await connection.aclose()
        with pytest.raises(WebSocketClosed):
            await connection.receive()


async def test_the_handshake_carries_path_and_headers() -> None:
    seen: list[Request] = []

    def look(connection: ServerConnection, request: Request) -> None:
        seen.append(request)

    async with serving(process_request=look) as (_, url):
        connection = await WebsocketsConnector().connect(WebSocketRequest(url, {"Authorization": "Bearer k"}))
        await connection.aclose()
    assert (seen[0].path, seen[0].headers["authorization"]) == ("/a?b=c", "Bearer k")


async def test_a_refused_handshake_tells_status_headers_and_body() -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(HTTPStatus.UNAUTHORIZED, '{"code": "InvalidApiKey"}')
        response.headers["X-Request-Id"] = "r1"
        return response

    async with serving(process_request=refuse) as (_, url):
        with pytest.raises(WebSocketRejected) as caught:
            await WebsocketsConnector().connect(WebSocketRequest(url))
    assert (caught.value.status, caught.value.headers["x-request-id"]) == (401, "r1")
    assert caught.value.body == b'{"code": "InvalidApiKey"}'


async def test_a_redirect_is_not_followed() -> None:
    def move(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(HTTPStatus.FOUND, "")
        response.headers["Location"] = "ws://127.0.0.1:9/elsewhere"
        return response

    async with serving(process_request=move) as (_, url):
        with pytest.raises(WebSocketRejected) as caught:
            await WebsocketsConnector().connect(WebSocketRequest(url, {"Authorization": "Bearer k"}))
    assert caught.value.status == 302


async def test_nobody_there_is_a_connection_error() -> None:
    async with serving() as (_, url):
        pass
    with pytest.raises(ModelConnectionError, match=r"127\.0\.0\.1"):
        await WebsocketsConnector().connect(WebSocketRequest(url))


async def test_the_peers_close_code_and_a_lost_connection_are_told() -> None:
    async def bye(connection: ServerConnection) -> None:
        await connection.send("last")
        await connection.close(1011, "internal")

    async def lost(connection: ServerConnection) -> None:
        connection.transport.abort()

    for handler, code, reason in ((bye, 1011, "internal"), (lost, 1006, "")):
        async with serving(handler) as (_, url):
            connection = await WebsocketsConnector().connect(WebSocketRequest(url))
            if handler is bye:
                assert await connection.receive() == "last"
            with pytest.raises(WebSocketClosed) as caught:
                await connection.receive()
            assert (caught.value.code, caught.value.reason) == (code, reason)
            await connection.aclose()


async def test_a_message_above_the_limit_closes_the_connection() -> None:
    async with serving() as (_, url):
        connection = await WebsocketsConnector(max_bytes=100).connect(WebSocketRequest(url))
        await connection.send("x" * 101)
        with pytest.raises(WebSocketClosed) as caught:
            await connection.receive()
        assert caught.value.code == 1009 and type(caught.value.code) is int, "a recorder writes it"
        await connection.aclose()


async def test_text_that_is_none_is_a_fault_of_the_protocol() -> None:
    """Code 1007 would say that what we sent was wrong."""

    async def garble(connection: ServerConnection) -> None:
        connection.transport.write(b"\x81\x02\xff\xff")
        await connection.wait_closed()

    async with serving(garble) as (_, url):
        connection = await WebsocketsConnector().connect(WebSocketRequest(url))
        with pytest.raises(WebSocketClosed, match="invalid start byte") as caught:
            await connection.receive()
        assert caught.value.code == 1002
        await connection.aclose()


async def test_cancelling_a_receive_loses_no_message() -> None:
    go = asyncio.Event()

    async def later(connection: ServerConnection) -> None:
        await go.wait()
        await connection.send("kept")
        await connection.wait_closed()

    async with serving(later) as (_, url):
        connection = await WebsocketsConnector().connect(WebSocketRequest(url))
        waiting = asyncio.create_task(connection.receive())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        go.set()
        assert await connection.receive() == "kept"
        await connection.aclose()


def test_a_connection_that_nobody_closed_ends_with_its_loop() -> None:
    ended: asyncio.Queue[int | None] = asyncio.Queue()

    async def note(connection: ServerConnection) -> None:
        await connection.wait_closed()
        ended.put_nowait(connection.close_code)

    async def forget(connector: WebsocketsConnector, url: str) -> None:
        connection = await connector.connect(WebSocketRequest(url))
        await connection.send("hello")

    async def main() -> list[int | None]:
        async with serving(note) as (_, url):
            connector = WebsocketsConnector()
            for _ in range(2):  # in one loop after another
                await asyncio.to_thread(asyncio.run, forget(connector, url))
            return [await ended.get(), await ended.get()]

    assert asyncio.run(main()) == [1001, 1001]
    gc.collect()


async def test_the_key_is_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = WebSocketRequest("ws://127.0.0.1:9/", {"Authorization": "Bearer sk-secret"})
    async with serving() as (_, url):
        request = WebSocketRequest(url, request.headers)
        connection = await WebsocketsConnector().connect(request)
        await connection.aclose()
    ours = [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
    assert "sk-secret" not in repr(request) + "".join(ours)


async def test_a_peer_that_does_not_answer_the_closing_is_left() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = head.lower().split("sec-websocket-key: ")[1].split("\r\n")[0]
        key = head[head.lower().index(key) :][: len(key)]
        accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept.encode() + b"\r\n\r\n"
        )
        await reader.read()  # takes everything, until the client is gone
        writer.close()

    async with await asyncio.start_server(deaf, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        connection = await WebsocketsConnector().connect(WebSocketRequest(url))
        waiting = asyncio.create_task(connection.aclose())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        with pytest.raises(WebSocketClosed):
            await connection.receive()
