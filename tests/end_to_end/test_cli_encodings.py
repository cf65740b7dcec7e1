"""Terminals that are narrow, have no colours, or do not speak UTF-8."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from modelport.testing.servers.http import ScriptedServer
from tests.end_to_end.command import COMMAND, SECRET, Home, streamed
from tests.end_to_end.test_cli_terminal import Terminal, terminal

__all__ = ["terminal"]

NOT_UTF_8 = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_locale_without_utf_8_loses_no_more_than_single_characters(home: Home, encoding: str) -> None:
    with ScriptedServer([streamed("Grüße 🙂!")] * 2).in_thread() as server:
        home.configure(server.base_url)
        environment = home.environment(LOCAL_KEY=SECRET, PYTHONIOENCODING=encoding, **NOT_UTF_8)
        ran = subprocess.run(
            [*COMMAND, "chat", "hi", "--save", "answer.txt"],
            cwd=home.folder,
            env=environment,
            input=b"caf\xe9\n",
            capture_output=True,
            timeout=60,
        )
        (content,) = [message["content"] for message in server.requests[0].json()["messages"]]
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout == "Grüße ?!\n".encode(encoding, "replace")
    assert content == ("café\n\nhi" if encoding == "latin-1" else "caf\ufffd\n\nhi")
    assert (home.folder / "answer.txt").read_text("utf-8") == "Grüße 🙂!\n"


def test_a_narrow_terminal_without_colours(home: Home, terminal: Terminal) -> None:
    terminal.resize(24, 40)
    os.environ["NO_COLOR"] = "1"
    try:
        shown = {}
        for command in (["credentials"], ["models", "--provider", "embedded"], ["models", "smollm2-135m-instruct"]):
            with terminal.start(home, *command) as process:
                shown[command[-1]] = terminal.read_to_end(process).replace("\r", "")
    finally:
        del os.environ["NO_COLOR"]
    assert "anthropic: no\n  set ANTHROPIC_API_KEY" in shown["credentials"]
    assert "smollm2-135m-instruct" in shown["embedded"]
    assert not [each for each in shown.values() if re.search(r"\x1b\[[\d;]*3\d", each)]
