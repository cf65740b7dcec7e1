"""What goes wrong is one line on stderr and a status: 1 for models, 2 for settings and usage."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.end_to_end.command import MODEL, SECRET, Home

REFUSED = {"error": {"message": f"Incorrect API key provided: {SECRET}", "type": "auth", "code": "invalid_api_key"}}
PAGE = b"<html><head><title>502 Bad Gateway</title></head>\n<body>\n<h1>nginx</h1>\n</body></html>"


def test_a_refused_key(home: Home) -> None:
    with ScriptedServer([ScriptedAnswer.json(REFUSED, 401)] * 2).in_thread() as server:
        home.configure(server.base_url)
        plain, lines = home.run("chat", "hi"), home.run("chat", "hi", "--json")
    assert _complaint(plain, 1).startswith(f"modelport: [openai/{MODEL}] Incorrect API key provided: ")
    assert "HTTP 401" in plain.stderr
    found = json.loads(lines.stdout)
    assert (found["type"], found["error"], lines.returncode, lines.stderr) == ("error", "AuthenticationError", 1, "")
    assert SECRET not in plain.stderr + found["message"]


def test_a_page_instead_of_an_answer(home: Home) -> None:
    with ScriptedServer([ScriptedAnswer.whole(PAGE, "text/html", 502)]).in_thread() as server:
        home.configure(server.base_url)
        line = _complaint(home.run("chat", "hi"), 1)
    assert "HTTP 502" in line
    assert len(line) < 500


def test_an_unreachable_host(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        address = "{}:{}".format(*taken.getsockname())
        home.configure(f"http://{address}")
        line = _complaint(home.run("chat", "hi"), 1)
    assert address in line


def test_an_unknown_setting_names_key_file_and_choices(home: Home) -> None:
    home.configure("http://127.0.0.1:1", "wrong.yaml", temperatur=1)
    line = _complaint(home.run("chat", "hi", "--config", "wrong.yaml"), 2)
    assert "wrong.yaml: line 1: chat.main.temperatur: unknown key" in line
    assert "parameters" in line


def test_a_missing_variable_is_named(home: Home) -> None:
    (home.folder / "modelport.yaml").write_text("credentials:\n  openai:\n    api_key: ${NO_SUCH_KEY}\n")
    line = _complaint(home.run("chat", "hi"), 2, home)
    assert "modelport.yaml: line 3: credentials.openai.api_key: the environment variable NO_SUCH_KEY is not set" in line


def test_settings_errors_as_json(home: Home) -> None:
    ran = home.run("chat", "hi", "--json", "--config", "nowhere.yaml")
    assert (ran.returncode, ran.stderr) == (2, "")
    found = json.loads(ran.stdout)
    assert (found["error"], "nowhere.yaml" in found["message"]) == ("SettingsError", True)


def test_a_key_without_a_model_asks_for_one(home: Home) -> None:
    line = _complaint(home.run("chat", "hi", OPENAI_API_KEY=SECRET), 2)
    assert "OPENAI_API_KEY is set" in line
    assert "--model provider/model: openai/" in line


def test_several_models_ask_for_one(home: Home) -> None:
    models = {name: {"provider": "openai", "model": name} for name in ("one", "two")}
    (home.folder / "modelport.yaml").write_text(json.dumps({"chat": models}))
    line = _complaint(home.run("chat", "hi"), 2, home)
    assert "modelport.yaml: no default_chat; give --model NAME (one, two)" in line


@pytest.mark.parametrize("arguments", [["chat", "--nonsense"], ["nonsense"], ["models", "no-such-model"]])
def test_usage_errors(home: Home, arguments: list[str]) -> None:
    assert "--help" in _complaint(home.run(*arguments), 2)


def test_the_environments_key_serves_settings_without_credentials(home: Home) -> None:
    """The host is refused, not the settings: the model has a credential."""
    (home.folder / "modelport.yaml").write_text("chat: {main: {provider: ollama, model: m, retry: {max_retries: 0}}}")
    line = _complaint(home.run("chat", "hi", OLLAMA_HOST="http://127.0.0.1:1"), 1, home)
    assert "127.0.0.1:1" in line


def test_the_users_settings_serve_everywhere(home: Home) -> None:
    folder = home.folder / "cfg" / "modelport"
    assert home.configure("http://127.0.0.1:1") == folder / "config.yaml"
    if sys.platform != "linux":
        pytest.skip("the folder is another one on this system")
    assert "127.0.0.1:1" in _complaint(home.run("chat", "hi"), 1)


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['click'] = None; from modelport.cli import main; main()"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "modelport: the command line needs an extra: pip install 'modelport[cli]'\n"


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    program = "import sys, modelport.cli; print({'httpx', 'dependency_injector', 'rich', 'click'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "set()\n"


def _complaint(ran: subprocess.CompletedProcess[str], status: int, home: Home | None = None) -> str:
    """The one line on stderr; where the settings are in the current folder, a note comes before it."""
    assert (ran.returncode, ran.stdout) == (status, ""), ran.stderr
    told = f"modelport: reading the settings in {home.folder / 'modelport.yaml'}\n" if home else ""
    assert ran.stderr.startswith(told)
    line = ran.stderr.removeprefix(told)
    assert line.startswith("modelport: ") and line.count("\n") == 1
    assert "Traceback" not in line
    return line


WITH_TABS = [
    "credentials:\n  w: {provider: openai,\tapi_key: %s}\n",
    "credentials:\n  w:\n    provider: openai\n    api_key:\t %s\n",
    'credentials:\n  w:\n    provider: openai\n    api_key: "%s"\t\n',
    'credentials:\n  w:\n    api_key: "%s"\n    provider: \topenai\n',
]


def test_tabs_in_the_settings_show_no_key(home: Home) -> None:
    for number, text in enumerate(WITH_TABS):
        (home.folder / f"{number}.yaml").write_text(text % SECRET)
        found = home.run("credentials", "--config", f"{number}.yaml")
        assert SECRET not in found.stdout + found.stderr
        assert "Traceback" not in found.stderr
        assert found.returncode in (0, 2)
