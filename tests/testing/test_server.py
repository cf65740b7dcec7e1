"""The scripted server, seen through a client that is not ours."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from modelport.testing.servers.http import ABORT, CLOSE, HANG, RecordedRequest, ScriptedAnswer, ScriptedServer


async def test_plays_the_answers_in_order_and_records_the_requests() -> None:
    answers = [ScriptedAnswer.sse("a", "b"), ScriptedAnswer.json({"no": 1}, status=401, headers={"x-id": "7"})]
    async with ScriptedServer(answers) as server, httpx.AsyncClient() as client:
        first = await client.post(f"{server.base_url}/v1?x=1", json={"a": 1}, headers={"X-Key": "k"})
        second = await client.post(server.base_url, content=_chunks())
        third = await client.get(server.base_url)
    assert first.content == b"data: a\n\ndata: b\n\n"
    assert (second.status_code, second.json(), second.headers["x-id"]) == (401, {"no": 1}, "7")
    assert (third.status_code, "2 answers" in third.text) == (500, True)
    request = server.requests[0]
    assert (request.method, request.path, request.json()) == ("POST", "/v1?x=1", {"a": 1})
    assert (request.headers["x-key"], request.answered) == ("k", True)
    assert server.requests[1].body == b"abc"


async def test_waits_for_events_between_pieces() -> None:
    go = asyncio.Event()
    async with (
        ScriptedServer([ScriptedAnswer.sse("a", go, b"", "b")]) as server,
        httpx.AsyncClient() as client,
        client.stream("GET", server.base_url) as response,
    ):
        pieces = response.aiter_raw()
        assert await anext(pieces) == b"data: a\n\n"
        assert not server.requests[0].answered
        go.set()
        assert await anext(pieces) == b"data: b\n\n"


@pytest.mark.parametrize("step", [HANG, asyncio.Event()], ids=["hang", "event"])
async def test_sees_the_client_close(step: asyncio.Event) -> None:
    async with ScriptedServer([ScriptedAnswer.sse("a", step)]) as server, httpx.AsyncClient() as client:
        async with client.stream("GET", server.base_url) as response:
            await anext(response.aiter_raw())
        async with asyncio.timeout(30):
            request = await server.closed(0)
    assert not request.answered


@pytest.mark.parametrize(
    "answer",
    [
        ScriptedAnswer.sse("a", CLOSE),
        ScriptedAnswer.sse("a", ABORT),
        ScriptedAnswer(before=[ABORT]),
        ScriptedAnswer(raw=True, body=[b"garbage\r\n\r\n"]),
    ],
    ids=["close", "abort", "abort at once", "no HTTP"],
)
async def test_breaks_off(answer: ScriptedAnswer) -> None:
    async with ScriptedServer([answer]) as server, httpx.AsyncClient() as client:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await client.get(server.base_url)


async def test_leaving_ends_an_answer_that_hangs() -> None:
    async with ScriptedServer([ScriptedAnswer.sse("a", HANG)]) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.base_url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await server.request(0)
    async with asyncio.timeout(30):
        with pytest.raises(ConnectionError):
            while await reader.read(65536):
                pass
            raise ConnectionError
    writer.close()


def test_serves_from_a_thread_and_by_function() -> None:
    def answer(request: RecordedRequest) -> ScriptedAnswer:
        return ScriptedAnswer.json(request.path)

    with ScriptedServer(answer).in_thread() as server:
        assert httpx.get(f"{server.base_url}/b").json() == "/b"
        assert server.run(server.closed(0)).answered


async def _chunks() -> AsyncIterator[bytes]:
    yield b"ab"
    yield b"c"


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (lambda request: 1 // 0, "ZeroDivisionError"),
        (lambda request: None, "None is not a ScriptedAnswer"),
        ([{"a": 1}], r"\{'a': 1\} is not a ScriptedAnswer"),
        ([ScriptedAnswer(body=["text"])], "'text' is not a step of an answer; give bytes"),  # type: ignore[list-item]
        ([ScriptedAnswer(body=b"text")], "116 is not a step of an answer; give bytes"),  # type: ignore[arg-type]
    ],
)
async def test_a_mistake_in_a_script_is_sent_and_raised(
    answers: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises((TypeError, ZeroDivisionError)) as caught:
        async with ScriptedServer(answers) as server, httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(server.base_url)
            assert answer.status_code == 500 and re.search(message, answer.json()["error"]["message"])
    assert re.search(message, f"{type(caught.value).__name__}: {caught.value}")
    assert capsys.readouterr().err == ""


async def test_a_single_answer_is_a_script_of_one() -> None:
    with pytest.raises(TypeError, match="answers is a single ScriptedAnswer; give a list"):
        ScriptedServer(ScriptedAnswer())  # type: ignore[arg-type]
