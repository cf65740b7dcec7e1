"""Settings in the current folder: they are announced, and send no key anywhere without consent."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from modelport.testing.servers.http import ScriptedServer
from tests.end_to_end.command import MODEL, SECRET, Home, streamed

OTHER = "http://127.0.0.1:1/v1"
CHAT = {"main": {"provider": "openai", "model": MODEL, "retry": {"max_retries": 0}}}
OWN = {"credentials": {"openai": {"api_key": "of the file", "base_url": OTHER}}}

TAKING: dict[str, tuple[dict[str, Any], str]] = {
    "a variable as the key": (
        {"credentials": {"openai": {"api_key": "${LOCAL_KEY}", "base_url": OTHER}}},
        "sends LOCAL_KEY to http://127.0.0.1",
    ),
    "a variable in the URL": (
        {"credentials": {"openai": {"api_key": "x", "base_url": OTHER + "/${LOCAL_KEY}"}}},
        "sends LOCAL_KEY to http://127.0.0.1",
    ),
    "the provider's own variable": (
        {"credentials": {"openai": {"base_url": OTHER}}},
        "sends OPENAI_API_KEY to http://127.0.0.1",
    ),
    "another scheme": (
        {"credentials": {"openai": {"base_url": "http://api.openai.com/v1"}}},
        "sends OPENAI_API_KEY to http://api.openai.com",
    ),
    "a host that only looks like it": (
        {"credentials": {"openai": {"base_url": "https://api.openai.com.example/v1"}}},
        "sends OPENAI_API_KEY to https://api.openai.com.example",
    ),
    "a host with its name as the user": (
        {"credentials": {"openai": {"base_url": "https://api.openai.com@example.org/v1"}}},
        "sends OPENAI_API_KEY to https://example.org",
    ),
    "ollama": (
        {"credentials": {"ollama": {"host": "http://192.0.2.1", "api_key": "${LOCAL_KEY}"}}},
        "sends LOCAL_KEY to http://192.0.2.1",
    ),
    "a provider": ({"providers": {"openai": {"base_url": OTHER}}}, "defines where the provider 'openai' is"),
    "a proxy": ({"transport": {"proxy": "http://127.0.0.1:1"}}, "through a proxy"),
    "no verification": ({"transport": {"verify": False}}, "certificates"),
    "a database": (
        {"cache": {"adapter": "sql", "url": "postgresql://x:${LOCAL_KEY}@127.0.0.1/x"}},
        "puts LOCAL_KEY into cache.url",
    ),
    "a variable in a header, with a key and a host of the file's own": (
        {**OWN, "chat": {"main": {**CHAT["main"], "extra_headers": {"x-note": "${LOCAL_KEY}"}}}},
        "puts LOCAL_KEY into chat.main.extra_headers",
    ),
    "a variable that is no key": (
        {"credentials": {"openrouter": {"api_key": "${LOCAL_KEY}", "app_title": "${LOCAL_KEY}"}}},
        "puts LOCAL_KEY into credentials.openrouter.app_title",
    ),
    "a variable in a body": (
        {**OWN, "embedding": {"main": {**CHAT["main"], "parameters": {"user": "${LOCAL_KEY:-x}"}}}},
        "puts LOCAL_KEY into embedding.main.parameters",
    ),
    "a variable in a model's name": (
        {**OWN, "chat": {"main": {"provider": "openai", "model": "${LOCAL_KEY}"}}},
        "puts LOCAL_KEY into chat.main.model",
    ),
    "a part of a host": (
        {"credentials": {"azure": {"resource": "another", "api_key": "${LOCAL_KEY}"}}},
        "sends LOCAL_KEY to https://another.openai.azure.com",
    ),
    "a recording": (
        {"transport": {"adapter": "record", "cassettes": "~/.profile"}},
        "records all messages and answers in ",
    ),
    "a recording in the folder": (
        {"transport": {"adapter": "record", "cassettes": "notes.yaml"}},
        "records all messages and answers in notes.yaml",
    ),
    "a cache elsewhere": ({"cache": {"adapter": "file", "path": "../vectors"}}, "keeps vectors in ../vectors"),
    "a cache behind a link": ({"cache": {"adapter": "file", "path": "link/vectors"}}, "keeps vectors in link/vectors"),
    "a database of another machine, whose password the driver finds": (
        {"cache": {"adapter": "sql", "url": "postgresql+asyncpg://x@192.0.2.1/x"}},
        "keeps vectors in a database elsewhere",
    ),
    "a file of SQLite elsewhere": (
        {"cache": {"adapter": "sql", "url": "sqlite+aiosqlite:///link/cookies.sqlite?timeout=1"}},
        "keeps vectors in a database elsewhere",
    ),
    "a URL of SQLite's own": (
        {"cache": {"adapter": "sql", "url": "sqlite+aiosqlite:///file:/x.db?uri=true"}},
        "keeps vectors in a database elsewhere",
    ),
    "a database of limits": (
        {"rate_limits": {"adapter": "sql", "url": "sqlite+aiosqlite:////x.db"}},
        "counts requests in a database elsewhere",
    ),
    "a database of conversations": (
        {"conversations": {"url": "postgresql+asyncpg://x@192.0.2.1/x"}},
        "stores conversations in a database elsewhere",
    ),
    "weights": (
        {"credentials": {"embedded": {"directory": "models"}}},
        "takes the files of embedded from models",
    ),
}


@pytest.mark.parametrize("case", TAKING)
def test_a_file_of_the_current_folder_needs_consent(home: Home, case: str) -> None:
    taking, reason = TAKING[case]
    (home.folder / "modelport.yaml").write_text(yaml.safe_dump({"chat": CHAT, **taking}))
    (home.folder / "link").symlink_to(home.folder.parent)
    before = sorted(home.folder.rglob("*"))
    command = "embed" if "cache" in taking else "chat"
    ran = home.run(command, "hi", OPENAI_API_KEY="sk-other-secret-9876543210")
    assert (ran.returncode, ran.stdout) == (2, "")
    note, line = ran.stderr.splitlines()
    assert note == f"modelport: reading the settings in {home.folder / 'modelport.yaml'}"
    assert reason in line and "give --config modelport.yaml" in line
    assert SECRET not in ran.stderr and "sk-other" not in ran.stderr
    assert sorted(home.folder.rglob("*")) == before and not (home.folder.parent / "vectors").exists()


def test_a_file_that_is_named_needs_none(home: Home) -> None:
    with ScriptedServer([streamed("Hello")]).in_thread() as server:
        home.configure(server.base_url, "modelport.yaml")
        refused, given = home.run("chat", "hi"), home.run("chat", "hi", "--config", "modelport.yaml")
        assert (refused.returncode, len(server.requests)) == (2, 1)
    assert (given.stdout, given.stderr, given.returncode) == ("Hello\n", "", 0)


def test_a_file_with_a_key_of_its_own_needs_none(home: Home) -> None:
    with ScriptedServer([streamed("Hello")]).in_thread() as server:
        path = home.configure(server.base_url, "modelport.yaml")
        settings = json.loads(path.read_text())
        settings["credentials"]["local"]["api_key"] = "sk-of-the-file"
        path.write_text(json.dumps(settings))
        ran = home.run("chat", "hi")
    assert (ran.stdout, ran.stderr) == ("Hello\n", f"modelport: reading the settings in {path}\n")


def test_what_stays_in_the_folder_and_goes_to_the_providers_own_host_needs_none(home: Home) -> None:
    given = {
        "credentials": {"openai": {"api_key": "${LOCAL_KEY}", "organization": "org-1"}},
        "cache": {"adapter": "sql", "url": "sqlite+aiosqlite:///vectors.db"},
        "rate_limits": {"adapter": "sql", "url": "sqlite+aiosqlite:///limits.db"},
        "transport": {"adapter": "replay", "cassettes": "none.yaml"},
        "chat": CHAT,
    }
    (home.folder / "modelport.yaml").write_text(yaml.safe_dump(given))
    (home.folder / "none.yaml").write_text("interactions: []")
    ran = home.run("chat", "hi")
    assert "--config" not in ran.stderr and "none.yaml: it holds no interactions" in ran.stderr
