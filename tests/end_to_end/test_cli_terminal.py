"""`modelport chat` on a terminal: a conversation, thinking set apart, nothing that steers the terminal."""

from __future__ import annotations

import codecs
import os
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from modelport.testing.servers.http import HANG, ScriptedAnswer, ScriptedServer
from tests.end_to_end.command import DONE, MODEL, Home, chunk, streamed

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")


class Terminal:
    """A pseudo-terminal: the other end of the command's stdin, stdout and stderr."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        self.decode = codecs.getincrementaldecoder("utf-8")().decode  # a read may end within a character
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def read_until(self, text: str, seconds: float = 30) -> str:
        """What was shown since the last call, up to the text."""
        while text not in self.seen:
            ready, _, _ = select.select([self.ours], [], [], seconds)
            assert ready, f"{text!r} did not come after {self.seen!r}"
            self.seen += self.decode(os.read(self.ours, 65536))
        shown, _, self.seen = self.seen.partition(text)
        return shown

    def start(self, home: Home, *arguments: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return home.start(*arguments, stdin=self.theirs, stdout=self.theirs, stderr=self.theirs, start_new_session=True)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    os.close(opened.ours)
    os.close(opened.theirs)


@pytest.mark.parametrize("end", ["/exit\n", "\x04"], ids=["exit", "ctrl-d"])
def test_a_conversation_keeps_what_was_said(home: Home, terminal: Terminal, end: str) -> None:
    with ScriptedServer([streamed("Hello Ada"), streamed("Ada, you said")]).in_thread() as server:
        home.configure(server.base_url)
        with terminal.start(home, "chat", "--system", "Be brief") as process:
            terminal.read_until(f"openai/{MODEL}")
            terminal.read_until("> ")
            terminal.type("I am Ada\n")
            terminal.read_until("Hello Ada\r\n")
            terminal.read_until("> ")
            terminal.type("\nwho am I?\n")
            terminal.read_until("Ada, you said\r\n")
            terminal.read_until("> ")
            terminal.type(end)
            assert process.wait(30) == 0
        said = [message["content"] for message in server.requests[1].json()["messages"]]
    assert said == ["Be brief", "I am Ada", "Hello Ada", "who am I?"]


def test_a_failed_question_is_forgotten(home: Home, terminal: Terminal) -> None:
    refusal = ScriptedAnswer.json({"error": {"message": "not now"}}, 400)
    with ScriptedServer([refusal, streamed("Fine")]).in_thread() as server:
        home.configure(server.base_url)
        with terminal.start(home, "chat") as process:
            terminal.read_until("> ")
            terminal.type("first\n")
            terminal.read_until("not now")
            terminal.read_until("> ")
            terminal.type("second\n")
            terminal.read_until("Fine")
            terminal.read_until("> ")
            terminal.type("/exit\n")
            assert process.wait(30) == 0
        assert [message["content"] for message in server.requests[1].json()["messages"]] == ["second"]


def _interrupt(process: subprocess.Popen[bytes]) -> int:
    """Ctrl-C, twice if need be: Python loses one that comes between showing a prompt and waiting for keys."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(5)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        return process.wait(30)


@pytest.mark.parametrize("busy", [True, False], ids=["answering", "waiting for a prompt"])
def test_ctrl_c_ends_a_conversation(home: Home, terminal: Terminal, busy: bool) -> None:
    with ScriptedServer([ScriptedAnswer.sse(chunk(content="Hello"), HANG)]).in_thread() as server:
        home.configure(server.base_url)
        with terminal.start(home, "chat") as process:
            terminal.read_until("> ")
            if busy:
                terminal.type("hi\n")
                terminal.read_until("Hello")
            assert _interrupt(process) == 130
        if busy:
            assert not server.run(server.closed()).answered
    terminal.type("\n")
    assert "Traceback" not in terminal.read_until("\n")


def test_thinking_is_set_apart_and_controls_are_taken_out(home: Home, terminal: Terminal) -> None:
    events = [chunk(reasoning_content="Hm\x1b[2J."), chunk(content="Yes\x1b]0;title\x07!"), chunk("stop"), DONE]
    with ScriptedServer([ScriptedAnswer.sse(*events)]).in_thread() as server:
        home.configure(server.base_url)
        with terminal.start(home, "chat", "hi") as process:
            thinking = terminal.read_until("── answer ──")
            answer = terminal.read_until("!\r\n")
            assert process.wait(30) == 0
    assert "── thinking ──" in thinking
    assert "Hm[2J." in thinking
    assert "\x1b[2J" not in thinking
    assert answer.endswith("Yes]0;title")


def test_consent_for_settings_of_the_folder_is_asked_once_for_their_content(home: Home, terminal: Terminal) -> None:
    question = "Allow this file to do so from now on? [y/N]: "
    with ScriptedServer([streamed("Hello"), streamed("Again")]).in_thread() as server:
        path = home.configure(server.base_url, "modelport.yaml")

        def answered(answer: str) -> int:
            with terminal.start(home, "chat", "hi") as process:
                shown = terminal.read_until(question)
                assert f"reading the settings in {path}" in shown and "sends LOCAL_KEY to http://127.0.0.1" in shown
                terminal.type(f"{answer}\n")
                return process.wait(30)

        assert answered("n") == 2 and server.requests == []
        terminal.read_until("was not allowed")
        assert answered("y") == 0
        terminal.read_until("Hello\r\n")
        with terminal.start(home, "chat", "hi") as process:
            assert question not in terminal.read_until("Again\r\n")
            assert process.wait(30) == 0
        path.write_text(path.read_text() + "\n")
        assert answered("n") == 2 and len(server.requests) == 2
