"""`modelport chat` on a terminal: conversation mode, thinking set apart, nothing that steers the terminal."""

from __future__ import annotations

import codecs
import json
import os
import re
import select
import signal
import struct
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from modelport.testing.servers.http import HANG, ScriptedAnswer, ScriptedServer
from tests.end_to_end.command import DONE, Home, chunk, streamed

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")
WHERE = "\x1b[6n"
READY = "\x1b[?2004h"
"""What is written when a question may be typed: pastes are to be marked."""
PASTE = "\x1b[200~{}\x1b[201~"


class Terminal:
    """A pseudo-terminal: the other end of the command's stdin, stdout and stderr."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        self.resize(24, 80)
        self.decode = codecs.getincrementaldecoder("utf-8")().decode  # a read may end within a character
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def read_until(self, text: str, seconds: float = 60) -> str:
        """What was shown since the last call, up to the text; questions for the cursor's place are answered."""
        while text not in self.seen:
            ready, _, _ = select.select([self.ours], [], [], seconds)
            assert ready, f"{text!r} did not come after {self.seen!r}"
            read = self.decode(os.read(self.ours, 65536))
            for _ in range(read.count(WHERE)):
                self.type("\x1b[1;1R")
            self.seen += read
        shown, _, self.seen = self.seen.partition(text)
        return shown

    def read_to_end(self, process: subprocess.Popen[bytes]) -> str:
        """What is shown until the process ends; its status must be 0."""
        while process.poll() is None or select.select([self.ours], [], [], 0)[0]:
            if select.select([self.ours], [], [], 0.05)[0]:
                self.seen += self.decode(os.read(self.ours, 65536))
        assert process.returncode == 0, self.seen
        shown, self.seen = self.seen, ""
        return shown

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def start(self, home: Home, *arguments: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return home.start(*arguments, stdin=self.theirs, stdout=self.theirs, stderr=self.theirs, start_new_session=True)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    os.close(opened.ours)
    os.close(opened.theirs)


@contextmanager
def conversation(home: Home, terminal: Terminal, *arguments: str, end: str = "/exit\r") -> Iterator[None]:
    """Conversation mode at its first prompt; afterwards it is left, with the status 0."""
    with terminal.start(home, "chat", *arguments) as process:
        terminal.read_until(READY)
        yield
        terminal.type(end)
        assert process.wait(60) == 0


def ask(terminal: Terminal, question: str, answer: str) -> str:
    """Type a question, wait for the answer and the next prompt; what was shown before the answer."""
    terminal.type(f"{question}\r")
    shown = terminal.read_until(answer)
    terminal.read_until(READY)
    return shown


def said(server: ScriptedServer, number: int) -> list[Any]:  # Any: JSON values
    return [message["content"] for message in server.requests[number].json()["messages"]]


@pytest.mark.parametrize("end", ["/exit\r", "\x04"], ids=["exit", "ctrl-d"])
def test_a_conversation_keeps_what_was_said(home: Home, terminal: Terminal, end: str) -> None:
    with ScriptedServer([streamed("Hello Ada"), streamed("Ada, you said")]).in_thread() as server:
        home.configure(server.base_url)
        with conversation(home, terminal, "--system", "Be brief", end=end):
            ask(terminal, "I am Ada", "Hello Ada\r\n")
            terminal.type("\r")
            terminal.read_until(READY)
            ask(terminal, "who am I?", "Ada, you said\r\n")
        assert said(server, 1) == ["Be brief", "I am Ada", "Hello Ada", "who am I?"]


def test_a_failed_question_is_forgotten(home: Home, terminal: Terminal) -> None:
    refusal = ScriptedAnswer.json({"error": {"message": "not now"}}, 400)
    with ScriptedServer([refusal, streamed("Fine")]).in_thread() as server:
        home.configure(server.base_url)
        with conversation(home, terminal):
            ask(terminal, "first", "not now")
            ask(terminal, "second", "Fine")
        assert said(server, 1) == ["second"]


def test_a_paste_of_several_lines_is_one_question(home: Home, terminal: Terminal) -> None:
    with ScriptedServer([streamed("Code.")]).in_thread() as server:
        home.configure(server.base_url)
        with conversation(home, terminal):
            ask(terminal, "what is " + PASTE.format("def f():\r\n\treturn 1\rend"), "Code.")
        assert said(server, 0) == ["what is def f():\n\treturn 1\nend"]


def test_ctrl_c_stops_an_answer_and_keeps_the_conversation(home: Home, terminal: Terminal) -> None:
    answers = [ScriptedAnswer.sse(chunk(content="Once upon"), HANG), streamed("Fine")]
    with ScriptedServer(answers).in_thread() as server:
        home.configure(server.base_url)
        with terminal.start(home, "chat") as process:
            terminal.read_until(READY)
            terminal.type("a story\r")
            terminal.read_until("Once upon")
            process.send_signal(signal.SIGINT)
            terminal.read_until("stopped; what has arrived stays")
            terminal.read_until(READY)
            terminal.type("\x03")
            terminal.read_until("Ctrl-D or /exit ends the conversation")
            terminal.read_until(READY)
            ask(terminal, "and?", "Fine")
            terminal.type("\x04")
            assert process.wait(60) == 0
        assert not server.run(server.closed()).answered
        assert said(server, 1) == ["a story", "Once upon", "and?"]


def test_the_questions_of_earlier_sessions_are_one_key_away(home: Home, terminal: Terminal) -> None:
    with ScriptedServer([streamed("One"), streamed("Two")]).in_thread() as server:
        home.configure(server.base_url)
        with conversation(home.logging(), terminal):
            ask(terminal, "the first question", "One")
        history = home.folder / "data" / "modelport" / "history"
        assert history.stat().st_mode & 0o777 == 0o600
        with conversation(home.logging(), terminal):
            ask(terminal, "\x1b[A\x1b[A", "Two")
        assert said(server, 1) == ["the first question"]


def test_a_narrow_terminal_that_changes_its_size(home: Home, terminal: Terminal) -> None:
    words = " ".join(["word"] * 30)
    with ScriptedServer([streamed(words), streamed(words)]).in_thread() as server:
        home.configure(server.base_url)
        terminal.resize(20, 40)
        with terminal.start(home, "chat") as process:
            terminal.read_until(READY)
            terminal.type("hi\r")
            terminal.read_until("word")
            narrow = "word" + terminal.read_until(READY)
            terminal.resize(20, 80)
            process.send_signal(signal.SIGWINCH)
            terminal.type("hi\r")
            terminal.read_until("word")
            wide = "word" + terminal.read_until(READY)
            terminal.type("\x04")
            assert process.wait(60) == 0
    longest = [max(len(line) for line in _plain(shown).splitlines() if "word" in line) for shown in (narrow, wide)]
    assert longest[0] <= 40 < longest[1] <= 80


def test_commands(home: Home, terminal: Terminal) -> None:
    (home.folder / "note.txt").write_text("a note")
    answers = [streamed("One"), streamed("Two"), streamed("Three"), streamed("Four")]
    with ScriptedServer(answers).in_thread() as server:
        home.configure(server.base_url)
        with conversation(home, terminal):
            for line, shown in (
                ("/help", "Alt-Enter begins a line"),
                ("/nonsense", "there is no command /nonsense"),
                ("/undo", "there is no question to take back"),
                ("/system Be brief", "\n"),
                ("first", "One"),
                ("/retry", "Two"),
                ("second", "Three"),
                ("/undo", "took back 'second'"),
                ("/model", "openai/gpt-5.5"),
                ("/model nosuch/model", "unknown provider 'nosuch'"),
                ("/model main", "openai/gpt-5.5"),
                ("/tools", "no functions"),
                ("/tools json:loads", "loads"),
                ("/undo", "took back 'first'"),
                ("/tokens", "about"),
                ("/save talk.md", "wrote talk.md: 1 messages"),
                ("/save talk.md", "is there already"),
                ("/save talk.json", "wrote talk.json"),
                ("/attach nowhere.png", "No such file"),
            ):
                ask(terminal, line, shown)
        assert said(server, 1) == ["Be brief", "first"]
        assert said(server, 2) == ["Be brief", "first", "Two", "second"]
    assert (home.folder / "talk.md").read_text() == "## system\n\nBe brief\n"
    assert [message["role"] for message in json.loads((home.folder / "talk.json").read_text())] == ["system"]


def _plain(shown: str) -> str:
    """The text in lines, also where a line was drawn over another."""
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]|\x08", "", shown).replace("\r", "\n")


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
