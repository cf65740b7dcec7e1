"""Replaying: what is matched, how often, and what a miss says."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import vcr
import yaml

from modelport.adapters.cassettes.http_file import Interaction, read_interactions
from modelport.error import ReplayMismatchError, SettingsError
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.transport import HttpRequest, ReplayTransport
from tests.cassettes import CASSETTES

URI = "https://api.example.com/v1/chat?b=2&a=1"


def entry(body: Any, answer: str | bytes, uri: str = URI, **headers: str) -> dict[str, Any]:  # Any: JSON
    return {
        "request": {"method": "POST", "uri": uri, "body": json.dumps(body), "headers": {}},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {name.replace("_", "-"): [value] for name, value in headers.items()},
            "body": {"string": answer},
        },
    }


def write(path: Path, *entries: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump({"version": 1, "interactions": list(entries)}))
    return path


async def ask(transport: ReplayTransport, body: Any, url: str = URI) -> bytes:  # Any: JSON
    response = await transport.send(HttpRequest("POST", url, {}, json.dumps(body).encode()))
    return b"".join([data async for data in response])


async def test_matched_by_path_query_and_canonical_body(tmp_path: Path) -> None:
    transport = ReplayTransport(write(tmp_path / "a.yaml", entry({"x": 1, "y": [True]}, "one")))
    asked = HttpRequest("post", "http://127.0.0.1:9/v1/chat?a=1&b=2", {}, b'{ "y": [true], "x": 1 }')
    response = await transport.send(asked)
    assert [data async for data in response] == [b"one"]


async def test_each_is_played_once_in_order(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", entry({"x": 1}, "one"), entry({"x": 1}, "two"))
    transport = ReplayTransport(path)
    assert [await ask(transport, {"x": 1}) for _ in range(2)] == [b"one", b"two"]
    with pytest.raises(ReplayMismatchError, match=r"more often than the 2 time\(s\)"):
        await ask(transport, {"x": 1})


async def test_repeat_begins_again(tmp_path: Path) -> None:
    transport = ReplayTransport(write(tmp_path / "a.yaml", entry(1, "one"), entry(1, "two")), repeat=True)
    assert [await ask(transport, 1) for _ in range(5)] == [b"one", b"two", b"one", b"two", b"one"]


async def test_a_folder_is_all_its_cassettes(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "b.yaml", entry(1, "second"))
    write(tmp_path / "a.yml", entry(1, "first"))
    write(tmp_path / "deep" / "c.yaml", entry(1, "third"))
    transport = ReplayTransport(tmp_path)
    assert [await ask(transport, 1) for _ in range(3)] == [b"first", b"second", b"third"]


async def test_a_compressed_answer_is_decoded(tmp_path: Path) -> None:
    packed = entry(1, gzip.compress(b"plain"), content_encoding="gzip", Content_Type="text/plain")
    transport = ReplayTransport(write(tmp_path / "a.yaml", packed))
    response = await transport.send(HttpRequest("POST", URI, {}, b"1"))
    assert dict(response.headers) == {"content-type": "text/plain"}
    assert [data async for data in response] == [b"plain"]


async def test_a_miss_says_what_differs_from_the_nearest(tmp_path: Path) -> None:
    far = entry({"model": "m", "messages": [{"content": "entirely different"}], "seed": 1, "stream": True}, "far")
    long = "word " * 30
    near = entry({"model": "m", "messages": [{"content": long + "yes"}], "stream": True}, "near")
    transport = ReplayTransport(write(tmp_path / "a.yaml", far, near))
    with pytest.raises(ReplayMismatchError) as caught:
        await ask(transport, {"model": "m", "messages": [{"content": long + "no"}, {"content": "more"}], "n": 1})
    said = str(caught.value)
    assert "interaction 2" in said and "POST /v1/chat" in said
    assert "body.messages[0].content: sent …" in said and "word no'" in said and "word yes'" in said
    assert "body.messages[1]: sent {'content': 'more'}, recorded nothing" in said
    assert "body.stream: sent nothing, recorded True" in said
    assert "body.n: sent 1, recorded nothing" in said


async def test_a_miss_of_the_path_or_query(tmp_path: Path) -> None:
    transport = ReplayTransport(write(tmp_path / "a.yaml", entry(1, "one")))
    with pytest.raises(ReplayMismatchError, match="path: sent '/v2/chat', recorded '/v1/chat'"):
        await ask(transport, 1, URI.replace("v1", "v2"))
    with pytest.raises(ReplayMismatchError, match=r"query\.a: sent '3', recorded '1'"):
        await ask(transport, 1, URI.replace("a=1", "a=3"))


@pytest.mark.parametrize("text", ["[1", "interactions: 3", "- 1", "interactions: [{request: {}}]", ""])
async def test_what_is_no_cassette(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"a\.yaml"):
        await ask(ReplayTransport(path), 1)


async def test_what_vcrpy_recorded(tmp_path: Path) -> None:
    """As it records by default: the body compressed, and every header."""
    path, packed = tmp_path / "a.yaml", gzip.compress(b"plain")
    answer = ScriptedAnswer.whole(packed, "text/plain", headers={"content-encoding": "gzip"})
    async with ScriptedServer([answer]) as server:
        url = server.base_url + "/v1/chat?b=2&a=1"
        with vcr.use_cassette(str(path), record_mode="all"):
            async with httpx.AsyncClient() as client:
                await client.post(url, json={"x": [1, None]})
    assert await ask(ReplayTransport(path), {"x": [1, None]}) == b"plain"


@pytest.mark.parametrize("folder", sorted(CASSETTES.iterdir()), ids=lambda folder: folder.name)
async def test_every_cassette_of_ours(folder: Path) -> None:
    recorded = read_interactions(folder)
    transport = ReplayTransport(folder)
    for one in recorded:
        asked = HttpRequest(one.asked.method, f"http://x{one.asked.path}?{urlencode(one.asked.query)}", {}, _body(one))
        response = await transport.send(asked)
        assert (response.status, dict(response.headers)) == (one.status, one.headers)
        assert [data async for data in response] == [data for _, data in one.pieces]


def _body(one: Interaction) -> bytes:
    return one.asked.body.encode() if isinstance(one.asked.body, str) else json.dumps(one.asked.body).encode()


async def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such cassette"):
        await ask(ReplayTransport(tmp_path / "none.yaml"), 1)


async def test_whole_numbers_are_one_number_however_written(tmp_path: Path) -> None:
    transport = ReplayTransport(write(tmp_path / "a.yaml", entry({"t": 1.0, "n": [100.0]}, "one")))
    assert await ask(transport, {"t": 1, "n": [1e2]}) == b"one"
    with pytest.raises(ReplayMismatchError, match=r"body\.t: sent True, recorded 1\.0"):
        await ask(transport, {"t": True, "n": [100]})


async def test_a_miss_shows_repeated_query_names(tmp_path: Path) -> None:
    transport = ReplayTransport(write(tmp_path / "a.yaml", entry(1, "one", "https://x.example/v1?a=1&a=2")))
    with pytest.raises(ReplayMismatchError, match=r"query\.a\[0\]: sent '2', recorded '1'"):
        await ask(transport, 1, "https://x.example/v1?a=2&a=2")


async def test_a_body_of_many_brackets_is_a_text(tmp_path: Path) -> None:
    transport = ReplayTransport(write(tmp_path / "a.yaml", entry(1, "one")))
    with pytest.raises(ReplayMismatchError, match="body: sent '"):
        await transport.send(HttpRequest("POST", URI, {}, b"[" * 100_000))


@pytest.mark.parametrize(
    ("coding", "body", "wanted"),
    [
        ("deflate", zlib.compress(b"plain"), b"plain"),
        ("deflate", zlib.compress(b"plain", wbits=-15), b"plain"),
        ("deflate", b"plain", b"plain"),
        ("gzip", b"plain", b"plain"),
    ],
)
async def test_codings_as_vcrpy_leaves_them(coding: str, body: bytes, wanted: bytes, tmp_path: Path) -> None:
    packed = entry(1, body, content_encoding=coding)
    assert await ask(ReplayTransport(write(tmp_path / "a.yaml", packed)), 1) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "a list of `interactions`"),
        ("interactions:\n", "a list of `interactions`"),
        ("- a\n", "a list of `interactions`"),
    ],
)
async def test_a_file_without_interactions(text: str, wanted: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(SettingsError, match=rf"a\.yaml: not a vcrpy cassette: expected {wanted}"):
        await ask(ReplayTransport(tmp_path), 1)


async def test_a_cut_off_gzip_body_is_an_error(tmp_path: Path) -> None:
    cut = entry(1, gzip.compress(b"plain" * 50)[:-9], content_encoding="gzip")
    with pytest.raises(SettingsError, match=r"a\.yaml: not a vcrpy cassette"):
        await ask(ReplayTransport(write(tmp_path / "a.yaml", cut)), 1)
