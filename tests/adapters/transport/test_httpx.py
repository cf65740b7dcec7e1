"""The default transport: one request each, everything that has arrived at once, nothing left open."""

from __future__ import annotations

import asyncio
import gzip
from typing import Literal

import pytest

from modelport.adapters.transport.httpx import HttpxTransport
from modelport.adapters.transport.read_ahead import read_ahead
from modelport.error import ModelConnectionError
from modelport.testing.server import CLOSE, HANG, ScriptedAnswer, ScriptedServer
from modelport.transport import HttpRequest

LIBRARIES: list[Literal["httpx", "httpx2"]] = ["httpx", "httpx2"]


def post(url: str) -> HttpRequest:
    return HttpRequest("POST", url, {"content-type": "application/json", "authorization": "Bearer k"}, b"{}")


@pytest.mark.parametrize("library", LIBRARIES)
async def test_a_request_and_its_answer(library: Literal["httpx", "httpx2"]) -> None:
    connected: list[bool] = []
    async with ScriptedServer([ScriptedAnswer.json({"a": 1}, 201, {"X-Request-Id": "r1"})]) as server:
        transport = HttpxTransport(library)
        response = await transport.send(post(server.base_url + "/x"), lambda: connected.append(True))
        assert (response.status, response.headers["x-request-id"]) == (201, "r1")
        assert b"".join([data async for data in response]) == b'{"a": 1}'
        await response.aclose()
        assert (server.requests[0].method, server.requests[0].path) == ("POST", "/x")
        await transport.aclose()
    assert connected == [True]


async def test_compressed_answers_are_decoded() -> None:
    packed = ScriptedAnswer.whole(gzip.compress(b'{"a": 1}'), "application/json", headers={"content-encoding": "gzip"})
    async with ScriptedServer([packed]) as server:
        response = await HttpxTransport().send(post(server.base_url))
        assert b"".join([data async for data in response]) == b'{"a": 1}'
        await response.aclose()


async def test_redirects_are_not_followed() -> None:
    moved = ScriptedAnswer.whole(b"", "text/plain", 307, {"location": "http://192.0.2.1/"})
    async with ScriptedServer([moved]) as server:
        response = await HttpxTransport().send(post(server.base_url))
        assert response.status == 307
        await response.aclose()


async def test_a_broken_body_is_a_connection_error_after_its_bytes() -> None:
    async with ScriptedServer([ScriptedAnswer(body=[b"one", CLOSE])]) as server:
        response = await HttpxTransport().send(post(server.base_url))
        received = b""
        with pytest.raises(ModelConnectionError):
            async for data in response:
                received += data
        assert received == b"one"
        await response.aclose()


async def test_closing_an_answer_half_way_closes_its_connection() -> None:
    async with ScriptedServer([ScriptedAnswer(body=[b"one", HANG])]) as server:
        response = await HttpxTransport().send(post(server.base_url))
        body = aiter(response)
        assert await anext(body) == b"one"
        await response.aclose()
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 5)
        with pytest.raises((ModelConnectionError, StopAsyncIteration)):
            await anext(body)


async def test_connections_are_used_again() -> None:
    ports = set()
    async with ScriptedServer([ScriptedAnswer.json({}), ScriptedAnswer.json({})]) as server:
        transport = HttpxTransport()
        for _ in range(2):
            opened: list[bool] = []
            response = await transport.send(post(server.base_url), lambda opened=opened: opened.append(True))  # type: ignore[misc]  # bound now
            async for _data in response:
                pass
            await response.aclose()
            ports.add(id(response))
        assert len(server.requests) == 2


async def test_read_ahead_joins_what_has_arrived_and_keeps_the_order() -> None:
    gate = asyncio.Event()

    async def source() -> object:
        for number in range(5):
            yield bytes([number])
        await gate.wait()
        yield b"last"

    pieces = []
    async for data in read_ahead(source()):  # type: ignore[arg-type]  # an async generator of bytes
        pieces.append(data)
        gate.set()
    assert b"".join(pieces) == bytes(range(5)) + b"last"
    assert len(pieces) == 2


async def test_read_ahead_leaves_on_the_network_what_nobody_reads() -> None:
    produced = 0

    async def source() -> object:
        nonlocal produced
        while True:
            produced += 1
            yield b"x" * 1000
            await asyncio.sleep(0)

    body = read_ahead(source(), high_water=5000)  # type: ignore[arg-type]  # an async generator of bytes
    await anext(body)
    for _ in range(100):
        await asyncio.sleep(0)
    assert produced < 15
    await body.aclose()


async def test_read_ahead_leaves_no_task_behind() -> None:
    async def source() -> object:
        yield b"x"
        await asyncio.Event().wait()

    body = read_ahead(source())  # type: ignore[arg-type]  # an async generator of bytes
    await anext(body)
    await body.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}
