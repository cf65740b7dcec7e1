"""Each command of every page but the CLI's own guide runs as it stands there, in a folder with what its page has."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from modelport import Modelport
from modelport.domain.message.wav import streaming_header
from modelport.testing import ScriptedRealtimeModel
from modelport.testing.providers import answer_provider
from modelport.testing.servers.http import ScriptedServer
from tests.cli.conftest import CommandLine, redirect
from tests.cli.test_documented import COMMANDS
from tests.planted import KEY as PLANTED

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
ELSEWHERE = {"docs/guides/cli.md", "docs/examples/modelport-lantern/README.md"}  # run by tests of their own


def documented() -> dict[str, list[str]]:
    """The commands in the blocks of each page, without the shell's part of the line before and after them."""
    found: dict[str, list[str]] = {}
    for page in sorted(PAGES):
        blocks = re.findall(r"^```(?:bash|sh|console)?\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
        for line in (line for block in blocks for line in block.replace("\\\n", " ").splitlines()):
            if match := re.match(r"(?:\$ |.* && |export .*; )?(?:\.venv/bin/)?(modelport \w[^|<>]*)", line):
                found.setdefault(page.relative_to(ROOT).as_posix(), []).append(match[1].strip())
    return {page: commands for page, commands in found.items() if page not in ELSEWHERE}


def sound(folder: Path) -> None:
    """A second of silence, as `hello.wav`."""
    (folder / "hello.wav").write_bytes(streaming_header(16_000, 1, 2, 32_000) + bytes(32_000))


def corpus(folder: Path) -> None:
    (folder / "corpus.jsonl").write_text('{"text": "Hello."}\n{"text": "Goodbye."}\n')


def repository(folder: Path) -> None:
    for name in ("openai", "deepseek"):
        shutil.copytree(ROOT / "fixtures" / "cassettes" / name, folder / "fixtures" / "cassettes" / name)


def harbour(folder: Path) -> None:
    """The provider that the guide builds, with its cassette where both pages look for it."""
    guide = (ROOT / "docs" / "guides" / "add-a-provider.md").read_text("utf-8")
    profile, model, card, cassette = re.findall(r"^```yaml\n(.*?)^```$", guide, re.M | re.S)
    files = {
        "modelport.yaml": profile + model + "credentials:\n  quay: {provider: harbour, api_key: any}\n",
        "harbour/models/tug-7b.yaml": card,
        "fixtures/cassettes/harbour/stream.yaml": cassette,
        "cassettes/stream.yaml": cassette,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def both(folder: Path) -> None:
    repository(folder)
    harbour(folder)


PREPARED: dict[str, Callable[[Path], None]] = {
    "README.md": sound,
    "CONTRIBUTING.md": repository,
    "docs/guides/add-a-provider.md": harbour,
    "docs/guides/contract-suite.md": both,
    "docs/guides/embeddings-at-scale.md": corpus,
}


EXTRAS = {"speak": "espeakng_loader", "transcribe": "moonshine_voice"}


@pytest.mark.parametrize(("page", "commands"), documented().items(), ids=documented())
def test_the_commands_of_a_page(
    page: str, commands: list[str], cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = {name for name, module in EXTRAS.items() if find_spec(module) is None}
    monkeypatch.setenv("OPENAI_API_KEY", PLANTED)
    monkeypatch.setattr(
        "modelport.cli.choice.choose_realtime",
        lambda config, name: (Modelport.from_env({}), ScriptedRealtimeModel(["Hello to you."])),
    )
    if page in PREPARED:
        PREPARED[page](cli.folder)
    with ScriptedServer(answer_provider).in_thread() as server:
        cli.configure(server.base_url)
        redirect(monkeypatch, server.base_url)
        for words in (shlex.split(line, comments=True) for line in commands):
            if words[1] not in absent:
                ran = cli(*words[1:])
                assert ran.status == 0, f"{words}\n{ran.out}{ran.err}"
                assert "--out" not in words or (cli.folder / words[words.index("--out") + 1]).exists(), words
    if skipped := absent & {line.split()[1] for line in commands}:
        pytest.skip(f"not run, for want of their extras: {', '.join(skipped)}")


def test_the_commands_are_found() -> None:
    found = documented()
    assert {*PREPARED, "docs/start.md"} <= found.keys()
    assert sum(map(len, found.values())) >= 13
    names = "|".join(COMMANDS)
    shown = {
        line.removeprefix("$ ")
        for page in PAGES
        if page.relative_to(ROOT).as_posix() not in ELSEWHERE
        for line in re.findall(rf"^(?:\$ )?modelport (?:{names}) .*$", page.read_text("utf-8"), re.M)
    }
    run = tuple(command for commands in found.values() for command in commands)
    assert [line for line in shown if not line.startswith(run)] == []
