"""A peer that is gone is noticed; one whose audio waits for its listener is not gone."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import sys
import time

import pytest
from websockets.asyncio.server import ServerConnection, serve

from modelport.error import SettingsError
from modelport.ports.websocket import WebSocketClosed
from modelport.transport import WebSocketRequest, WebsocketsConnector

PIECE = bytes(200_000)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelport.adapters.websocket.websockets._PING_SECONDS", 0.05)


async def test_a_listener_who_takes_his_time_keeps_the_connection() -> None:
    """Behind the pieces that wait, no pong is read."""

    async def speak(connection: ServerConnection) -> None:
        for _ in range(100):
            await connection.send(PIECE)
        await connection.wait_closed()

    async with serve(speak, "127.0.0.1", 0, ping_interval=None) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        connection = await WebsocketsConnector().connect(WebSocketRequest(url))
        for number in range(100):
            if number % 33 == 0:
                await asyncio.sleep(0.4)
            assert await connection.receive() == PIECE
        await connection.aclose()


async def test_a_quiet_peer_that_answers_pings_is_there() -> None:
    quiet = asyncio.Event()

    async def later(connection: ServerConnection) -> None:
        await quiet.wait()
        await connection.send("here")
        await connection.wait_closed()

    async with serve(later, "127.0.0.1", 0, ping_interval=None) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        connection = await WebsocketsConnector().connect(WebSocketRequest(url))
        asyncio.get_running_loop().call_later(0.4, quiet.set)
        assert await connection.receive() == "here"
        await connection.aclose()


async def test_a_peer_that_is_gone_is_noticed() -> None:
    over = asyncio.Event()

    async def gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        key = next(line.partition(": ")[2] for line in head if line.lower().startswith("sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())
        upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(upgrade + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        await over.wait()
        writer.close()

    server = await asyncio.start_server(gone, "127.0.0.1", 0)
    async with server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        connection = await WebsocketsConnector().connect(WebSocketRequest(url))
        begun = time.monotonic()
        async with asyncio.timeout(30):
            with pytest.raises(WebSocketClosed) as caught:
                await connection.receive()
        assert caught.value.code == 1006 and time.monotonic() - begun > 0.09
        await connection.aclose()
        over.set()


async def test_a_proxy_that_needs_another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_socks", None)
    connector = WebsocketsConnector(proxy="socks5://127.0.0.1:9")
    with pytest.raises(SettingsError, match="python-socks"):
        await connector.connect(WebSocketRequest("ws://127.0.0.1:9/"))
