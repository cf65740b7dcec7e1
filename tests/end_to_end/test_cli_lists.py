"""`modelport models`, `credentials` and `--version`."""

from __future__ import annotations

import json

from modelport import __version__
from modelport.adapters.cards.yaml_source import YamlCardSource
from modelport.composition.providers.catalogue import catalogue
from modelport.composition.providers.registry import ProviderRegistry
from tests.end_to_end.command import SECRET, Home


def test_version(home: Home) -> None:
    assert home.run("--version").stdout == f"modelport {__version__}\n"


def test_help_without_a_command(home: Home) -> None:
    ran = home.run()
    assert ran.returncode == 0
    assert all(name in ran.stdout for name in ("chat", "models", "credentials", "record"))


def test_models_as_a_table(home: Home) -> None:
    head, *rows = home.run("models", "--provider", "embedded", "--kind", "chat").stdout.splitlines()
    able = ["sees", "hears", "thinks", "tools", "schema"]
    assert head.split() == ["name", "provider", "kind", "status", "context", "output", *able]
    assert [row.split() for row in rows] == [
        ["smollm2-135m-instruct", "embedded", "chat", "active", "8,192", "8,192", "-", "-", "-", "-", "yes"]
    ]


def test_models_of_a_kind(home: Home) -> None:
    found = json.loads(home.run("models", "--provider", "openai", "--kind", "embedding", "--json").stdout)
    assert "text-embedding-3-small" in {card["name"] for card in found}
    assert {card["kind"] for card in found} == {"embedding"}


def test_one_model_with_its_form(home: Home) -> None:
    shown = home.run("models", "openai/gpt-5").stdout
    assert "openai/gpt-5  GPT-5" in shown
    rows = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert "integer > 0 ≤ 128,000" in rows["max_tokens"]
    assert "minimal | low | medium | high" in rows["reasoning_effort"]
    assert "true" in rows["parallel_tool_calls"]
    assert "context" in rows


def test_an_alias_is_found_and_a_near_miss_is_answered(home: Home) -> None:
    assert "openai/gpt-5" in home.run("models", "gpt-5-2025-08-07", "--provider", "openai").stdout
    assert "smollm2-135m-instruct" in home.run("models", "smollm2-135m", "--provider", "embedded").stderr


def test_the_catalogue_has_every_kind_once() -> None:
    entries = catalogue(ProviderRegistry(), YamlCardSource(), "openai")
    assert {entry.kind for entry in entries} == {"chat", "tts", "stt", "embedding", "realtime"}
    assert len({(entry.kind, entry.card.name) for entry in entries}) == len(entries)
    chat = next(entry for entry in entries if entry.card.name == "gpt-5")
    assert "OpenAIChatModel" in chat.classes


def test_credentials_say_where_from_and_never_what(home: Home) -> None:
    home.configure("http://127.0.0.1:1")
    variables = {"OPENAI_API_KEY": "sk-other-secret-9876543210-PlantedWord7", "LOCAL_KEY": SECRET}
    table, array = home.run("credentials", **variables), home.run("credentials", "--json", **variables)
    rows = {line.split()[0]: line for line in table.stdout.splitlines()}
    assert "settings" in rows["local"]
    assert "config.yaml: credentials.local (from LOCAL_KEY)" in rows["local"]
    assert "environment" in rows["openai"]
    assert "OPENAI_API_KEY" in rows["openai"]
    assert "ANTHROPIC_API_KEY" in rows["anthropic"]
    listed = {row["name"]: row for row in json.loads(array.stdout)}
    assert (listed["local"]["provider"], listed["local"]["source"]) == ("openai", "settings")
    assert (listed["anthropic"]["configured"], listed["anthropic"]["source"]) == (False, None)
    assert not any(secret in text for secret in variables.values() for text in (table.stdout, array.stdout))
