"""Standard streams that are closed, full or in another encoding: the command ends in one line, and JSON stays JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from tests.adapters.transcription.support import WAV
from tests.end_to_end.command import COMMAND, SECRET, Home, streamed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses a POSIX shell and /dev/full")


def shell(home: Home, line: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    command = line.replace("modelport", " ".join(COMMAND))
    environment = home.environment(LOCAL_KEY=SECRET, **variables)
    return subprocess.run(
        ["bash", "-c", command], cwd=home.folder, env=environment, capture_output=True, timeout=60, stdin=-3
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("modelport models --json > /dev/full", b"No space left on device"),
        ("modelport models > /dev/full", b"No space left on device"),
        ("modelport credentials > /dev/full", b"No space left on device"),
        ("modelport --help > /dev/full", b"No space left on device"),
        ("modelport models >&-", b"standard output: is closed"),
        ("modelport models --json >&-", b"standard output: is closed"),
        ("modelport --version >&-", b"standard output: is closed"),
        ("modelport chat <&-", b"the prompt is empty"),
        ("modelport embed --file x --out y <&- >&-", b"File 'x' does not exist"),
    ],
)
def test_a_stream_that_cannot_be_used_is_one_line(home: Home, line: str, reason: bytes) -> None:
    ran = shell(home, line)
    assert ran.returncode in (1, 2) and ran.stdout == b""
    assert ran.stderr.startswith(b"modelport: ") and ran.stderr.count(b"\n") == 1 and reason in ran.stderr


def answer(received: RecordedRequest) -> ScriptedAnswer:
    """What a provider of everything says."""
    if "embeddings" in received.path:
        return ScriptedAnswer.json({"data": [{"index": 0, "embedding": [1.0] * 1536}], "usage": {"prompt_tokens": 1}})
    if "speech" in received.path:
        return ScriptedAnswer.whole(bytes(1000), "audio/pcm")
    if "transcriptions" in received.path:
        return ScriptedAnswer.json({"text": "Grüße 你好 \u2028"})
    return streamed("Grüße ", "你好 🙂")


COMMANDS = {
    "chat": "chat hi",
    "chat as json": "chat hi --json",
    "embed": "embed one",
    "speak": "speak Hello --out -",
    "speak as json": "speak Hello --out a.wav --json",
    "transcribe as json": "transcribe in.wav --json",
    "cache": "cache stats",
    "models": "models gpt-5.5 --json",
    "credentials": "credentials --json",
}


@pytest.fixture
def served(home: Home) -> Iterator[Home]:
    """A home with models of all kinds."""
    with ScriptedServer(answer).in_thread() as server:
        path = home.configure(server.base_url)
        settings = json.loads(path.read_text())
        kinds = {"embedding": "text-embedding-3-small", "tts": "gpt-4o-mini-tts-x", "stt": "gpt-transcribe"}
        for kind, name in kinds.items():
            settings[kind] = {"main": {"credential": "local", "provider": "openai", "model": name}}
        path.write_text(json.dumps(settings))
        (home.folder / "in.wav").write_bytes(WAV)
        yield home


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_ends_in_one_line_where_its_answer_cannot_go(served: Home, command: str) -> None:
    line = f"modelport {COMMANDS[command]}"
    for where, reason in (("> /dev/full", b"No space left on device"), (">&-", b"standard output: is closed")):
        ran = shell(served, f"{line} {where}")
        lines = [each for each in ran.stderr.splitlines() if not each.startswith(b"modelport: warning:")]
        assert (ran.returncode, ran.stdout, len(lines)) == (1, b"", 1), (where, ran.stderr)
        assert lines[0].startswith(b"modelport: ") and reason in lines[0]
    gone = shell(served, f"{line} | true; exit ${{PIPESTATUS[0]}}")
    assert gone.returncode == 0 and b"Traceback" not in gone.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_works_without_stdin_and_in_a_locale_without_letters(served: Home, command: str) -> None:
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = shell(served, f"modelport {COMMANDS[command]} <&-", **plain)
    assert ran.returncode == 0 and ran.stdout and b"Traceback" not in ran.stderr
    if "json" in COMMANDS[command]:
        assert all(isinstance(value, dict | list) for value in documents(ran.stdout.decode("utf-8")))
        assert command not in ("chat as json", "transcribe as json") or "你好" in str(documents(ran.stdout.decode()))


def documents(text: str) -> list[Any]:  # Any: JSON values
    """The JSON of an output: one value, or one in each line."""
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("where", ["2>&-", "2> /dev/full"])
def test_an_error_that_cannot_be_shown_is_still_a_status(home: Home, where: str) -> None:
    ran = shell(home, f"modelport chat hi --model nothing/at-all {where}")
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, b"", b"")


@pytest.mark.parametrize("line", ["modelport models --json | head -c 1", "modelport models | head -n 1"])
def test_a_reader_that_leaves_is_no_error(home: Home, line: str) -> None:
    ran = shell(home, line)
    assert ran.returncode == 0 and ran.stdout and ran.stderr == b""


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8", "utf-16"])
def test_json_is_the_same_in_every_encoding(encoding: str) -> None:
    code = (
        "from modelport.cli.app import run; from modelport.cli.console.terminal import write_json; write_json({'t': T})"
    )
    text = "Grüße 你好 🙂 \ud83d"
    ran = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", code.replace("T}", ascii(text) + "}")],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": encoding},
    )
    assert json.loads(ran.stdout.decode(encoding)) == {"t": text}
