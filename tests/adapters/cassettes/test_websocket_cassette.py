"""What a WebSocket cassette may hold, and the errors for mistakes in one."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.cassettes.http_file import read_interactions
from modelport.adapters.cassettes.websocket_file import (
    Refusal,
    ServerStep,
    ServerStop,
    read_conversations,
    websocket_file_for,
)
from modelport.error import SettingsError
from tests.adapters.websocket.websocket_support import entry, write

CASSETTE = """
origin: authored from dashscope-tts
note: of the author's
version: 1
conversations:
- request: {url: 'wss://api.example.com/a%20b?y=2&x=1'}
  handshake: {status: 101, at: 0.5}
  frames:
  - {from: server, at: 1.0, text: ' hi '}
  - {from: client, at: 3.0, json: {b: [1, null], a: é}}
  - {from: server, at: 3.25, base64: "AAE
      J/w=="}
  - {from: client, at: 4.0, base64: ''}
  closed: {by: server, code: 1011, reason: busy, at: 4.5}
- request: {url: 'wss://api.example.com/'}
  handshake: {status: 401, headers: {X-Request-Id: r1}, body: 'no'}
"""


def test_every_part(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(CASSETTE, encoding="utf-8")
    talk, refused = read_conversations(path)
    assert talk.address == ("/a b", (("x", "1"), ("y", "2")))
    assert (talk.answered, talk.refusal) == (0.5, None)
    assert talk.client == ('{"b":[1,null],"a":"é"}', b"")
    assert talk.server == (
        ServerStep(" hi ", 0, 0.5),
        ServerStep(b"\x00\x01\x09\xff", 1, 0.25),
        ServerStep(ServerStop(1011, "busy"), 2, 0.5),
    )
    assert talk.place == f"{path}, conversation 1"
    assert refused.refusal == Refusal(401, {"x-request-id": "r1"}, b"no")


def mistaken(change: dict[str, Any]) -> dict[str, Any]:  # Any: YAML
    good = entry([("client", "a"), ("server", "b")])
    return {**good, **change}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"request": {}}, "conversations.0.request.url: Field required"),
        ({"request": {"url": "wss://[x"}}, "conversations.0.request.url: .*IPv6"),
        ({"handshake": {"status": 102}}, "conversations.0.handshake.status"),
        ({"frames": [{"from": "client", "text": "x", "at": float("inf")}]}, "conversations.0.frames.0.at"),
        ({"closed": {"by": "server", "code": 1016}}, "conversations.0.closed.code"),
        ({"frames": [{"from": "peer", "text": "x"}]}, "conversations.0.frames.0.from: .*'client' or 'server'"),
        ({"frames": [{"from": "client"}]}, "conversations.0.frames.0: .*one of text, json and base64"),
        ({"frames": [{"from": "client", "text": "x", "json": 1}]}, "one of text, json and base64"),
        ({"frames": [{"from": "client", "base64": "%"}]}, "conversations.0.frames.0: .*base64"),
        ({"frames": [{"from": "client", "json": {"on": yaml.safe_load("2026-11-23")}}]}, "JSON"),
        ({"frames": [{"from": "client", "text": "x", "at": -1}]}, "conversations.0.frames.0.at"),
        ({"frames": [{"from": "client", "txt": "x"}]}, "conversations.0.frames.0.txt: Extra"),
        ({"handshake": {"status": 403}}, "conversations.0: .*refused handshake has no frames"),
        ({"closed": {"by": "nobody"}}, "conversations.0.closed.by"),
        ({"closed": {"by": "server", "code": 0}}, "conversations.0.closed.code"),
    ],
)
def test_mistakes_name_file_and_place(tmp_path: Path, change: dict[str, Any], says: str) -> None:  # Any: YAML
    path = write(tmp_path / "a.yaml", mistaken(change))
    with pytest.raises(SettingsError, match=rf"a\.yaml: not a WebSocket cassette: .*{says}"):
        read_conversations(path)


NAMES = [
    "request",
    "url",
    "handshake",
    "status",
    "frames",
    "from",
    "at",
    "json",
    "text",
    "base64",
    "closed",
    "by",
    "code",
]
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from(["client", "a"])
)
PARTS = st.recursive(
    VALUES, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(NAMES), part, max_size=4)
)


@given(conversation=PARTS, change=st.dictionaries(st.sampled_from(NAMES), PARTS, max_size=2))
def test_any_mistake_is_one_error(conversation: Any, change: dict[str, Any]) -> None:  # Any: YAML
    """Any file is either read as a cassette or refused with an error."""
    with tempfile.TemporaryDirectory() as folder:
        for one in (conversation, {**entry([("client", "a"), ("server", b"b")]), **change}):
            with contextlib.suppress(SettingsError):
                read_conversations(write(Path(folder) / "a.yaml", one))


@pytest.mark.parametrize(
    "text",
    [
        "{version: 1, conversations: []}",
        "{origin: somewhere, version: 1, conversations: []}",
        "{origin: recorded, version: 2, conversations: []}",
        "{origin: recorded, version: 1, conversations: 7}",
        "[1",
    ],
)
def test_what_is_no_cassette(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"a\.yaml"):
        read_conversations(tmp_path)


def test_a_mistake_does_not_show_what_was_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", mistaken({"frames": [{"from": "client", "text": ["sk-secret"]}]}))
    with pytest.raises(SettingsError) as caught:
        read_conversations(path)
    assert "sk-secret" not in str(caught.value)


def test_both_kinds_lie_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "http.yaml").write_text("{version: 1, interactions: []}")
    write(tmp_path / "http.websocket.yaml", entry([("server", "b")]))
    assert len(read_conversations(tmp_path)) == 1
    assert read_interactions(tmp_path) == []
    assert websocket_file_for(tmp_path / "http.yaml") == tmp_path / "http.websocket.yaml"
    assert websocket_file_for(tmp_path / "folder") == tmp_path / "folder"
