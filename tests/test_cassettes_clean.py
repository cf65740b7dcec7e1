"""Cassettes as such: readable by vcrpy, complete, honest about their origin, and without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from modelport.adapters.cassettes.found_secrets import message_secrets
from modelport.adapters.cassettes.websocket_file import read_conversations
from modelport.composition.providers.profiles import profile_names
from tests.cassettes import CASSETTES

SCENARIOS = {"text", "stream", "thinking_stream", "tool_round_trip", "parallel_tools", "image_in", "error"}
PROVIDERS = {
    "anthropic",
    "dashscope",
    "deepseek",
    "gemini",
    "moonshot",
    "ollama",
    "openai",
    "openai_responses",
    "xai",
}
REQUEST_HEADERS = {"accept", "content-type"}
SECRET_HEADERS = re.compile(r"authorization|cookie|api-key|organization|project-id|account|token\Z", re.IGNORECASE)
SECRETS = {
    "a key": re.compile(r"\b(sk|xai|gsk|pk)-(?!\.\.\.)[A-Za-z0-9_-]{8,}|\bAIza[A-Za-z0-9_-]{10,}"),
    "a bearer": re.compile(r"bearer\s+[A-Za-z0-9._~+/-]{8,}", re.IGNORECASE),
    "a key in the address": re.compile(r"[?&](api_?)?key=", re.IGNORECASE),
    "an organisation": re.compile(r"\borg(anization)?-[A-Za-z0-9]{6,}"),
    "a path of somebody's machine": re.compile(r"/(home|Users|root|work)/\w+"),
}
WEBSOCKETS = CASSETTES.with_name("websocket")


def each(folder: Path) -> pytest.MarkDecorator:
    """A test for every cassette below it."""
    paths = sorted(folder.rglob("*.yaml"))
    return pytest.mark.parametrize("path", paths, ids=lambda path: f"{path.parent.name}-{path.stem}")


every_cassette = each(CASSETTES)
every_conversation = each(WEBSOCKETS)


def read(path: Path) -> Any:  # Any: YAML
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@every_cassette
def test_loads_in_vcrpy_and_says_where_it_is_from(path: Path) -> None:
    requests, responses = FilesystemPersister.load_cassette(str(path), yamlserializer)
    assert len(requests) == len(responses) > 0
    document = read(path)
    assert re.fullmatch(r"authored from [a-z-]+|recorded", document["origin"])
    assert document["origin"] != "recorded" or document["server"]
    assert document["version"] == 1


@every_cassette
def test_holds_no_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [what for what, pattern in SECRETS.items() if pattern.search(text)] == []
    for interaction in read(path)["interactions"]:
        assert {name.lower() for name in interaction["request"]["headers"]} <= REQUEST_HEADERS
        names = [*interaction["response"]["headers"], *interaction["request"]["headers"]]
        assert [name for name in names if SECRET_HEADERS.search(name)] == []


@every_conversation
def test_conversations_are_readable_and_say_where_they_are_from(path: Path) -> None:
    assert read_conversations(path)
    document = read(path)
    assert re.fullmatch(r"authored from [a-z-]+|recorded", document["origin"])
    assert document["origin"] != "recorded" or document["server"]


@every_conversation
def test_conversations_hold_no_secret(path: Path) -> None:
    """Neither as they are written nor in what their messages say."""
    texts = [path.read_text(encoding="utf-8")]
    for conversation in read_conversations(path):
        sent = [*conversation.client, *(step.does for step in conversation.server)]
        texts += [message for message in sent if isinstance(message, str)]
        assert [secret for text in texts[1:] for secret in message_secrets(text)] == []
    assert [what for text in texts for what, pattern in SECRETS.items() if pattern.search(text)] == []
    for entry in read(path)["conversations"]:
        assert set(entry["request"].get("headers", {})) <= REQUEST_HEADERS
        assert [name for name in entry.get("handshake", {}).get("headers", {}) if SECRET_HEADERS.search(name)] == []


def test_conversations_are_of_known_providers() -> None:
    protocols = {"dashscope_realtime", "dashscope_cosyvoice", "dashscope_sambert"}
    assert {path.parent.name for path in WEBSOCKETS.rglob("*.yaml")} == protocols
    assert [path for path in WEBSOCKETS.rglob("*") if path.is_file() and path.suffix != ".yaml"] == []


def folders() -> Iterator[Path]:
    return (folder for folder in CASSETTES.iterdir() if folder.is_dir())


def test_every_folder_is_a_provider_with_every_scenario() -> None:
    assert {folder.name for folder in folders()} >= PROVIDERS
    missing = {
        folder.name: sorted(SCENARIOS - {path.stem for path in folder.glob("*.yaml")})
        for folder in folders()
        if folder.name in PROVIDERS
    }
    assert {name: scenarios for name, scenarios in missing.items() if scenarios} == {}


@pytest.mark.parametrize("name", profile_names())
def test_every_provider_that_is_data_has_the_main_scenarios(name: str) -> None:
    assert {path.stem for path in (CASSETTES / name).glob("*.yaml")} >= {"text", "stream", "error"}


def test_no_cassette_is_of_an_unknown_provider() -> None:
    adapters = Path(__file__).parents[1] / "modelport" / "adapters"
    known = {folder.name for folder in adapters.iterdir() if (folder / "credential.py").is_file()} | {*profile_names()}
    kinds = {f"{name}_{kind}" for name in known for kind in ("embedding", "stt", "tts")}
    assert {folder.name for folder in folders()} <= known | kinds | {"openai_responses"}
    assert [path for path in CASSETTES.rglob("*") if path.is_file() and path.suffix != ".yaml"] == []


@pytest.mark.parametrize("secret", ["sk-abcdefgh12345678", "Bearer abcdefghijk", "AIzaSyA1234567890", "org-abc123def"])
def test_the_patterns_find_what_they_are_for(secret: str) -> None:
    assert any(pattern.search(f"x: {secret}") for pattern in SECRETS.values())
