"""`modelport chat` in pipes: what it writes where, and how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import IO

import pytest

from modelport.testing.server import HANG, ScriptedAnswer, ScriptedServer
from tests.end_to_end.command import SECRET, Home, chunk, streamed, stuck


def test_streams_the_answer_to_a_pipe_as_it_comes(home: Home) -> None:
    go = asyncio.Event()
    with ScriptedServer([stuck("Hello", go, b": a comment\n\n", chunk(content="!"), HANG)]).in_thread() as server:  # type: ignore[arg-type]
        pass


def test_answers_the_prompt(home: Home) -> None:
    with ScriptedServer([streamed("Hello, ", "wörld")]).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("chat", "Say hello", "--system", "Be brief", "--usage")
        (request,) = server.requests
    assert (ran.returncode, ran.stdout) == (0, "Hello, wörld\n")
    assert ran.stderr.startswith("usage: 12 input tokens, 5 output tokens")
    assert [message["content"] for message in request.json()["messages"]] == ["Be brief", "Say hello"]
    assert request.headers["authorization"] == f"Bearer {SECRET}"
