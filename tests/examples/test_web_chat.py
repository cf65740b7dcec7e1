"""The chat endpoint: its server in a process of its own, a browser's requests to it, and a scripted provider."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from modelport.testing import HANG, ScriptedAnswer, ScriptedServer
from modelport.testing.providers import answer_provider
from tests.end_to_end.command import DONE, SECRET, chunk, streamed, stuck, usage
from tests.examples.running import copy_of

pytest.importorskip("fastapi", reason="fastapi is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")

Event = tuple[str, object]
QUESTION = {"conversation": "c1", "text": "Are there lamps?"}


@contextmanager
def serving(provider: ScriptedServer, place: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """A client of the running server, and its process."""
    variables = {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": f"{provider.base_url}/v1"}
    uvicorn = ("-m", "uvicorn", "chat_server:app", "--port", "0", "--timeout-graceful-shutdown", "60")
    with copy_of("web_chat", place).start(*uvicorn, **variables) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"running on (http://\S+)", line):
                break
        else:
            raise AssertionError("".join(said))
        with httpx.Client(base_url=found[1], timeout=60, trust_env=False) as client:
            yield client, process


def events(lines: Iterator[str]) -> Iterator[Event]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def ask(client: httpx.Client) -> list[Event]:
    with client.stream("POST", "/chat", json=QUESTION) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(events(response.iter_lines()))


def test_it_streams_and_runs_the_tool(tmp_path: Path) -> None:
    with ScriptedServer(answer_provider).in_thread() as provider, serving(provider, tmp_path) as (client, _):
        assert client.get("/health").json() == {"status": "ok", "model": "openai/gpt-4.1-mini"}
        assert provider.requests == []
        found = ask(client)
        assert client.post("/chat", json={"text": ""}).status_code == 422
        messages = client.get("/conversations/c1").json()
    texts = [data for name, data in found if name == "text"]
    assert "".join(map(str, texts)) == "You said: Are there lamps?"
    assert [name for name, _ in found if name != "text"] == ["tool", "tool_result", "end"]
    assert found[0] == ("tool", "stock") and found[-1] == ("end", {"finish_reason": "stop"})
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert provider.requests[1].json()["messages"][-1]["role"] == "tool"
    assert provider.requests[0].headers["authorization"] == f"Bearer {SECRET}"


def test_a_browser_that_goes_away_ends_the_request_to_the_provider(tmp_path: Path) -> None:
    script = [stuck("Once upon a time", HANG), streamed("Yes, ", "twelve.")]
    with ScriptedServer(script).in_thread() as provider, serving(provider, tmp_path) as (client, _):
        with client.stream("POST", "/chat", json=QUESTION) as response:
            assert next(events(response.iter_lines())) == ("text", "Once upon a time")
        assert not provider.run(provider.closed(0)).answered
        message = client.get("/conversations/c1").json()[-1]
        assert (message["error"], message["content"][0]["text"]) == ("interrupted", "Once upon a time")
        assert ask(client)[-1] == ("end", {"finish_reason": "stop"})  # the conversation goes on


def test_an_error_of_the_provider_is_an_event_without_its_words(tmp_path: Path) -> None:
    refusal = ScriptedAnswer.json({"error": {"message": "Incorrect API key provided"}}, status=401)
    with ScriptedServer([refusal]).in_thread() as provider, serving(provider, tmp_path) as (client, _):
        assert ask(client) == [("error", {"kind": "AuthenticationError", "retryable": False})]


def test_a_shutdown_lets_a_reply_end(tmp_path: Path) -> None:
    go_on = asyncio.Event()
    script = [ScriptedAnswer.sse(chunk(content="Yes, "), go_on, chunk("stop", content="twelve."), usage(9, 4), DONE)]

    async def free() -> None:
        go_on.set()

    with ScriptedServer(script).in_thread() as provider, serving(provider, tmp_path) as (client, process):
        with client.stream("POST", "/chat", json=QUESTION) as response:
            found = events(response.iter_lines())
            assert next(found) == ("text", "Yes, ")
            process.send_signal(signal.SIGTERM)
            assert process.stdout is not None
            assert any("Shutting down" in line for line in process.stdout)
            provider.run(free())
            assert list(found) == [("text", "twelve."), ("end", {"finish_reason": "stop"})]
        said, _ = process.communicate(timeout=60)
    assert "Application shutdown complete" in said
    assert process.returncode in (0, -signal.SIGTERM)
