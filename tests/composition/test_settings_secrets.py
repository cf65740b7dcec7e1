"""Settings show no key and no password, and give them to what needs them."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pytest

from modelport import Modelport
from modelport.composition.settings import Settings
from modelport.composition.settings_file import settings_from_mapping
from modelport.embedding import SQLEmbeddingCache
from modelport.error import InvalidRequestError, ModelportError, SettingsError
from modelport.message import UserMsg
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer

KEY = "sk-Key-0123456789-PlantedWord7"
GIVEN: dict[str, Any] = {
    "credentials": {
        "work": {"provider": "openai", "api_key": KEY, "organization": KEY + "o", "base_url": f"https://u:{KEY}@h/v1"},
        "plain": {"provider": "openai", "api_key": KEY, "base_url": "https://h/v1"},
        "other": {"provider": "ollama", "api_key": KEY, "host": "http://localhost:1"},
    },
    "cache": {"adapter": "sql", "url": f"postgresql+asyncpg://u:{KEY}@h/d"},
    "rate_limits": {"adapter": "sql", "url": f"postgresql+asyncpg://u:{KEY}@h/d"},
    "transport": {"proxy": f"http://u:{KEY}@h:1"},
    "providers": {"house": {"base_url": f"https://u:{KEY}@h/v1"}, "asked": {"base_url": f"https://h/v1?api_key={KEY}"}},
    "chat": {
        "x": {
            "provider": "house",
            "model": "m",
            "extra_body": {"tools": [{"authorization": KEY, "url": f"https://u:{KEY}@h"}]},
            "parameters": {
                "max_tokens": 3,
                "extra_headers": {"X-Whatever": KEY},
                "tools": [{"authorization": KEY, "server_url": f"https://u:{KEY}@h"}],
            },
        }
    },
}


def shown(value: Any) -> str:  # Any: settings or a part of them
    return "\n".join([repr(value), str(value), str(value.model_dump()), value.model_dump_json(), str(dict(value))])


@pytest.mark.parametrize("part", ["", "cache", "rate_limits", "transport"])
def test_no_form_of_them_shows_a_secret(part: str) -> None:
    settings = settings_from_mapping(GIVEN, {})
    assert KEY not in shown(getattr(settings, part) if part else settings)
    assert KEY not in repr(settings.credentials) and KEY not in str(settings.credentials["work"])
    assert settings.credentials["plain"]["base_url"] == "https://h/v1"
    assert settings.credentials["other"]["host"] == "http://localhost:1"


def test_providers_and_models_get_them() -> None:
    given = {
        "providers": GIVEN["providers"],
        "credentials": {"house": {"provider": "house", "api_key": "k-PlantedWord7"}},
        "chat": {"x": {"provider": "house", "model": "m", "parameters": {"max_tokens": 3, "reasoning_effort": "low"}}},
    }
    hub = Modelport(settings_from_mapping(given, {}))
    assert hub.settings.providers["asked"].base_url != GIVEN["providers"]["asked"]["base_url"]
    assert hub.credential("house").endpoint().base_url == GIVEN["providers"]["house"]["base_url"]
    assert hub.chat("x").parameters.model_dump(exclude_none=True)["max_tokens"] == 3
    assert settings_from_mapping(GIVEN, {}).chat["x"].parameters["max_tokens"] == 3
    plain = {"providers": {"house": {"base_url": "https://h/v1"}}}
    assert settings_from_mapping(plain, {}).providers["house"].base_url == "https://h/v1"


def test_a_secret_in_parameters_reaches_the_model() -> None:
    parameters = {"voice": "https://u:pw12345678@h"}
    given = {"chat": {"x": {"provider": "openai", "model": "m", "parameters": parameters}}}
    settings = settings_from_mapping({**given, "credentials": {"openai": {"api_key": KEY}}}, {})
    assert "pw12345678" not in shown(settings)
    assert Modelport(settings).chat("x").parameters.voice == "https://u:pw12345678@h"


async def test_a_secret_in_the_body_is_sent() -> None:
    async with ScriptedServer([ScriptedAnswer.json({"choices": []}, 400)]) as server:
        given = {
            "credentials": {"openai": {"api_key": KEY, "base_url": server.base_url + "/v1"}},
            "chat": {"x": {"provider": "openai", "model": "m", "extra_body": {"mcp": [{"token": KEY + "t"}]}}},
        }
        hub = Modelport.from_mapping(given, {})
        assert KEY not in shown(hub.settings)
        with pytest.raises(InvalidRequestError):
            await hub.chat("x")([UserMsg("user", "Hello")])
        assert server.requests[0].json()["mcp"] == [{"token": KEY + "t"}]


def test_neither_do_keys_of_the_environment() -> None:
    hub = Modelport.from_env({"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY})
    assert KEY not in shown(hub.settings) + repr(hub.settings.credentials)
    assert hub.credentials["openai"].endpoint().headers == {"authorization": f"Bearer {KEY}"}


def test_credentials_get_them() -> None:
    hub = Modelport(settings_from_mapping({"credentials": GIVEN["credentials"]}, {}))
    endpoint = hub.credential("work").endpoint()
    assert endpoint.headers["authorization"] == f"Bearer {KEY}"
    assert endpoint.headers["openai-organization"] == KEY + "o"
    assert endpoint.base_url == f"https://u:{KEY}@h/v1"


def test_what_was_dumped_is_read_again() -> None:
    settings = settings_from_mapping(GIVEN, {})
    again = Settings.model_validate(settings.model_dump())
    assert again.model_dump() == settings.model_dump()
    assert again.cache.url.get_secret_value() == GIVEN["cache"]["url"]
    assert json.loads(settings.model_dump_json())["transport"]["proxy"] == "**********"


@pytest.mark.parametrize("part", ["cache", "rate_limits"])
@pytest.mark.parametrize("url", ["mysql://u:p@h/d", "postgres//u:p@h/d", "mssql+pyodbc://h/d", "sqlite+pysqlite:///x"])
def test_another_database_is_refused_where_the_settings_are_read(tmp_path: Path, part: str, url: str) -> None:
    (tmp_path / "m.yaml").write_text(f"media: {{}}\n{part}: {{adapter: sql, url: '{url}'}}\n")
    with pytest.raises(SettingsError, match=rf"m\.yaml: line 2: {part}\.url: .*postgresql\+asyncpg://") as caught:
        Modelport.from_file(tmp_path / "m.yaml", {})
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("part", ["cache", "rate_limits"])
@pytest.mark.parametrize(
    "url", ["postgresql://u@h/d?password={}", "postgresql://u:{}@h/d?sslmode=x", "mysql://u:{}@h/d", "{}"]
)
def test_a_refused_database_url_is_not_repeated(part: str, url: str) -> None:
    given = {part: {"adapter": "sql", "url": url.format(KEY)}}
    with pytest.raises(SettingsError) as caught:
        hub = Modelport(settings_from_mapping(given, {}))
        hub.container.embedding_cache() if part == "cache" else hub.container.rate_limiter()
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("password", ["p4ss", "Very-Long-Password-1", "p%40ss%2Fword"])
async def test_a_database_that_does_not_answer_shows_no_password(
    password: str, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("asyncpg", reason="asyncpg is not installed")
    cache = SQLEmbeddingCache(f"postgresql://app:{password}@127.0.0.1:1/app")
    with pytest.raises(ModelportError) as caught:
        await cache.retrieve("a")
    assert password not in "".join(traceback.format_exception(caught.value)) + repr(cache) + caplog.text
