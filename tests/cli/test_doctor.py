"""`modelport doctor`, and formats of `modelport speak` by the ending of the file."""

from __future__ import annotations

import json
import socket

import pytest

from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.cli.conftest import CommandLine
from tests.planted import KEY

WAV = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x04\0\0\0\0\0\0\0"
MP3 = b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 8


def test_what_is_configured_and_reachable(cli: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        cli.configure(f"http://127.0.0.1:{server.getsockname()[1]}")
        ran = cli("doctor", "--json")
    found = {(each["subject"], each["name"]): each for each in ran.json}
    assert ran.status == 0
    assert found["credential", "openai"]["state"] == found["host", "openai"]["state"] == "ok"
    assert found["extra", "cli"]["state"] == "ok" and found["data", str(cli.folder / "data/modelport/conversations.db")]
    assert KEY not in ran.out + ran.err


def test_what_is_wrong_makes_it_fail(cli: CommandLine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        cli.configure(f"http://127.0.0.1:{taken.getsockname()[1]}")
        ran = cli("doctor")
    assert ran.status == 1 and "FAILED  host openai: 127.0.0.1:" in ran.out and "1 failed" in ran.err
    (cli.folder / "cfg/modelport/config.yaml").write_text(
        json.dumps({"credentials": {"x": {"provider": "openai", "y": 1}}})
    )
    ran = cli("doctor", "--offline")
    assert ran.status == 1 and "FAILED  credential x: " in ran.out


ENDINGS = [("a.wav", WAV, "pcm"), ("a.mp3", MP3, "mp3"), ("a.bin", WAV, None)]
"""With what is asked for: a WAV is asked for as samples, whose header is made here."""


@pytest.mark.parametrize(("name", "audio", "asked"), ENDINGS, ids=["wav", "mp3", "bin"])
def test_the_ending_chooses_the_format(cli: CommandLine, name: str, audio: bytes, asked: str | None) -> None:
    kind = "audio/wav" if audio is WAV else "audio/mpeg"
    with ScriptedServer([ScriptedAnswer.whole(audio, kind)]).in_thread() as server:
        cli.configure(server.base_url)
        ran = cli("speak", "hi", "--out", name, "--model", "openai/gpt-4o-mini-tts")
        sent = server.requests[0].json() if server.requests else {}
    assert ran.status == 0, ran.err
    assert asked is None or sent["response_format"] == asked
    assert (cli.folder / name).read_bytes()[:3] == audio[:3]


def test_a_file_is_not_what_its_name_says_it_is_not(cli: CommandLine) -> None:
    with ScriptedServer([ScriptedAnswer.whole(WAV, "audio/wav")]).in_thread() as server:
        cli.configure(server.base_url)
        ran = cli("speak", "hi", "--out", "a.mp3", "--model", "openai/gpt-4o-mini-tts")
        assert ran.status == 2 and "a.mp3: the model speaks audio/wav" in ran.err and "ends with .wav" in ran.err
        ran = cli("speak", "hi", "--out", "a.m4a", "--model", "openai/gpt-4o-mini-tts")
        assert ran.status == 2 and "speaks wav, mp3, opus" in ran.err
    assert not list(cli.folder.glob("a.*"))
