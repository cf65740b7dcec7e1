"""A recording that fails leaves the earlier cassette alone, and files are only their owner's."""

from __future__ import annotations

import gc
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelport.cli.cassette import Recording, write_cassette
from modelport.error import ModelConnectionError
from modelport.ports.websocket import WebSocketRejected, WebSocketRequest
from modelport.testing.servers.http import ABORT, ScriptedAnswer, ScriptedServer
from modelport.transport import HttpRequest, HttpxTransport, RecordTransport, RecordWebSockets
from tests.adapters.websocket.websocket_support import TalkingConnector

GOOD, BAD = ScriptedAnswer.json("good"), ScriptedAnswer.json("bad", 401)
CUT = ScriptedAnswer(200, {"content-length": "9"}, [b"cut", ABORT])
GONE = ScriptedAnswer(before=[ABORT])


async def record(path: Path, *answers: ScriptedAnswer, same: bool = False) -> None:
    async with ScriptedServer(answers) as server:
        transport = RecordTransport(HttpxTransport(), path)
        try:
            for number, _ in enumerate(answers):
                body = b"1" if same else str(number).encode()
                response = await transport.send(HttpRequest("POST", server.base_url, {}, body))
                assert [data async for data in response]
        finally:
            await transport.aclose()


def bodies(path: Path) -> list[str]:
    return [one["response"]["body"]["string"] for one in yaml.safe_load(path.read_text())["interactions"]]


@pytest.fixture
async def earlier(tmp_path: Path) -> Path:
    path = tmp_path / "a.yaml"
    await record(path, ScriptedAnswer.json("earlier"))
    return path


def check(path: Path, *said: str) -> None:
    assert [one.strip('"') for one in bodies(path)] == list(said)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_a_good_run_replaces_it(earlier: Path) -> None:
    await record(earlier, GOOD, GOOD)
    check(earlier, "good", "good")


@pytest.mark.parametrize("answers", [(BAD,), (GOOD, BAD), (BAD, GOOD)])
async def test_a_run_with_an_error_does_not(earlier: Path, answers: tuple[ScriptedAnswer, ...]) -> None:
    await record(earlier, *answers)
    check(earlier, "earlier")


@pytest.mark.parametrize("fault", [CUT, GONE])
async def test_neither_does_one_whose_connection_broke(earlier: Path, fault: ScriptedAnswer) -> None:
    with pytest.raises(ModelConnectionError):
        await record(earlier, GOOD, fault)
    check(earlier, "earlier")


async def test_an_error_that_a_retry_repaired_is_no_failure(earlier: Path) -> None:
    await record(earlier, BAD, GOOD, same=True)
    check(earlier, "bad", "good")


async def test_a_run_that_ends_with_an_exception_does_not_replace_it(earlier: Path) -> None:
    async with ScriptedServer([GOOD]) as server:
        transport = RecordTransport(HttpxTransport(), earlier)
        with pytest.raises(RuntimeError):
            try:
                response = await transport.send(HttpRequest("POST", server.base_url, {}, b""))
                assert [data async for data in response]
                raise RuntimeError("a test failed")
            finally:
                await transport.aclose()
    check(earlier, "earlier")


async def test_what_nobody_closed_counts_in_the_end(earlier: Path) -> None:
    async with ScriptedServer([GOOD]) as server:
        inner = HttpxTransport()
        transport = RecordTransport(inner, earlier)
        response = await transport.send(HttpRequest("POST", server.base_url, {}, b""))
        assert [data async for data in response]
        assert bodies(earlier) == ['"earlier"']
        del transport, response
        gc.collect()
        await inner.aclose()
    check(earlier, "good")


async def test_a_cassette_of_an_error_is_recorded_anew(tmp_path: Path) -> None:
    for word in ("first", "second"):
        await record(tmp_path / "a.yaml", ScriptedAnswer.json(word, 503))
        check(tmp_path / "a.yaml", word)


async def test_a_refused_socket_does_not_replace_a_conversation(tmp_path: Path) -> None:
    path, request = tmp_path / "a.yaml", WebSocketRequest("ws://h.test/")
    connector = RecordWebSockets(TalkingConnector([("server", "hi")]), path)
    connection = await connector.connect(request)
    await connection.receive()
    await connection.aclose()
    await connector.aclose()
    good = path.read_text()
    for fault in (WebSocketRejected(500, {}, b""), ModelConnectionError("gone")):
        connector = RecordWebSockets(TalkingConnector(fault), path)
        with pytest.raises((WebSocketRejected, ModelConnectionError)):
            await connector.connect(request)
        await connector.aclose()
        assert path.read_text() == good
    assert os.listdir(tmp_path) == ["a.yaml"]


@pytest.mark.parametrize("mask", [0o000, 0o022])
async def test_only_its_owner_reads_it(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        await record(tmp_path / "a.yaml", GOOD)
        write_cassette(recording(), tmp_path / "b.yaml", [], "s", yaml.safe_load("2026-01-01"))
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a.yaml", tmp_path / "b.yaml")] == [0o600, 0o600]


@pytest.mark.parametrize("dangling", [True, False])
async def test_links_are_not_followed(tmp_path: Path, dangling: bool) -> None:
    target = tmp_path / "precious"
    if not dangling:
        target.write_text("precious")
    for name in ("a.yaml", "b.yaml", f".a.yaml.{os.getpid()}", f".b.yaml.{os.getpid()}"):
        (tmp_path / name).symlink_to(target)
    await record(tmp_path / "a.yaml", GOOD)
    write_cassette(recording(), tmp_path / "b.yaml", [], "s", yaml.safe_load("2026-01-01"))
    assert bodies(tmp_path / "a.yaml") and not (tmp_path / "a.yaml").is_symlink()
    assert not (tmp_path / "b.yaml").is_symlink()
    assert target.exists() != dangling and (dangling or target.read_text() == "precious")


def recording() -> Recording:
    made = Recording()
    request: dict[str, Any] = {"method": "GET", "uri": "https://h.test/", "body": None, "headers": {}}
    response = {"status": {"code": 200, "message": ""}, "headers": {}, "body": {"string": "x"}}
    made.interactions = [{"request": request, "response": response}]
    return made
