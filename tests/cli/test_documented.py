"""Each command of the guide runs as it stands there, and each command's `--help` has examples that it would take."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from modelport.cli.app import commands
from modelport.testing.providers import answer_provider
from modelport.testing.servers.http import ScriptedServer
from tests.cli.conftest import CommandLine, Ran, redirect
from tests.planted import KEY as PLANTED

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/cli.md").read_text()
LINES = [
    line for block in re.findall(r"^```bash\n(.*?)^```", GUIDE, re.M | re.S) for line in block.splitlines() if line
]
CONTEXT = commands.make_context("modelport", [], resilient_parsing=True)
COMMANDS = {name: commands.get_command(CONTEXT, name) for name in commands.list_commands(CONTEXT)}


def run(cli: CommandLine, line: str) -> Ran:
    """Run a line of a shell: `modelport …`, or `echo … | modelport …`."""
    piped, bar, command = line.rpartition(" | ")
    words = shlex.split(command if bar else line)
    assert words[0] == "modelport", line
    return cli(*words[1:], stdin=f"{shlex.split(piped)[1]}\n" if bar else "")


@pytest.mark.shows_secrets("the guide stores a key")
def test_the_commands_of_the_guide(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", PLANTED)
    with ScriptedServer(answer_provider).in_thread() as server:
        redirect(monkeypatch, server.base_url)
        for line in LINES:
            ran = run(cli, line)
            assert ran.status == 0, f"{line}\n{ran.out}{ran.err}"
    assert len(LINES) > 25
    assert PLANTED not in "".join(path.read_text("utf-8", "replace") for path in cli.folder.glob("*.*"))


def test_the_guide_names_every_command_and_option_of_chat() -> None:
    for name in COMMANDS:
        assert f"modelport {name}" in GUIDE, name
    chat = COMMANDS["chat"]
    assert chat is not None
    for parameter in chat.params:
        if isinstance(parameter, click.Option):
            assert any(option in GUIDE for option in parameter.opts), parameter.opts


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_that_are_taken(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("texts.txt", "titles.txt"):
        (tmp_path / file).touch()
    command = COMMANDS[name]
    assert command is not None
    shown = command.get_help(click.Context(command, info_name=name, parent=CONTEXT, terminal_width=400))
    examples = [line.strip() for line in shown.partition("Examples:")[2].split("\n\n")[0].splitlines() if line.strip()]
    assert examples, f"modelport {name} --help has no examples"
    for line in examples:
        words = shlex.split(re.sub(r" < \S+$", "", line.rpartition(" | ")[2]))
        assert words[:2] == ["modelport", name], line
        _parse(command, words[2:])


def _parse(command: click.Command, words: list[str]) -> None:
    """Parse the words without running anything; raises a `UsageError` if they are not taken."""
    if isinstance(command, click.Group) and words:
        inner = command.get_command(CONTEXT, words[0])
        assert inner is not None, words
        _parse(inner, words[1:])
    else:
        command.make_context("modelport", words)
