"""Settings: every mistake names its key, its file and what is allowed."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from modelport import Modelport
from modelport.composition.settings_file import settings_from_mapping
from modelport.error import SettingsError
from modelport.formatter import OpenAIMultiAgentFormatter
from modelport.message import UserMsg
from modelport.model import OllamaChatModel, OpenAIChatModel
from modelport.testing.servers.http import ScriptedServer
from tests.contract.samples import OPENAI

GOOD = """
credentials:
  work:
    provider: openai
    api_key: ${WORK_KEY}
    base_url: ${WORK_URL:-http://127.0.0.1:9/v1}
chat:
  careful:
    credential: work
    model: gpt-4.1
    stream: false
    parameters: {temperature: 0.2, max_tokens: 100}
    retry: {max_retries: 1}
    timeouts: {idle: null, total: 60}
  local:
    provider: ollama
    model: qwen3:8b
  debate:
    credential: work
    model: gpt-4.1
    formatter: multi_agent
default_chat: careful
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "modelport.yaml"
    path.write_text(text)
    return path


def test_models_by_name(tmp_path: Path) -> None:
    hub = Modelport.from_file(write(tmp_path, GOOD), {"WORK_KEY": "sk-work-PlantedWord7"})
    careful = hub.chat()
    assert isinstance(careful, OpenAIChatModel) and careful is hub.chat("careful")
    assert careful.credential.model_dump()["base_url"] == "http://127.0.0.1:9/v1"
    assert (careful.stream, careful.max_retries, careful.timeouts.idle, careful.timeouts.total) == (False, 1, None, 60)
    assert careful.parameters.temperature == 0.2
    assert isinstance(hub.chat("local"), OllamaChatModel)
    assert isinstance(hub.chat("debate").formatter, OpenAIMultiAgentFormatter)
    assert hub.chat("ollama/llama3.2:3b").model == "llama3.2:3b"
    assert careful.runtime.transport is hub.chat("local").runtime.transport
    assert "sk-work-PlantedWord7" not in repr(hub.credentials) + repr(hub.settings)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("chat: {a: {model: m, provider: openai, tempo: 1}}", ["chat.a.tempo", "unknown key", "timeouts"]),
        ("chatt: {}", ["chatt", "unknown key", "credentials"]),
        ("chat: {a: {provider: openai}}", ["chat.a.model", "missing"]),
        ("chat: {a: {model: m, provider: openai, retry: {max_retries: -1}}}", ["chat.a.retry.max_retries", "-1"]),
        ("chat: {a: {model: m, provider: openai, timeouts: {idel: 1}}}", ["chat.a.timeouts.idel", "first_event"]),
        ("transport: {adapter: curl}", ["transport.adapter", "httpx", "curl"]),
        ("credentials: {a: {provider: openai, api_key: '${NO_SUCH}'}}", ["credentials.a.api_key", "NO_SUCH"]),
        ("chat: [1, 2", ["not valid YAML", "line 1"]),
        ("- 1", ["mapping"]),
    ],
)
def test_mistakes_in_a_file(tmp_path: Path, text: str, says: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        Modelport.from_file(path, {})
    for words in [str(path), *says]:
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"chat": {"a": {"model": "m", "provider": "nowhere"}}}, ["nowhere", "openai", "ollama"]),
        ({"chat": {"a": {"model": "m"}}}, ["chat.a", "provider"]),
        (
            {"chat": {"a": {"model": "m", "provider": "openai", "parameters": {"temprature": 1}}}},
            ["temprature", "top_p"],
        ),
        ({"chat": {"a": {"model": "m", "provider": "openai", "parameters": {"temperature": 9}}}}, ["temperature"]),
        ({"chat": {"a": {"model": "m", "provider": "openai", "model_class": "X"}}}, ["model_class", "OpenAIChatModel"]),
        (
            {
                "credentials": {"c": {"provider": "openai", "base_url": "host"}},
                "chat": {"a": {"model": "m", "credential": "c"}},
            },
            ["credentials.c.base_url", "scheme"],
        ),
        (
            {
                "credentials": {"c": {"provider": "openai", "apikey": "x"}},
                "chat": {"a": {"model": "m", "credential": "c"}},
            },
            ["apikey", "api_key"],
        ),
    ],
)
def test_mistakes_found_when_a_model_is_built(settings: dict[str, Any], says: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        Modelport.from_mapping(settings).chat("a")
    for words in says:
        assert words in str(caught.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Modelport.from_file(tmp_path / "none.yaml")


def test_names_that_are_not_there() -> None:
    hub = Modelport.from_mapping(
        {"chat": {"a": {"model": "m", "provider": "ollama"}, "b": {"model": "m", "provider": "ollama"}}}
    )
    with pytest.raises(SettingsError, match="name one of"):
        hub.chat()
    with pytest.raises(SettingsError, match="there are: a, b"):
        hub.chat("c")


def test_the_environment_gives_credentials() -> None:
    hub = Modelport.from_env({"OPENAI_API_KEY": "sk-1-PlantedWord7", "OLLAMA_HOST": "0.0.0.0", "HOME": "/"})
    assert sorted(hub.credentials) == ["ollama", "openai"]
    assert hub.credentials["ollama"].host == "http://127.0.0.1:11434"  # type: ignore[attr-defined]  # an OllamaCredential
    assert {card.name for card in hub.cards()} >= {"gpt-4.1", "qwen3:8b"}


async def test_swapping_the_transport_is_one_line() -> None:
    for adapter in ("httpx", "httpx2"):
        async with ScriptedServer([OPENAI.whole_stream]) as server:
            settings = {
                "transport": {"adapter": adapter},
                "credentials": {
                    "c": {"provider": "openai", "api_key": "k-PlantedWord7", "base_url": server.base_url + "/v1"}
                },
                "chat": {"a": {"model": "gpt-4.1", "credential": "c"}},
            }
            async with Modelport.from_mapping(settings) as hub:
                texts = [response.text async for response in await hub.chat()([UserMsg("u", "hi")])]  # type: ignore[union-attr]  # a stream
            assert texts[-1] == "Hello world"


async def test_the_container_can_be_overridden() -> None:
    from dependency_injector import providers

    from modelport.testing.clock import VirtualClock

    hub = Modelport.from_mapping({"chat": {"a": {"model": "m", "provider": "ollama"}}})
    clock = VirtualClock()
    hub.container.clock.override(providers.Object(clock))
    assert hub.chat().runtime.clock is clock


def test_keys_that_the_settings_leave_out_come_from_the_environment() -> None:
    settings = {
        "credentials": {"c": {"provider": "openai"}},
        "chat": {"a": {"model": "m", "credential": "c"}, "b": {"model": "m", "provider": "xai"}},
    }
    hub = Modelport.from_mapping(settings, {"OPENAI_API_KEY": "sk-1-PlantedWord7", "XAI_API_KEY": "xk-2-PlantedWord7"})
    assert hub.chat("a").credential.to_storage(include_secrets=True)["api_key"] == "sk-1-PlantedWord7"
    assert hub.chat("b").credential.to_storage(include_secrets=True)["api_key"] == "xk-2-PlantedWord7"
    with pytest.raises(SettingsError, match="XAI_API_KEY"):
        Modelport.from_mapping(settings, {}).chat("b")


@pytest.mark.parametrize(
    "settings",
    [
        {"credentials": {"work": "sk-work-1234567"}},
        {"credentials": "sk-work-1234567"},
        {"credentials": {"work": {"provider": "openai", "api_key": ["sk-work-1234567"]}}},
        {"transport": {"proxy": ["http://me:sk-work-1234567@proxy"]}},
        {"cache": {"url": {"password": "sk-work-1234567"}}},
        {"rate_limits": {"url": ["sk-work-1234567"]}},
        "sk-work-1234567",
    ],
)
def test_a_mistake_does_not_show_a_secret(settings: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        assert Modelport(settings_from_mapping(settings, {})).credentials
    assert "sk-work-1234567" not in "".join(traceback.format_exception(caught.value))


def test_settings_do_not_show_their_secrets() -> None:
    secret = {"proxy": "http://me:sk-work@proxy"}, {"adapter": "sql", "url": "postgresql+asyncpg://me:sk-work@db/x"}
    hub = Modelport.from_mapping({"transport": secret[0], "cache": secret[1], "rate_limits": secret[1]}, {})
    assert "sk-work-PlantedWord7" not in repr(hub.settings) + str(hub.settings)
    assert "sk-work-PlantedWord7" not in repr(Modelport.from_env({"OPENAI_API_KEY": "sk-work-PlantedWord7"}).settings)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("chat: {a: {model: m, provider: openai, parameters: {temperature: 9}}}", "chat.a: parameters.temperature"),
        (
            "chat: {a: {model: m, provider: openai, model_class: X}}",
            "chat.a: model_class: expected one of OpenAIChat",
        ),
        ("chat: {a: {model: m, provider: nowhere}}", "chat.a: unknown provider 'nowhere'"),
        ("chat: {a: {model: m}}", "chat.a: name a `provider`"),
        ("default_chat: b\nchat: {a: {model: m, provider: ollama}}", "default_chat: no chat model is called 'b'"),
        (
            "credentials: {c: {provider: openai, base_url: x}}\nchat: {a: {model: m, credential: c}}",
            "chat.a: credentials.c.base_url: ",
        ),
        (
            "credentials: {c: {provider: openai}}\nchat: {a: {model: m, credential: d}}",
            "chat.a: no credential is called 'd'; there are: c",
        ),
    ],
)
def test_a_mistake_found_later_still_names_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        Modelport.from_file(path, {}).chat()
    line = 1 + text.count("\n")
    assert str(caught.value).startswith(f"{path}: line {1 if says.startswith('default_chat') else line}: {says}")


def test_a_credential_with_a_mistake_names_file_and_key(tmp_path: Path) -> None:
    path = write(tmp_path, "credentials: {c: {provider: openai, apikey: x}}")
    with pytest.raises(SettingsError) as caught:
        _ = Modelport.from_file(path, {}).credentials
    assert str(caught.value).startswith(f"{path}: line 1: credentials.c.apikey: unknown key")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "modelport.yaml"
    path.write_bytes(b"\xff\xfechat")
    with pytest.raises(SettingsError, match="UTF-8"):
        Modelport.from_file(path, {})


@pytest.mark.parametrize("value", ["${A:-${B:-x}}", "${A:-${B}}", "${my-key}", "${}", "a ${1X} b", "${ A }"])
def test_a_variable_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    path = write(tmp_path, f"credentials: {{c: {{provider: openai, api_key: '{value}'}}}}")
    for environment in ({}, {"A": "a", "B": "b"}):
        with pytest.raises(SettingsError) as caught:
            Modelport.from_file(path, environment)
        assert str(caught.value).startswith(f"{path}: line 1: credentials.c.api_key: ") and "${NAME" in str(
            caught.value
        )


def test_braces_that_are_no_variable_are_kept() -> None:
    kept = {"stop": ["${", "$HOME", "{a}", "$", "}"]}
    settings = settings_from_mapping({"chat": {"a": {"provider": "ollama", "model": "m", "parameters": kept}}}, {})
    assert settings.chat["a"].parameters == kept


@pytest.mark.parametrize(
    ("written", "environment", "value"),
    [
        ("${M:-gpt}", {"M": ""}, "gpt"),
        ("${M:-gpt}", {}, "gpt"),
        ("${M:-gpt}", {"M": "x"}, "x"),
        ("${M:-}", {"M": ""}, ""),
        ("${M}", {"M": ""}, ""),
        ("${M}", {"M": "${N}"}, "${N}"),
        ("$${M}", {}, "${M}"),
        ("$${M:-a} ${M:-b}", {}, "${M:-a} b"),
        ("a$${", {}, "a${"),
        ("$M", {"M": "x"}, "$M"),
    ],
)
def test_variables(written: str, environment: dict[str, str], value: str) -> None:
    given = {"chat": {"a": {"provider": "ollama", "model": written}}}
    assert settings_from_mapping(given, environment).chat["a"].model == value


def test_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    text = (
        "cache: {path: ~/c, url: 'sqlite+aiosqlite:///~/c.db'}\nmedia: {roots: [~/m]}\n"
        "transport: {verify: ~/ca.pem, cassettes: ~/k}\nproviders: {p: {base_url: 'http://h', models: ~/cards}}\n"
    )
    write(tmp_path, text)
    settings = Modelport.from_file("~/modelport.yaml", {}).settings
    assert (settings.cache.path, settings.media.roots) == (tmp_path / "c", [tmp_path / "m"])
    assert settings.cache.url.get_secret_value() == f"sqlite+aiosqlite:///{tmp_path}/c.db"
    assert (settings.transport.verify, settings.transport.cassettes) == (tmp_path / "ca.pem", tmp_path / "k")
    assert settings.providers["p"].models == str(tmp_path / "cards")


@pytest.mark.parametrize("kind", ["chat", "embedding", "tts"])
def test_a_provider_that_is_not_the_credentials_is_refused(tmp_path: Path, kind: str) -> None:
    credentials = "credentials:\n  c: {provider: openai, api_key: k}\n  gemini: {api_key: k}\n"
    for credential, provider in (("c", "gemini"), ("gemini", "openai")):
        entry = f"{kind}:\n  a:\n    credential: {credential}\n    model: m\n    provider: {provider}\n"
        path = write(tmp_path, credentials + entry)
        with pytest.raises(SettingsError) as caught:
            Modelport.from_file(path, {})
        assert str(caught.value).startswith(f"{path}: line 8: {kind}.a.provider: expected ")
        assert credential in str(caught.value) and provider in str(caught.value)
    hub = Modelport.from_mapping({"credentials": {"c": {"provider": "openai", "api_key": "k-PlantedWord7"}}})
    with pytest.raises(SettingsError, match="expected 'openai', the provider of the credential 'c', got 'gemini'"):
        hub.container.chat(credential="c", provider="gemini", model="m")
    assert hub.container.chat(credential="c", provider="openai", model="m").model == "m"
