"""The transports of requests that travel: one request each, everything that has arrived at once, nothing left open."""

from __future__ import annotations

import asyncio
import gc
import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from modelport.adapters.http.aiohttp import AiohttpTransport
from modelport.adapters.http.httpx import HttpxTransport
from modelport.error import ModelConnectionError, SettingsError
from modelport.testing.servers.http import CLOSE, HANG, ScriptedAnswer, ScriptedServer
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
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)
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


async def test_a_break_that_is_seen_late_loses_no_bytes() -> None:
    """The connection is gone before the body is first asked for; only aiohttp reads before it is asked to."""
    transport = AiohttpTransport()
    async with ScriptedServer([ScriptedAnswer(body=[b"one", b"two", CLOSE])]) as server:
        response = await transport.send(post(server.base_url))
        for _ in range(1000):
            await asyncio.sleep(0)
        received = b""
        with pytest.raises(ModelConnectionError):
            async for data in response:
                received += data
        assert received == b"onetwo"
        await response.aclose()


async def test_a_get_is_sent_once_also_over_a_connection_that_proves_dead(transport: HttpTransport) -> None:
    async with ScriptedServer([ScriptedAnswer.json({}), ScriptedAnswer(before=[CLOSE])]) as server:
        for wanted in (200, None):
            try:
                response = await transport.send(HttpRequest("GET", server.base_url))
            except ModelConnectionError:
                assert wanted is None
                continue
            assert response.status == wanted
            async for _ in response:
                pass
            await response.aclose()
        assert len(server.requests) == 2


async def test_headers_are_as_given_and_no_cookie_or_password_file_adds_to_them(
    transport: HttpTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "netrc"
    passwords.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(passwords))
    async with ScriptedServer([ScriptedAnswer.json({})]) as server:
        response = await transport.send(HttpRequest("POST", server.base_url + "/a%2Fb?x=%3A", {"x-key": "k"}, b"{}"))
        await response.aclose()
        sent = server.requests[0]
    assert sent.path == "/a%2Fb?x=%3A"
    assert sent.headers["x-key"] == "k"
    assert not {"authorization", "cookie", "content-type"} & set(sent.headers)


@pytest.mark.parametrize("size", [0, 600_000, 3_000_000])
async def test_bodies_of_any_size(transport: HttpTransport, size: int) -> None:
    async with ScriptedServer([ScriptedAnswer.json({})]) as server:
        response = await transport.send(HttpRequest("POST", server.base_url, {"content-type": "x/y"}, b"x" * size))
        await response.aclose()
        sent = server.requests[0]
    assert sent.body == b"x" * size
    assert sent.headers["content-length"] == str(size)
    assert sent.headers["content-type"] == "x/y"
    assert "content-disposition" not in sent.headers


async def test_nobody_there(transport: HttpTransport) -> None:
    async with ScriptedServer() as server:
        url = server.base_url
    with pytest.raises(ModelConnectionError, match=r"no answer from 127\.0\.0\.1"):
        await transport.send(post(url.replace("//", "//user:secret@")))
    with pytest.raises(ModelConnectionError, match=r"no answer from 127\.0\.0\.1") as caught:
        await transport.send(post(url.replace("http:", "https:")))
    assert "ssl" not in str(caught.value), "nor settings of the library, such as an object's address"


async def test_cancelling_closes_the_connection(transport: HttpTransport) -> None:
    async with ScriptedServer([ScriptedAnswer(before=[HANG])]) as server:
        sending = asyncio.create_task(transport.send(post(server.base_url)))
        await server.request()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await asyncio.wait_for(server.closed(), 30)


@pytest.mark.parametrize("build", BUILD.values(), ids=BUILD)
def test_one_loop_after_another(build: Callable[[], HttpTransport]) -> None:
    """Nothing is closed by hand; a leak would be a warning, hence an error."""
    transport = build()

    async def ask(url: str) -> bytes:
        response = await transport.send(post(url))
        try:
            return b"".join([data async for data in response])
        finally:
            await response.aclose()

    with ScriptedServer([ScriptedAnswer.json(1), ScriptedAnswer.json(2)]).in_thread() as server:
        assert [asyncio.run(ask(server.base_url)) for _ in range(2)] == [b"1", b"2"]
    gc.collect()


async def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(SettingsError, match=r"modelport\[aiohttp\]"):
        await AiohttpTransport().send(post("http://127.0.0.1:9"))
