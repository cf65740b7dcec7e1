"""`modelport keys`: where keys are stored and looked for, and that they are never shown."""

from __future__ import annotations

import json
import re
import stat
import sys
from pathlib import Path
from types import ModuleType

import pytest

from modelport.testing.servers.http import ScriptedServer
from tests.cli.conftest import CommandLine
from tests.end_to_end.command import streamed
from tests.planted import WORD

STORED = f"sk-stored-by-the-command-{WORD}"
IN_SETTINGS = f"sk-of-the-settings-{WORD}"
MORE = f"sk-from-the-environment-{WORD}"

pytestmark = pytest.mark.shows_secrets("the file of keys holds keys")


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)


def test_a_key_is_stored_in_a_private_file_and_never_shown(cli: CommandLine) -> None:
    ran = cli("keys", "set", "openai", stdin=f"{STORED}\n")
    file = cli.folder / "cfg" / "modelport" / "keys.json"
    assert (ran.status, ran.out) == (0, "") and str(file) in ran.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and json.loads(file.read_text()) == {"OPENAI_API_KEY": STORED}
    shown = [ran, cli("keys", "list"), cli("keys", "list", "--json"), cli("keys", "path"), cli("doctor", "--offline")]
    shown += [cli("credentials"), cli("credentials", "--json")]
    assert not [each for each in shown if STORED in each.out + each.err]
    assert (shown[1].out, shown[2].json, shown[3].out) == ("OPENAI_API_KEY\n", ["OPENAI_API_KEY"], f"{file}\n")
    assert "stored by `modelport keys`" in shown[4].out
    assert cli("keys", "remove", "openai").status == 0 and cli("keys", "list").out == ""
    assert cli("keys", "remove", "openai").status == 2


def test_settings_come_before_the_environment_and_that_before_a_stored_key(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("keys", "set", "openai", stdin=STORED)
    path = cli.folder / "cfg" / "modelport" / "config.yaml"
    with ScriptedServer([streamed("ok")] * 3).in_thread() as server:
        fields = {"base_url": f"{server.base_url}/v1"}
        for key in (None, None, IN_SETTINGS):
            credential = fields | ({"api_key": key} if key else {})
            path.write_text(json.dumps({"credentials": {"openai": credential}}))
            assert cli("chat", "hi", "-m", "openai/gpt-5.5", "--no-log").status == 0
            monkeypatch.setenv("OPENAI_API_KEY", MORE)
        sent = [request.headers["authorization"].removeprefix("Bearer ") for request in server.requests]
    assert sent == [STORED, MORE, IN_SETTINGS]


@pytest.mark.parametrize("given", ["", "two words", "a\nb", "\x1b[2J"])
def test_what_is_no_key_is_refused(cli: CommandLine, given: str) -> None:
    ran = cli("keys", "set", "openai", stdin=given)
    assert ran.status == 2 and "expected one key" in ran.err
    assert cli("keys", "list").out == ""


@pytest.mark.parametrize("command", ["keys", "logs", "templates", "similar"])
def test_an_empty_list_says_so_beside_the_output(cli: CommandLine, command: str) -> None:
    ran = cli(command, "list")
    assert (ran.status, ran.out) == (0, "") and re.search("there (is|are) no|is stored", ran.err)
    assert cli(command, "list", "--json").json == []


def test_other_mistakes_are_one_line(cli: CommandLine) -> None:
    assert "unknown provider 'nowhere'" in cli("keys", "set", "nowhere", stdin=STORED).err
    assert cli("keys", "set", "HARBOUR_KEY", stdin=STORED).status == 0 and cli("keys", "list").out == "HARBOUR_KEY\n"
    assert "embedded needs no key" in cli("keys", "set", "embedded", stdin=STORED).err
    file = cli.folder / "cfg" / "modelport" / "keys.json"
    for damage in ("{", "[]", '{"A": 1}'):
        file.write_text(damage)
        ran = cli("keys", "list")
        assert ran.status == 2 and str(file) in ran.err and ran.err.count("\n") == 1


def test_a_keyring_holds_the_key_where_there_is_one(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[tuple[str, str], str] = {}
    keyring, backends, fail = ModuleType("keyring"), ModuleType("keyring.backends"), ModuleType("keyring.backends.fail")
    vars(fail)["Keyring"] = type("Keyring", (), {})
    vars(backends)["fail"] = fail
    vars(keyring).update(
        backends=backends,
        get_keyring=object,
        set_password=lambda service, name, value: kept.update({(service, name): value}),
        get_password=lambda service, name: kept.get((service, name)),
        delete_password=lambda service, name: kept.pop((service, name)),
    )
    for module in (keyring, backends, fail):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    assert "stored OPENAI_API_KEY in the keyring" in cli("keys", "set", "openai", stdin=STORED).err
    assert kept == {("modelport", "OPENAI_API_KEY"): STORED}
    assert STORED not in Path(cli.folder / "cfg" / "modelport" / "keys.json").read_text()
    from modelport.cli.keys import stored_variables

    assert stored_variables() == {"OPENAI_API_KEY": STORED}
    cli("keys", "remove", "openai")
    assert kept == {}
