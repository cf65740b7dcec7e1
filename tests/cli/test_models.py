"""`modelport models`: whole names at any width, columns of what models can do, and completion."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelport.cli.app import commands
from modelport.cli.listing import index
from modelport.cli.listing.table import table_lines
from tests.cli.conftest import CommandLine

ROW: dict[str, Any] = dict(kind="chat", status="active", aliases=[], context=None, output=None)
NOTHING = dict(sees=False, hears=False, thinks=False, tools=False, schema=False)


@pytest.fixture(scope="module")
def shared_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("index") / "models.json"


@pytest.fixture(autouse=True)
def _one_index(shared_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cards are read once for this file."""
    monkeypatch.setattr(index, "index_file", lambda: shared_index)


def row(provider: str, name: str, **facts: Any) -> index.ModelRow:  # Any: of any kind
    return index.ModelRow(provider=provider, name=name, **{**ROW, **NOTHING, **facts})


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 120, None])
def test_no_name_is_cut_at_any_width(width: int | None) -> None:
    rows = [row("openrouter", "someone/a-model-with-a-very-long-name:free"), row("a", "b", context=8192, sees=True)]
    head, *lines = [line.plain for line in table_lines(rows, width)]
    assert head.startswith("name")
    for shown, each in zip(lines, rows, strict=True):
        assert each.name in shown
        assert each.provider in shown
    if width is not None and width >= 60:
        assert max(map(len, [head, *lines])) <= width


def test_a_wide_table_says_what_models_can_do() -> None:
    able = row("a", "b", context=8192, output=1, sees=True, hears=True, thinks=True, tools=True, schema=True)
    head, line = [line.plain.split() for line in table_lines([able], None)]
    assert dict(zip(head, line, strict=True)) == {
        "name": "b",
        "provider": "a",
        "kind": "chat",
        "status": "active",
        "context": "8,192",
        "output": "1",
        **dict.fromkeys(("sees", "hears", "thinks", "tools", "schema"), "yes"),
    }


def names(ran_out: str) -> Iterator[str]:
    return (line.split()[0] for line in ran_out.splitlines()[1:])


def test_the_list_has_what_the_cards_have(cli: CommandLine) -> None:
    cards = cli("models", "--provider", "openai", "--json").json
    listed = list(names(cli("models", "--provider", "openai").out))
    assert listed == [card["name"] for card in sorted(cards, key=lambda card: (card["kind"], card["name"]))]
    seeing = {card["name"] for card in cards if any("image/" in kind for kind in card["input_types"])}
    assert set(names(cli("models", "--provider", "openai", "--can", "sees").out)) == seeing
    thinking = set(names(cli("models", "--provider", "openai", "--kind", "chat", "--can", "thinks").out))
    assert "gpt-5.5" in thinking and "gpt-4.1" not in thinking


def test_providers_of_the_settings_are_known_without_being_named(cli: CommandLine) -> None:
    card = {"name": "quay-1", "label": "Quay", "type": "chat", "context_size": 8192, "output_size": None}
    (cli.folder / "cards").mkdir()
    (cli.folder / "cards" / "quay-1.yaml").write_text(json.dumps(card))
    provider = {"base_url": "http://127.0.0.1:1/v1", "models": str(cli.folder / "cards"), "key_optional": True}
    path = cli.folder / "cfg" / "modelport" / "config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"providers": {"harbour": provider}}))
    assert list(names(cli("models", "--provider", "harbour").out)) == ["quay-1"]
    assert "harbour/quay-1" in cli("models", "quay-1").out
    assert "unknown provider 'nowhere'" in cli("models", "--provider", "nowhere").err


def test_a_changed_card_or_a_damaged_index_is_read_again(cli: CommandLine, shared_index: Path) -> None:
    before = cli("models", "--provider", "embedded").out
    kept = json.loads(shared_index.read_text())
    kept["rows"] = [row for row in kept["rows"] if row[0] != "embedded"]
    shared_index.write_text(json.dumps(kept))
    assert cli("models", "--provider", "embedded").out != before  # so the index is what is read
    for damage in ("{", "[]", '{"mark": 1}', json.dumps({**kept, "rows": [[1]]}), json.dumps({**kept, "mark": "old"})):
        shared_index.write_text(damage)
        assert cli("models", "--provider", "embedded").out == before


def test_an_index_that_cannot_be_kept_costs_nothing_but_time(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(index, "index_file", lambda: tmp_path / "file" / "models.json")
    assert "smollm2" in cli("models", "--provider", "embedded").out


def test_completed_names(cli: CommandLine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("_MODELPORT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_CWORD", "3")
    for words, found in (("chat --model openai/gpt-5.", "openai/gpt-5.5"), ("models --provider openr", "openrouter")):
        monkeypatch.setenv("COMP_WORDS", f"modelport {words}")
        with pytest.raises(SystemExit):
            commands.main([], prog_name="modelport")
        assert f"plain,{found}\n" in capsys.readouterr().out


def test_the_list_of_commands_says_what_each_does() -> None:
    """The list is written without importing the commands, so it could differ from what they are."""
    from modelport.cli.app import _COMMANDS

    for name in _COMMANDS:
        command = commands.get_command(commands.make_context("modelport", [], resilient_parsing=True), name)
        assert command is not None and command.name == name
        first = re.split(r"[\s,.]", command.get_short_help_str(200))[0]
        assert re.split(r"[\s,.]", _COMMANDS[name])[0] == first, (
            f"{name}: {_COMMANDS[name]} is not {command.get_short_help_str()}"
        )
