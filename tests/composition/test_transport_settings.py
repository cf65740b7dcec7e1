"""The transport is one entry of the settings: live, recorded or replayed, with the same results."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from dependency_injector import providers
from pydantic import BaseModel

from modelport import Modelport, set_id_factory, set_timestamp_factory
from modelport.composition.settings_file import settings_from_mapping
from modelport.error import ReplayMismatchError, ResponseDecodeError, SettingsError
from modelport.message import UserMsg
from modelport.ports.http import HttpRequest
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.cassette import CassetteServer
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.transport import (
    AiohttpTransport,
    HttpxTransport,
    RecordTransport,
    RecordWebSockets,
    ReplayTransport,
    ReplayWebSockets,
    WebsocketsConnector,
)

SPEECH = Path(__file__).parents[2] / "fixtures" / "websocket" / "dashscope_cosyvoice" / "speech.yaml"

EVENTS = [
    {"id": "c", "model": "gpt-4.1", "choices": [{"index": 0, "delta": {"content": word}}]} for word in ("One ", "two.")
]
END = {"id": "c", "model": "gpt-4.1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
ANSWER = ScriptedAnswer.sse(*(json.dumps(event) for event in [*EVENTS, END]), "[DONE]")
KEY = "sk-of-the-application-PlantedWord7"
SETTINGS = """
transport: {transport}
credentials:
  work: {{provider: openai, api_key: {key}, base_url: {url}/v1}}
chat:
  work: {{credential: work, model: gpt-4.1}}
"""
SPEECH_SETTINGS = """
transport: {transport}
credentials:
  voice: {{provider: dashscope, api_key: {key}, base_url: {url}}}
tts:
  voice: {{credential: voice, model: cosyvoice-v3-flash}}
"""


@pytest.fixture(autouse=True)
def _identity() -> Iterator[None]:
    """Whatever the test fixes is free again afterwards."""
    yield
    set_id_factory(None)
    set_timestamp_factory(None)


def plain(value: Any) -> Any:  # Any: responses, and what they hold
    """Everything in it, down to the last id."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, BaseModel):
        return plain(dict(value))
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


async def run(file: Path) -> list[Any]:  # Any: as above
    """The application: it knows its settings file, and nothing of transports."""
    numbers = itertools.count()
    set_id_factory(lambda: f"id-{next(numbers)}")
    set_timestamp_factory(lambda: "2026-11-23T00:00:00")
    hub = Modelport.from_file(file, {})
    hub.container.clock.override(providers.Object(VirtualClock()))
    async with hub:
        answer = await hub.chat()([UserMsg("user", "Count.")])
        assert isinstance(answer, AsyncGenerator)
        return [plain(response) async for response in answer]


@pytest.mark.parametrize("through", ["httpx", "httpx2", "aiohttp"])
async def test_from_live_to_replay_by_one_line(tmp_path: Path, through: str) -> None:
    file, cassettes = tmp_path / "modelport.yaml", tmp_path / "cassettes"

    def switch(transport: str) -> Path:
        file.write_text(SETTINGS.format(transport=transport, url=server.base_url, key=KEY))
        return file

    async with ScriptedServer([ANSWER, ANSWER]) as server:
        live = await run(switch(f"{{adapter: {through}}}"))
        recorded = await run(switch(f"{{adapter: record, through: {through}, cassettes: {cassettes}}}"))
    replayed = [await run(switch(f"{{adapter: replay, cassettes: {cassettes}}}")) for _ in range(2)]
    assert live[-1]["is_last"] and len(server.requests) == 2
    assert replayed[0] == replayed[1]
    assert live[-1] == recorded[-1] == replayed[0][-1]
    assert KEY not in (cassettes / "recorded.yaml").read_text()


async def speak(file: Path) -> list[Any]:  # Any: as above
    """Another application, of WebSockets. Its ids are new in every run, as they are unless they are fixed."""
    async with Modelport.from_file(file, {}) as hub:
        answer = await hub.tts().synthesize("The bell rings.")
        assert isinstance(answer, AsyncGenerator)
        return [plain(response.content and response.content.source) for response in [one async for one in answer]]


@pytest.mark.parametrize("cassettes", ["cassettes", "tape.yaml"])
async def test_websockets_from_live_to_replay_by_one_line(tmp_path: Path, cassettes: str) -> None:
    file, place = tmp_path / "modelport.yaml", tmp_path / cassettes

    def switch(transport: str) -> Path:
        file.write_text(SPEECH_SETTINGS.format(transport=transport, url=server.http_url, key=KEY))
        return file

    async with CassetteServer(SPEECH, repeat=True) as server:
        live = await speak(switch("{adapter: httpx}"))
        recorded = await speak(switch(f"{{adapter: record, cassettes: {place}}}"))
    replayed = [await speak(switch(f"{{adapter: replay, cassettes: {place}}}")) for _ in range(2)]
    assert len(live) > 1 and live[-1] is None
    assert _joined(live) == _joined(recorded) == _joined(replayed[0]) == _joined(replayed[1])
    written = place / "recorded.websocket.yaml" if cassettes == "cassettes" else tmp_path / "tape.websocket.yaml"
    assert KEY not in written.read_text() and "recorded" in written.read_text()


def _joined(sources: list[Any]) -> str:  # Any: as above
    """All audio; how it is cut is the network's doing."""
    return "".join(base64.b64decode(source["data"]).hex() for source in sources if source)


async def test_both_kinds_of_cassette_in_one_folder(tmp_path: Path) -> None:
    cassettes, file = tmp_path / "cassettes", tmp_path / "modelport.yaml"
    for adapter in ("record", "replay"):
        transport = f"{{adapter: {adapter}, cassettes: {cassettes}}}"
        async with ScriptedServer([ANSWER]) as server, CassetteServer(SPEECH) as speech:
            file.write_text(SETTINGS.format(transport=transport, url=server.base_url, key=KEY))
            assert (await run(file))[-1]["is_last"]
            file.write_text(SPEECH_SETTINGS.format(transport=transport, url=speech.http_url, key=KEY))
            assert len(_joined(await speak(file))) > 4000
            assert (len(server.requests), speech.mismatches) == (adapter == "record", [])


async def test_a_request_that_was_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("{version: 1, interactions: []}")
    transport = f"{{adapter: replay, cassettes: {tmp_path}}}"
    (tmp_path / "modelport.yml.txt").write_text(SETTINGS.format(transport=transport, url="http://127.0.0.1:9", key=KEY))
    with pytest.raises(ReplayMismatchError, match="no interactions"):
        await run(tmp_path / "modelport.yml.txt")


@pytest.mark.parametrize(
    ("adapter", "kind", "websockets"),
    [
        ("httpx", HttpxTransport, WebsocketsConnector),
        ("httpx2", HttpxTransport, WebsocketsConnector),
        ("aiohttp", AiohttpTransport, WebsocketsConnector),
        ("record", RecordTransport, RecordWebSockets),
        ("replay", ReplayTransport, ReplayWebSockets),
    ],
)
def test_each_adapter(tmp_path: Path, adapter: str, kind: type[object], websockets: type[object]) -> None:
    hub = Modelport.from_mapping({"transport": {"adapter": adapter, "cassettes": tmp_path}}, {})
    assert type(hub.container.transport()) is kind
    assert type(hub.container.websockets()) is websockets


@pytest.mark.parametrize(
    ("installed", "transport", "chosen"),
    [
        (["aiohttp", "httpx2", "httpcore2"], {}, "AiohttpTransport"),
        (["httpx2", "httpcore2"], {}, "httpx2"),
        ([], {}, "httpx"),
        (["aiohttp", "httpx2", "httpcore2"], {"http2": True}, "httpx2"),
        (["aiohttp"], {"http2": True}, "httpx"),
        (["aiohttp"], {"proxy": "socks5://127.0.0.1:9"}, "httpx"),
        (["aiohttp"], {"proxy": "http://127.0.0.1:9"}, "AiohttpTransport"),
    ],
)
@pytest.mark.parametrize("named", [{}, {"adapter": "auto"}])
def test_auto_is_the_fastest_that_is_installed_and_can_do_it(
    installed: list[str],
    transport: dict[str, object],
    chosen: str,
    named: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelport.composition.transports.find_spec", lambda name: name if name in installed else None)
    found = Modelport.from_mapping({"transport": {**named, **transport}}, {}).container.transport()
    assert chosen in (type(found).__name__, getattr(found, "_library", None))


def test_auto_goes_to_httpx_for_a_socks_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    assert isinstance(Modelport.from_mapping({}, {}).container.transport(), HttpxTransport)


@pytest.mark.parametrize("adapter", ["httpx", "httpx2", "aiohttp"])
async def test_the_settings_limit_an_answer(adapter: str) -> None:
    async with ScriptedServer([ScriptedAnswer.json({"x": "y" * 5000}), ANSWER]) as server:
        hub = Modelport.from_mapping(
            {
                "transport": {"adapter": adapter, "max_answer_mb": 0.002},
                "credentials": {"work": {"provider": "openai", "api_key": KEY, "base_url": server.base_url}},
                "chat": {"work": {"credential": "work", "model": "gpt-4.1", "stream": False}},
            },
            {},
        )
        async with hub:
            with pytest.raises(ResponseDecodeError, match="max_answer_mb"):
                await hub.chat()([UserMsg("user", "Count.")])
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("transport", "says"),
    [
        ({"adapter": "replay"}, "transport.cassettes"),
        ({"adapter": "record"}, "transport.cassettes"),
        ({"adapter": "aiohttp", "http2": True}, "transport.http2"),
        ({"adapter": "record", "through": "replay"}, "transport.through"),
    ],
)
def test_mistakes(transport: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Modelport.from_mapping({"transport": transport}, {}).container.transport()


@pytest.mark.parametrize("adapter", ["replay", "record"])
def test_mistakes_of_websockets(adapter: str) -> None:
    with pytest.raises(SettingsError, match=r"transport\.cassettes"):
        Modelport.from_mapping({"transport": {"adapter": adapter}}, {}).container.websockets()


@pytest.mark.parametrize("adapter", ["httpx", "httpx2", "aiohttp"])
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"proxy": "me:hidden@proxy:80"}, "settings: transport.proxy: .*http://"),
        ({"proxy": "ftp://me:hidden@proxy"}, "settings: transport.proxy: .*http://"),
        ({"verify": "/no/such/hidden.pem"}, "transport.verify: /no/such"),
    ],
)
async def test_options_that_cannot_work(adapter: str, wrong: dict[str, str], says: str) -> None:
    settings = {"transport": {"adapter": adapter, **wrong}, "chat": {"a": {"provider": "ollama", "model": "m"}}}
    with pytest.raises(SettingsError, match=says) as caught:
        await Modelport.from_mapping(settings, {}).chat()([UserMsg("user", "Hi")])
    assert "proxy" not in wrong or "hidden" not in str(caught.value)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
async def test_what_the_library_refuses_is_a_mistake_in_the_settings(library: Literal["httpx", "httpx2"]) -> None:
    with pytest.raises(SettingsError, match="proxy"):
        await HttpxTransport(library, proxy="nonsense").send(HttpRequest("GET", "http://127.0.0.1:9"))


@pytest.mark.parametrize("value", [None, "x", 5, [("a", 1)]])
def test_settings_that_are_no_mapping(value: Any) -> None:
    with pytest.raises(SettingsError, match="must be a mapping"):
        Modelport.from_mapping(value, {})


def test_an_empty_proxy_is_none() -> None:
    assert settings_from_mapping({"transport": {"proxy": "${PROXY:-}"}}, {}).transport.proxy is None
