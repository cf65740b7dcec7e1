"""`modelport chat` in pipes: what it writes where, and how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from typing import IO, Any

import pytest

from modelport.testing.servers.http import HANG, ScriptedAnswer, ScriptedServer
from tests.end_to_end.command import COMMAND, DONE, MODEL, SECRET, Home, chunk, streamed, usage

TWO_LINES = ScriptedAnswer.sse(chunk(content="one\n"), chunk(content="two\n"), chunk("stop"), DONE)


def test_answers_the_prompt(home: Home) -> None:
    with ScriptedServer([streamed("Hello, ", "wörld")]).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("chat", "Say hello", "--system", "Be brief", "--usage")
        (request,) = server.requests
    assert (ran.returncode, ran.stdout) == (0, "Hello, wörld\n")
    assert ran.stderr.startswith("usage: 12 input tokens, 5 output tokens")
    assert [message["content"] for message in request.json()["messages"]] == ["Be brief", "Say hello"]
    assert request.headers["authorization"] == f"Bearer {SECRET}"


def test_reads_the_prompt_from_a_pipe(home: Home) -> None:
    with ScriptedServer([streamed("ok")]).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("chat", stdin="a prompt\nof two lines\n")
        (request,) = server.requests
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "ok\n", "")
    assert request.json()["messages"][0]["content"] == "a prompt\nof two lines\n"


def test_an_empty_prompt_is_a_usage_error(home: Home) -> None:
    ran = home.run("chat")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "modelport: the prompt is empty; see modelport chat --help\n"


def test_writes_each_piece_when_it_comes(home: Home) -> None:
    go = asyncio.Event()
    answer = ScriptedAnswer.sse(chunk(content="Hello"), go, chunk(content="!"), chunk("stop"), DONE)
    with ScriptedServer([answer]).in_thread() as server:
        home.configure(server.base_url)
        with home.start("chat", "hi") as process:
            assert _pipe(process.stdout).read(5) == b"Hello"
            server.set(go)
            assert process.communicate(timeout=30)[0] == b"!\n"
    assert process.returncode == 0


def test_writes_each_json_line_when_it_comes(home: Home) -> None:
    with ScriptedServer([ScriptedAnswer.sse(chunk(content="Hello"), HANG)]).in_thread() as server:
        home.configure(server.base_url)
        with home.start("chat", "hi", "--json") as process:
            assert json.loads(_pipe(process.stdout).readline())["text"] == "Hello"
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=30) == (b"", b"\n")
    assert process.returncode == 130


def test_the_reader_may_go_away(home: Home) -> None:
    go = asyncio.Event()
    answer = ScriptedAnswer.sse(chunk(content="one\n"), go, *[chunk(content="more\n")] * 50, HANG)
    with ScriptedServer([answer]).in_thread() as server:
        home.configure(server.base_url)
        with home.start("chat", "hi") as process:
            assert _pipe(process.stdout).readline() == b"one\n"
            _pipe(process.stdout).close()
            server.set(go)
            found = _pipe(process.stderr).read()
            assert process.wait(30) == 0
        assert not server.run(server.closed()).answered
    assert found == b""


def test_head_in_a_shell(home: Home) -> None:
    with ScriptedServer([TWO_LINES]).in_thread() as server:
        home.configure(server.base_url)
        line = f"{' '.join(COMMAND)} chat hi | head -n 1; echo ${{PIPESTATUS[0]}}"
        environment = home.environment(LOCAL_KEY=SECRET)
        ran = subprocess.run(["bash", "-c", line], cwd=home.folder, env=environment, capture_output=True, timeout=60)
    assert (ran.stdout, ran.stderr) == (b"one\n0\n", b"")


@pytest.mark.parametrize("before", [False, True], ids=["in the stream", "before the head"])
def test_ctrl_c_closes_the_connection(home: Home, before: bool) -> None:
    answer = ScriptedAnswer(before=[HANG]) if before else ScriptedAnswer.sse(chunk(content="Hello"), HANG)
    with ScriptedServer([answer]).in_thread() as server:
        home.configure(server.base_url)
        with home.start("chat", "hi") as process:
            assert _pipe(process.stdout).read(0 if before else 5) == (b"" if before else b"Hello")
            server.run(server.request())
            process.send_signal(signal.SIGINT)
            out, found = process.communicate(timeout=30)
        assert not server.run(server.closed()).answered
    assert process.returncode == 130
    assert (out.strip(), found.strip()) == (b"", b"")


def test_thinking_stays_out_of_a_pipe(home: Home) -> None:
    answer = ScriptedAnswer.sse(chunk(reasoning_content="Hm."), chunk(content="Yes"), chunk("stop"), DONE)
    with ScriptedServer([answer]).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("chat", "hi")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "Yes\n", "")


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_tells_an_answer_that_was_cut_off(home: Home, reason: str) -> None:
    with ScriptedServer([streamed("Yes", finish_reason=reason)]).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("chat", "hi")
    assert (ran.returncode, ran.stdout) == (0, "Yes\n")
    assert ran.stderr.startswith("modelport: ")
    assert f"finish_reason {reason}" in ran.stderr


def test_tells_warnings_one_a_line(home: Home) -> None:
    with ScriptedServer([streamed("Yes")]).in_thread() as server:
        home.configure(server.base_url, model="gpt-4.1", parameters={"reasoning_effort": "low"})
        ran = home.run("chat", "hi")
    warnings = [line for line in ran.stderr.splitlines() if "reasoning_effort" in line]
    assert (ran.returncode, ran.stdout) == (0, "Yes\n")
    assert warnings[0].startswith("modelport: warning: reasoning_effort: ")


def test_json_lines(home: Home) -> None:
    call = {"index": 0, "id": "t1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    answer = ScriptedAnswer.sse(
        *(chunk(reasoning_content="Hm."), chunk(content="Yes"), chunk(content="!"), chunk(tool_calls=[call])),
        *(chunk("tool_calls"), usage(12, 5), DONE),
    )
    with ScriptedServer([answer]).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("chat", "hi", "--json")
    *deltas, last = _lines(ran)
    assert (deltas[0]["type"], deltas[0]["block"]) == ("delta", "thinking")
    assert {delta["block"] for delta in deltas} == {"thinking", "text", "tool_call"}
    assert "".join(delta["text"] for delta in deltas if delta["block"] == "text") == "Yes!"
    assert all(delta["id"] for delta in deltas)
    assert (last["type"], last["text"], last["thinking"], last["finish_reason"]) == (
        *("response", "Yes!", "Hm."),
        "tool_calls",
    )
    assert last["tool_calls"] == [{"id": "t1", "name": "look", "input": "{}"}]
    assert (last["usage"]["input_tokens"], last["attempts"], last["warnings"]) == (12, 1, [])
    assert (last["provider"], last["model"], ran.returncode, ran.stderr) == ("openai", MODEL, 0, "")


def test_json_without_a_stream_has_the_same_objects(home: Home) -> None:
    message = {"role": "assistant", "content": "Yes"}
    whole = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    whole["choices"] = [{"index": 0, "message": message, "finish_reason": "stop"}]
    with ScriptedServer([ScriptedAnswer.json(whole)]).in_thread() as server:
        home.configure(server.base_url, stream=False)
        ran = home.run("chat", "hi", "--json")
    delta, last = _lines(ran)
    assert (delta["block"], delta["text"], last["text"], last["usage"]) == ("text", "Yes", "Yes", None)


def test_a_partial_answer_then_an_error(home: Home) -> None:
    with ScriptedServer([ScriptedAnswer.sse(chunk(content="Hel"))]).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("chat", "hi")
    assert (ran.returncode, ran.stdout) == (1, "Hel\n")
    assert ran.stderr.startswith(f"modelport: [openai/{MODEL}] ")
    assert ran.stderr.count("\n") == 1


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _lines(ran: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.stdout.splitlines()]
