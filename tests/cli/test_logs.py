"""`modelport logs` and `templates`: what is stored, found, shown and switched off."""

from __future__ import annotations

import json
import sys

import pytest

from modelport.testing.servers.http import ScriptedServer
from tests.cli.conftest import CommandLine
from tests.end_to_end.command import streamed


def test_conversations_are_listed_shown_found_and_removed(cli: CommandLine) -> None:
    assert cli("logs", "list").err == "there are none\n" and cli("logs", "show").status == 2
    with ScriptedServer([streamed("It is \x1b[2Jblue"), streamed("Red")]).in_thread() as server:
        cli.configure(server.base_url)
        cli("chat", "What colour is the sky?", "-s", "Be brief")
        cli("chat", "And a rose?")
    listed = cli("logs", "list").out.splitlines()
    assert [line.split("  ")[-1] for line in listed] == ["And a rose?", "What colour is the sky?"]
    (sky,) = cli("logs", "search", "BLUE", "--json").json
    assert (sky["messages"], sky["model"], sky["id"][:8]) == (3, "main", listed[1].split()[0])
    shown = cli("logs", "show", sky["id"][:8])
    assert "## system\n\nBe brief\n" in shown.out and "What colour is the sky?" in shown.out
    assert [message["role"] for message in cli("logs", "show", "--json").json["messages"]] == ["user", "assistant"]
    assert cli("logs", "remove", sky["id"][:8], "--yes").status == 0
    assert len(cli("logs", "list").out.splitlines()) == 1
    assert "there is no such conversation" in cli("logs", "show", sky["id"]).err
    assert cli("logs", "path").out == f"{cli.folder}/data/modelport/conversations.db\n"


def test_a_conversation_on_a_terminal_does_not_steer_it(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(
        [streamed("**It** is \x1b[2Jblue &#x202e;[x](https://e.com/\x1b]8;;y\x07)")]
    ).in_thread() as server:
        cli.configure(server.base_url)
        cli("chat", "What \x1b[2Jcolour?")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    for shown in (cli("logs", "show").out, cli("logs", "list").out):
        assert "colour?" in shown
        assert "\x1b[2J" not in shown and "\x1b]" not in shown and "\u202e" not in shown


def test_storing_is_switched_off_and_on(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer([streamed("ok")] * 4).in_thread() as server:
        cli.configure(server.base_url)
        cli("logs", "off")
        assert "not stored" in cli("logs", "path").err
        cli("chat", "one")
        monkeypatch.setenv("MODELPORT_LOGS", "on")
        cli("chat", "two")
        monkeypatch.setenv("MODELPORT_LOGS", "off")
        cli("logs", "on")
        cli("chat", "three")
        monkeypatch.delenv("MODELPORT_LOGS")
        cli("chat", "four")
    assert [each["title"] for each in cli("logs", "list", "--json").json] == ["four", "two"]


def test_a_template_stands_for_options(cli: CommandLine) -> None:
    saving = ["-s", "One line", "--prompt", "Commit message for: $input", "-o", "max_tokens", "9", "--thinking", "low"]
    assert cli("templates", "save", "commit", *saving).status == 0
    assert cli("templates", "list", "--json").json == ["commit"]
    assert cli("templates", "show", "commit", "--json").json["options"] == {"max_tokens": "9"}
    with ScriptedServer([streamed("ok"), streamed("ok")]).in_thread() as server:
        cli.configure(server.base_url)
        assert cli("chat", "-t", "commit", stdin="+ x\n").out == "ok\n"
        assert cli("chat", "y", "-t", "commit", "-s", "Two lines", "-o", "max_tokens", "10").status == 0
        bodies = [request.json() for request in server.requests]
    said = [[message["content"] for message in body["messages"]] for body in bodies]
    assert said == [["One line", "Commit message for: + x\n"], ["Two lines", "Commit message for: y"]]
    assert [body["max_completion_tokens"] for body in bodies] == [9, 10]
    assert "needs an input" in cli("chat", "-t", "commit").err
    assert cli("templates", "remove", "commit").status == 0 and cli("templates", "list").out == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chat", "hi", "-t", "nothing"], "there is no template 'nothing'; there are: broken, wrong"),
        (["chat", "hi", "-t", "../x"], "a template cannot be called '../x'"),
        (["chat", "hi", "-t", "wrong"], "wrong.yaml: modle: "),
        (["chat", "hi", "-t", "broken"], "broken.yaml: expected keys and values in YAML"),
        (["templates", "save", "x"], "the template would be empty"),
        (["templates", "show", "x"], "there is no template 'x'"),
    ],
)
def test_a_wrong_template_is_one_line(cli: CommandLine, arguments: list[str], told: str) -> None:
    folder = cli.folder / "cfg" / "modelport" / "templates"
    folder.mkdir(parents=True)
    (folder / "wrong.yaml").write_text(json.dumps({"modle": "x"}))
    (folder / "broken.yaml").write_text("- a\n- b: [")
    ran = cli(*arguments)
    assert (ran.status, ran.out) == (2, "") and told in ran.err and ran.err.count("\n") == 1
