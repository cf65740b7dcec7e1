"""A provider that is one profile, one card and one cassette: the worked example of the guide, run as printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelport import Modelport
from modelport.error import InvalidRequestError, SettingsError
from modelport.message import UserMsg
from modelport.model import ChatResponse, OpenAIChatModel
from modelport.provider import Provider, ProviderRegistry
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "add-a-provider.md"


def block(language: str, containing: str) -> str:
    blocks = re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text(), re.M | re.S)
    return str(next(text for text in blocks if containing in text))


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    """The settings file and the card of the guide, as it says to lay them out."""
    settings = yaml.safe_load(block("yaml", "providers:"))
    settings.update(yaml.safe_load(block("yaml", "pilot:")))
    (tmp_path / "modelport.yaml").write_text(yaml.safe_dump(settings))
    models = tmp_path / "harbour" / "models"
    models.mkdir(parents=True)
    (models / "tug-7b.yaml").write_text(block("yaml", "name: tug-7b"))
    return tmp_path / "modelport.yaml"


def hub_at(settings: Path, url: str) -> Modelport:
    """The hub of the guide, with the made-up host moved to this machine."""
    settings.write_text(settings.read_text().replace("https://llm.harbour.example", url))
    return Modelport.from_file(settings, {"HARBOUR_API_KEY": "hk-1-PlantedWord7"})


async def test_the_worked_example(harbour: Path) -> None:
    cassette = yaml.safe_load(block("yaml", "origin: authored from"))
    (interaction,) = cassette["interactions"]

    def answer(request: RecordedRequest) -> ScriptedAnswer:
        recorded = interaction["response"]
        content_type = recorded["headers"]["content-type"][0]
        return ScriptedAnswer(200, {"content-type": content_type}, [recorded["body"]["string"].encode()])

    async with ScriptedServer(answer) as server:
        hub = hub_at(harbour, server.base_url)
        model = hub.chat("pilot")
        assert isinstance(model, OpenAIChatModel)
        model.parameters = type(model).Parameters()
        answered = await model([UserMsg("user", "Ahoy?")])
        assert not isinstance(answered, ChatResponse)
        last = [response async for response in answered][-1]
        (request,) = server.requests
    assert (last.text, last.provider, last.finish_reason) == ("Ahoy!", "harbour", "stop")
    assert request.json() == json.loads(interaction["request"]["body"])
    assert request.headers["authorization"] == "Bearer hk-1-PlantedWord7"
    assert last.warnings == []


def test_its_card_and_its_credential(harbour: Path) -> None:
    hub = Modelport.from_file(harbour, {"HARBOUR_API_KEY": "hk-1-PlantedWord7"})
    model = hub.chat("pilot")
    assert (model.card.label, model.context_size) == ("Tug 7B", 131072)
    assert [card.name for card in type(model).list_models()] == ["tug-7b"]
    assert model.credential.type == "harbour_credential" and "hk-1" not in repr(model.credential)
    assert type(model.credential).form_schema()["title"] == "Harbour"
    assert not hub.chat("harbour/gpt-4.1").card.known, "OpenAI's cards are not its own"


def test_the_python_form_of_the_profile() -> None:
    scope: dict[str, Any] = {}
    exec(block("py(?:thon)?", "HARBOUR = Provider("), scope)
    provider = scope["HARBOUR"]
    assert isinstance(provider, Provider)
    registry = ProviderRegistry()
    registry.register(Provider(provider.name, base_url=provider.base_url, profile=provider.profile, key_variable="K"))
    first = registry.get("harbour").credential_class()
    assert first is registry.get("harbour").credential_class()
    assert registry.by_credential_type("harbour_credential") is registry.get("harbour")


def test_multi_agent_of_a_profile(harbour: Path) -> None:
    settings = yaml.safe_load(harbour.read_text())
    settings["chat"]["pilot"]["formatter"] = "multi_agent"
    hub = Modelport.from_mapping(settings, {"HARBOUR_API_KEY": "hk-1-PlantedWord7"})
    assert hub.chat("pilot").formatter.multi_agent


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"profile": {"feilds": {}}}, ["providers.harbour.profile.feilds", "fields"]),
        ({"profile": {"replay_reasoning": "often"}}, ["providers.harbour.profile.replay_reasoning"]),
        ({"base_url": ""}, ["providers.harbour.base_url"]),
    ],
)
def test_mistakes_in_a_profile(harbour: Path, change: dict[str, Any], says: list[str]) -> None:
    settings = yaml.safe_load(harbour.read_text())
    settings["providers"]["harbour"].update(change)
    with pytest.raises(SettingsError) as caught:
        Modelport.from_mapping(settings, {"HARBOUR_API_KEY": "hk-1-PlantedWord7"}).chat("pilot")
    for words in says:
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("provider", "says"),
    [
        ({"base_url": "host/v1"}, r"providers\.harbour\.base_url: .*scheme"),
        (
            {"base_url": "http://host/v1", "models": "no_such_package:models"},
            r"providers\.harbour\.models: .*no_such_package",
        ),
    ],
)
def test_a_provider_that_leads_nowhere_is_refused(provider: dict[str, str], says: str) -> None:
    settings = {"providers": {"harbour": provider}, "chat": {"a": {"provider": "harbour", "model": "m"}}}
    with pytest.raises(SettingsError, match=says):
        Modelport.from_mapping(settings, {}).chat()


@pytest.mark.parametrize(
    ("provider", "credential", "sent"),
    [
        ({}, {}, None),
        ({}, {"api_key": "k-1-PlantedWord7"}, "Bearer k-1-PlantedWord7"),
        ({"key_variable": "HARBOUR_API_KEY"}, {}, "Bearer hk-1-PlantedWord7"),
    ],
    ids=["a local server without keys", "a key in the settings", "a key in the environment"],
)
async def test_the_key_is_sent_where_there_is_one(
    provider: dict[str, str], credential: dict[str, str], sent: str | None
) -> None:
    async with ScriptedServer([ScriptedAnswer.json({}, 400)]) as server:
        settings = {
            "providers": {"harbour": {"base_url": server.base_url, **provider}},
            "credentials": {"mine": {"provider": "harbour", **credential}},
            "chat": {"pilot": {"credential": "mine", "model": "tug-7b"}},
        }
        hub = Modelport.from_mapping(settings, {"HARBOUR_API_KEY": "hk-1-PlantedWord7"})
        with pytest.raises(InvalidRequestError):
            await hub.chat("pilot")([UserMsg("user", "Ahoy?")])
        assert server.requests[0].headers.get("authorization") == sent
