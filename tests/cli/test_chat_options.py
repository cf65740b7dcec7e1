"""`modelport chat`: what its options send, and what it says when one does not fit."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from modelport.conversation import SQLConversationStore
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.cli.conftest import CommandLine
from tests.end_to_end.command import DONE, chunk, streamed, usage

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CODE = "Here:\n\n```python\nprint(1)\n```\n\nDone.\n\n```\nother\n```\n"


def said(server: ScriptedServer, number: int = -1) -> list[Any]:  # Any: JSON values
    return [message["content"] for message in server.requests[number].json()["messages"]]


def whole(text: str) -> ScriptedAnswer:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return ScriptedAnswer.json(
        {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    )


def test_what_is_piped_in_comes_before_the_prompt(cli: CommandLine) -> None:
    with ScriptedServer([streamed("ok")]).in_thread() as server:
        cli.configure(server.base_url)
        ran = cli("chat", "Write a commit message", "-s", "Be brief", stdin="+ a line\n")
        assert said(server) == ["Be brief", "+ a line\n\nWrite a commit message"]
    assert (ran.status, ran.out, ran.err) == (0, "ok\n", "")


def test_options_reach_the_request(cli: CommandLine) -> None:
    with ScriptedServer([whole("ok")]).in_thread() as server:
        cli.configure(server.base_url, model="gpt-5.1")
        options = [
            "-o",
            "max_tokens",
            "50",
            "-o",
            "user",
            "123",
            "-o",
            "stop",
            "END",
            "--thinking",
            "low",
            "--no-stream",
        ]
        ran = cli("chat", "hi", *options)
        body = server.requests[0].json()
    assert (ran.status, ran.out) == (0, "ok\n"), ran.err
    assert body["max_completion_tokens"] == 50 and body["reasoning_effort"] == "low"
    assert not body.get("stream") and "123" in body.values()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-o", "temprature", "1"], "-o temprature: gpt-5.5 has no such option; it has "),
        (["-o", "max_tokens", "999999999"], "max_tokens"),
        (["-o", "max_tokens", "many"], "-o max_tokens: "),
        (["-o", "seed", "x"], "-o seed: "),
        (["--thinking", "deeply"], "'deeply' is not one of"),
        (["-a", "nowhere.png"], "-a nowhere.png: No such file or directory"),
        (["-a", "empty"], "-a empty: "),
        (["-a", "-"], "expected 1 to"),
        (["-a", "sound.wav"], "-a sound.wav: gpt-5.5 does not take audio/"),
        (["--schema", "name, age integerish"], "'age integerish' is no field"),
        (["--schema", "broken.json"], "--schema broken.json is not JSON"),
        (["--schema", "json:loads"], "expected a pydantic model class, got function"),
        (["--schema", "a", "--tools", "json:loads"], "--schema gives an object"),
        (["--tools", "json"], "expected module:name or ./file.py:name"),
        (["--tools", "json:nonsense"], "json has no nonsense"),
        (["--tools", "no_such_module:f"], "no_such_module cannot be imported"),
        (["--tools", "sys:maxsize"], "expected a function, got int"),
        (["-c"], "--continue: no conversation is stored yet"),
        (["--conversation", "abc"], "there is no such conversation"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_option_that_does_not_fit_is_one_line(cli: CommandLine, options: list[str], told: str) -> None:
    (cli.folder / "empty").touch()
    (cli.folder / "sound.wav").write_bytes(b"RIFF\x24\0\0\0WAVEfmt ")
    (cli.folder / "broken.json").write_text("{")
    cli.configure("http://127.0.0.1:1")
    ran = cli("chat", "hi", *options)
    assert (ran.status, ran.out) == (2, "")
    assert told in ran.err and ran.err.startswith("modelport: ") and ran.err.count("\n") == 1


def test_attachments_from_a_file_a_url_and_a_pipe(cli: CommandLine) -> None:
    (cli.folder / "dot.png").write_bytes(PNG)
    with ScriptedServer([streamed("a dot")]).in_thread() as server:
        cli.configure(server.base_url)
        ran = cli("chat", "What?", "-a", "dot.png", "-a", "https://example.com/x.png", "-a", "-", stdin=PNG)
        (content,) = said(server)
    assert ran.status == 0, ran.err
    urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    assert urls == [urls[0], "https://example.com/x.png", urls[0]] and urls[0].startswith("data:image/png;base64,")


def test_the_first_code_block_alone(cli: CommandLine) -> None:
    with ScriptedServer([streamed(*CODE), streamed("no code")]).in_thread() as server:
        cli.configure(server.base_url)
        ran = cli("chat", "code", "-x", "--save", "out.py")
        assert (ran.out, (cli.folder / "out.py").read_text()) == ("print(1)\n", "print(1)\n")
        assert cli("chat", "none", "-x").out == "no code\n"


@pytest.mark.parametrize("schema", ["name, age int: in years", "person.json", "./shapes.py:Person"])
def test_an_answer_by_a_schema(cli: CommandLine, schema: str) -> None:
    (cli.folder / "shapes.py").write_text(
        "from pydantic import BaseModel\n\nclass Person(BaseModel):\n    name: str\n    age: int\n"
    )
    properties = {"name": {"type": "string"}, "age": {"type": "integer"}}
    schema_file = {"type": "object", "properties": properties, "required": ["name", "age"]}
    (cli.folder / "person.json").write_text(json.dumps(schema_file))
    with ScriptedServer([whole('{"name": "Ada", "age": 36}')]).in_thread() as server:
        cli.configure(server.base_url)
        ran = cli("chat", "Ada is 36", "--schema", schema)
        sent = json.dumps(server.requests[0].json()["response_format"])
    assert (ran.status, ran.json) == (0, {"name": "Ada", "age": 36}), ran.err
    assert '"age"' in sent and ("in years" in sent) == (schema.startswith("name"))


def _call(name: str, arguments: str) -> ScriptedAnswer:
    call = {"index": 0, "id": "t1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return ScriptedAnswer.sse(chunk(tool_calls=[call]), chunk("tool_calls"), usage(12, 5), DONE)


def test_functions_as_tools(cli: CommandLine) -> None:
    (cli.folder / "mine.py").write_text('def shout(text: str) -> str:\n    """Shout."""\n    return text.upper()\n')
    with ScriptedServer([_call("shout", '{"text": "hi"}'), streamed("HI!")] * 2).in_thread() as server:
        cli.configure(server.base_url)
        ran = cli("chat", "shout hi", "--tools", "./mine.py:shout")
        assert (ran.status, ran.out, ran.err) == (0, "HI!\n", 'tool shout({"text": "hi"})\n')
        assert said(server, 1)[-1] == "HI"
        lines = [
            json.loads(line)
            for line in cli("chat", "shout hi", "--tools", "./mine.py:shout", "--json").out.split("\n")[:-1]
        ]
    assert [line["type"] for line in lines if line["type"] != "delta"] == ["tool_call", "tool_result", "response"]
    assert [line["name"] for line in lines if line["type"] == "tool_call"] == ["shout"]


def test_a_module_of_the_current_folder_needs_consent(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an installed package has a module of that name: that one is taken."""
    (cli.folder / "stranger.py").write_text("raise SystemExit('was imported')")
    (cli.folder / "sqlite3.py").write_text("raise SystemExit('was imported')")
    cli.configure("http://127.0.0.1:1")
    monkeypatch.syspath_prepend(str(cli.folder))  # as `python -m modelport` has it
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    ran = cli("chat", "hi", "--tools", "stranger:f")
    assert ran.status == 2 and "found in the current folder, is imported as stranger" in ran.err
    assert "give ./file.py:name" in ran.err
    assert "has no nonsense" in cli("chat", "hi", "--tools", "sqlite3:nonsense").err


def stored(folder: Path) -> list[list[str | None]]:
    async def read() -> list[list[str | None]]:
        store = SQLConversationStore(f"sqlite:///{folder}/data/modelport/conversations.db")
        found = [await store.load(each.id) for each in await store.list()]
        await store.aclose()
        return [[message.get_text_content() for message in each.messages] for each in found]

    return asyncio.run(read())


def test_conversations_go_on(cli: CommandLine) -> None:
    with ScriptedServer([streamed(text) for text in ("One", "Two", "Three", "Four")]).in_thread() as server:
        cli.configure(server.base_url)
        assert cli("chat", "first", "-s", "Be brief").out == "One\n"
        assert cli("chat", "second", "-c").out == "Two\n"
        assert said(server) == ["Be brief", "first", "One", "second"]
        cli("chat", "other")
        cli("chat", "unseen", "--no-log")
        assert stored(cli.folder) == [["other", "Three"], ["Be brief", "first", "One", "second", "Two"]]
        ran = cli("chat", "third", "-c", "-s", "Be long")
        assert ran.status == 2 and "--system belongs to the beginning" in ran.err


def test_a_failed_question_is_not_stored_and_an_answer_survives_a_broken_store(cli: CommandLine) -> None:
    with ScriptedServer(
        [ScriptedAnswer.json({"error": {"message": "no"}}, 400), streamed("Yes")]
    ).in_thread() as server:
        cli.configure(server.base_url)
        assert cli("chat", "hi").status == 1
        assert not (cli.folder / "data").exists()
        (cli.folder / "data").write_text("no folder")
        ran = cli("chat", "hi")
    assert (ran.status, ran.out) == (0, "Yes\n")
    assert "warning: the conversation was not stored" in ran.err and ran.err.count("\n") == 1


def test_a_conversation_mode_needs_no_files(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    cli.configure("http://127.0.0.1:1")
    for option in (["-x"], ["--save", "f"]):
        assert cli("chat", *option, stdin="").status == 2
