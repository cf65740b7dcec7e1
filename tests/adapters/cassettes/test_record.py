"""Recording and replaying: what passed comes back as it arrived, readable by vcrpy, and without a key."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import vcr
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.adapters.cassettes.redact import scrub_bytes
from modelport.error import ModelConnectionError, SettingsError
from modelport.testing.clock import VirtualClock
from modelport.transport import HttpRequest, HttpResponse, HttpTransport, RecordTransport, ReplayTransport

KEY = "sk-very/secret+key"
URL = "https://api.example.com/v1/chat?alt=sse&key=query-secret"


class Answer:
    """An answer of given pieces; each takes a second of the clock, and the last may break the connection."""

    def __init__(self, clock: VirtualClock, pieces: Sequence[bytes], broken: bool) -> None:
        self.status = 200
        self.headers: Mapping[str, str] = {"content-type": "text/event-stream", "set-cookie": "id=1", "server": KEY}
        self._clock, self._pieces, self._broken = clock, pieces, broken

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self._clock.advance(1.0)
            yield piece
        if self._broken:
            raise ModelConnectionError("gone")

    async def aclose(self) -> None:
        pass


class Scripted:
    """Gives its answers in their order."""

    def __init__(self, clock: VirtualClock, *answers: Sequence[bytes], broken: bool = False) -> None:
        self._answers = [Answer(clock, pieces, broken) for pieces in answers]
        self._clock = clock

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        self._clock.advance(0.5)
        return self._answers.pop(0)

    async def aclose(self) -> None:
        pass


def request(body: object = None, url: str = URL) -> HttpRequest:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json", "x-machine": "mine"}
    return HttpRequest("POST", url, headers, json.dumps(body or {"a": 1}).encode())


async def read(transport: HttpTransport, asked: HttpRequest) -> list[bytes]:
    response = await transport.send(asked)
    try:
        return [data async for data in response]
    finally:
        await response.aclose()


def written(path: Path) -> Any:  # Any: YAML
    """What a cassette says."""
    return yaml.safe_load(path.read_text())


async def recorded(path: Path, *answers: Sequence[bytes], **options: Any) -> Any:  # Any: YAML
    """Record one request for each answer; what the file says."""
    clock = VirtualClock()
    transport = RecordTransport(Scripted(clock, *answers), path, clock=clock, **options)
    for number, _ in enumerate(answers):
        await read(transport, request({"number": number}))
    return written(path)


async def test_pieces_and_times_come_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "one.yaml"
    document = await recorded(path, [b"data: \xe2", b"\x82\xac\n\n", b"end"])
    assert document["interactions"][0]["modelport"] == {
        "head": 0.5,
        "chunks": [[1.5, 7], [2.5, 4], [3.5, 3]],
        "ended": "whole",
    }
    clock = VirtualClock(skip_sleeps=True)
    replay = ReplayTransport(path, speed="recorded", clock=clock)
    assert await read(replay, request({"number": 0})) == [b"data: \xe2", b"\x82\xac\n\n", b"end"]
    assert clock.sleeps == [0.5, 1.0, 1.0, 1.0]
    assert [file.name for file in path.parent.iterdir()] == ["one.yaml"]


async def test_vcrpy_plays_it(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    await recorded(path, ["£ ".encode(), b"\x00\r\n"], [b"\xff\xfe"])
    with vcr.use_cassette(str(path), record_mode="none", match_on=["method", "host", "path", "body"]):
        async with httpx.AsyncClient() as client:
            answers = [(await client.post(URL, content=request({"number": n}).body)).content for n in range(2)]
    assert answers == ["£ ".encode() + b"\x00\r\n", b"\xff\xfe"]


async def test_no_key_is_written(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    clock = VirtualClock()
    forms = [KEY, base64.b64encode(KEY.encode()).decode(), "query-secret"]
    echo = [f"your key {form} is wrong".encode() for form in forms]
    transport = RecordTransport(Scripted(clock, [echo[0][:20], echo[0][20:], *echo[1:]]), path, clock=clock)
    await read(transport, request({"repeated": KEY}))
    text = path.read_text()
    for form in [*forms, "mine", "id=1"]:
        assert form not in text
    assert text.count("[secret]") >= 4
    again = await read(ReplayTransport(path), request({"repeated": KEY}))
    assert again[0] == b"your key [secret]" and again[1] == b" is wrong"


async def test_a_scrubber_can_be_added(tmp_path: Path) -> None:
    def without_number(entry: dict[str, Any]) -> dict[str, Any]:
        return {**entry, "request": {**entry["request"], "body": "{}"}}

    document = await recorded(tmp_path / "one.yaml", [b"x"], scrubbers=[without_number])
    assert document["interactions"][0]["request"]["body"] == "{}"


async def test_a_broken_answer_breaks_again(tmp_path: Path) -> None:
    clock = VirtualClock()
    transport = RecordTransport(Scripted(clock, [b"one"], broken=True), tmp_path, clock=clock)
    for each in (transport, ReplayTransport(tmp_path)):
        response = await each.send(request())
        body = aiter(response)
        assert await anext(body) == b"one"
        with pytest.raises(ModelConnectionError):
            await anext(body)
        await response.aclose()


async def test_what_was_closed_early_is_kept_as_far_as_it_was_read(tmp_path: Path) -> None:
    clock = VirtualClock()
    response = await RecordTransport(Scripted(clock, [b"one", b"two"]), tmp_path, clock=clock).send(request())
    body = aiter(response)
    await anext(body)
    await response.aclose()
    await response.aclose()
    (entry,) = written(tmp_path / "recorded.yaml")["interactions"]
    assert (entry["modelport"]["ended"], entry["response"]["body"]["string"]) == ("closed", "one")


async def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingsError, match="cannot be written"):
        await recorded(tmp_path / "file" / "one.yaml", [b"x"])


async def test_answers_are_in_the_order_of_their_requests(tmp_path: Path) -> None:
    clock = VirtualClock()
    transport = RecordTransport(Scripted(clock, [b"first"], [b"second"]), tmp_path, clock=clock)
    responses = [await transport.send(request({"number": number})) for number in range(2)]
    for response in reversed(responses):
        async for _ in response:
            pass
    entries = written(tmp_path / "recorded.yaml")["interactions"]
    assert [entry["response"]["body"]["string"] for entry in entries] == ["first", "second"]


@settings(max_examples=60)
@given(pieces=st.lists(st.binary(min_size=1, max_size=12), max_size=6))
async def test_any_bytes_in_any_pieces(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("any") / "one.yaml"
    await recorded(path, pieces)
    assert await read(ReplayTransport(path), request({"number": 0})) == pieces


@given(
    parts=st.lists(st.sampled_from([b"a", b"[", b"sk-secret-1", b"sk-secret-12", b"sk-sec"]), max_size=12),
    cuts=st.lists(st.integers(0, 130), max_size=6),
)
def test_scrubbed_pieces_add_up_to_the_scrubbed_whole(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    secrets = ["sk-secret-1", "sk-secret-12"]
    scrubbed, moved = scrub_bytes(data, secrets, ends)
    assert b"sk-secret" not in scrubbed
    assert moved == sorted(moved) and moved[-1] == len(scrubbed)
    for end, new in zip(ends, moved, strict=True):
        before, after = (scrub_bytes(part, secrets)[0] for part in (data[:end], data[end:]))
        assert after.endswith(scrubbed[new:])
        assert new == len(before) or before + after != scrubbed  # only a secret that was cut moves its end


@pytest.mark.skipif(os.name == "nt", reason="links and modes of POSIX")
async def test_links_are_replaced_and_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "a").mkdir()
    file = tmp_path / "a" / "c.yaml"
    for planted in (file, file.with_name(f".c.yaml.{os.getpid()}"), file.with_name(f".c.yaml.{os.getpid()}.tmp")):
        planted.symlink_to(precious)
    await recorded(file, [b"data"])
    assert precious.read_text() == "precious"
    assert not file.is_symlink() and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [path for path in file.parent.iterdir() if not path.is_symlink() and path != file]
