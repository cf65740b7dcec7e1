"""The transports of requests that really travel: one request each, everything that has arrived at once, nothing left open."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable

import pytest

from modelport.adapters.transport.aiohttp import AiohttpTransport
from modelport.adapters.transport.httpx import HttpxTransport
from modelport.error import ModelConnectionError
from modelport.testing.server import CLOSE, HANG, ScriptedAnswer, ScriptedServer
from modelport.transport import HttpRequest, HttpTransport

BUILD: dict[str, Callable[[], HttpTransport]] = {
    "httpx": lambda: HttpxTransport("httpx"),
    "httpx2": lambda: HttpxTransport("httpx2"),
    "aiohttp": AiohttpTransport,
}


@pytest.fixture(params=BUILD)
def transport(request: pytest.FixtureRequest) -> HttpTransport:
    return BUILD[request.param]()


def post(url: str) -> HttpRequest:
    return HttpRequest("POST", url, {"content-type": "application/json", "authorization": "Bearer k"}, b"{}")


async def test_a_request_and_its_answer(transport: HttpTransport) -> None:
    connected: list[bool] = []
    async with ScriptedServer([ScriptedAnswer.json({"a": 1}, 201, {"X-Request-Id": "r1"})]) as server:
        response = await transport.send(post(server.base_url + "/x"), lambda: connected.append(True))
        assert (response.status, response.headers["x-request-id"]) == (201, "r1")
        assert b"".join([data async for data in response]) == b'{"a": 1}'
        await response.aclose()
        assert (server.requests[0].method, server.requests[0].path) == ("POST", "/x")
        await transport.aclose()
    assert connected == [True]


async def test_compressed_answers_are_decoded(transport: HttpTransport) -> None:
    packed = ScriptedAnswer.whole(gzip.compress(b'{"a": 1}'), "application/json", headers={"content-encoding": "gzip"})
    async with ScriptedServer([packed]) as server:
        response = await transport.send(post(server.base_url))
        assert b"".join([data async for data in response]) == b'{"a": 1}'
        await response.aclose()


async def test_redirects_are_not_followed(transport: HttpTransport) -> None:
    moved = ScriptedAnswer.whole(b"", "text/plain", 307, {"location": "http://192.0.2.1/"})
    async with ScriptedServer([moved]) as server:
        response = await transport.send(post(server.base_url))
        assert response.status == 307
        await response.aclose()


async def test_a_broken_body_is_a_connection_error_after_its_bytes(transport: HttpTransport) -> None:
    async with ScriptedServer([ScriptedAnswer(body=[b"one", CLOSE])]) as server:
        response = await transport.send(post(server.base_url))
        received = b""
        with pytest.raises(ModelConnectionError):
            async for data in response:
                received += data
        assert received == b"one"
        await response.aclose()


async def test_closing_an_answer_half_way_closes_its_connection(transport: HttpTransport) -> None:
    async with ScriptedServer([ScriptedAnswer(body=[b"one", HANG])]) as server:
        response = await transport.send(post(server.base_url))
        body = aiter(response)
        assert await anext(body) == b"one"
        await response.aclose()
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 5)
        with pytest.raises((ModelConnectionError, StopAsyncIteration)):
            await anext(body)


async def test_connections_are_used_again(transport: HttpTransport) -> None:
    ports = set()
    async with ScriptedServer([ScriptedAnswer.json({}), ScriptedAnswer.json({})]) as server:
        for _ in range(2):
            opened: list[bool] = []
            response = await transport.send(post(server.base_url), lambda opened=opened: opened.append(True))  # type: ignore[misc]  # bound now
            async for _data in response:
                pass
            await response.aclose()
            ports.add(id(response))
        assert len(server.requests) == 2
