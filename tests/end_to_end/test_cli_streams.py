"""Standard streams that are closed, full or in another encoding: the command ends in one line, and JSON stays JSON."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.end_to_end.command import COMMAND, SECRET, Home

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
