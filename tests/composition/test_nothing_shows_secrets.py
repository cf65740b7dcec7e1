"""No public object that holds a credential shows it, however it is printed, dumped or pictured."""

from __future__ import annotations

import importlib
import inspect
import io
import json
import pprint
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from rich.console import Console
from rich.pretty import pretty_repr

import modelport.settings
from modelport import Modelport
from modelport import credential as credentials
from modelport.agent import Agent
from modelport.composition.settings_file import settings_from_mapping
from modelport.conversation import SQLConversationStore
from modelport.credential import CredentialBase, CredentialFactory, OllamaCredential, OpenAICredential
from modelport.embedding import SQLEmbeddingCache
from modelport.model import OpenAIChatModel
from modelport.ports.codec.embedding import EmbeddingRequest
from modelport.ports.codec.realtime_speech import RealtimeRequest
from modelport.ports.codec.speech import SpeechRequest
from modelport.ports.codec.transcription import TranscriptionRequest
from modelport.provider import ChatRequest, Endpoint, Provider
from modelport.realtime import RealtimeAgent
from modelport.sync import SyncChatModel, SyncEmbeddingModel, SyncTTSModel
from modelport.testing import RecordedRequest
from modelport.transport import (
    AiohttpTransport,
    HttpRequest,
    HttpxTransport,
    RecordTransport,
    RecordWebSockets,
    WebSocketRequest,
    WebsocketsConnector,
)
from tests.planted import KEY, found

URL = f"https://user:{KEY}@host.test/v1?api_key={KEY}"
NAMES = json.loads((Path(__file__).parents[1] / "public_names.json").read_text())
HOLDING = {"api_key", "base_url", "credential", "credentials", "environment", "extra_headers", "headers", "host"}
HOLDING |= {"inner", "proxy", "settings", "transport", "url"}
"""Arguments that may hold a secret, or an object that holds one."""
NO_SECRETS = {
    "DataBlockDeltaEvent": "its URL is content, which the program asked for",
    "ToolResultDataDeltaEvent": "its URL is content",
    "URLSource": "its URL is content",
    "VoiceSession": "made by a model for a connection; tests/application/realtime watch it",
    "ScriptedAnswer": "what a test lets a server say",
    "Script": "what a test lets a server say",
    "ScriptedConnection": "a test's own connection",
}


def public_classes() -> dict[str, type]:
    """All public classes with the words of their signatures."""
    found_classes: dict[str, type] = {}
    for module, names in NAMES.items():
        for name in names:
            value = getattr(importlib.import_module(module), name)
            if inspect.isclass(value):
                found_classes[f"{module}.{name}"] = value
    return found_classes


def credential_of(cls: type[CredentialBase]) -> CredentialBase:
    fields = {"host": URL} if "host" in cls.model_fields else {"base_url": URL}
    return cls.model_validate({"api_key": KEY, **fields, "name": "mine"})


def models_of(cls: type[CredentialBase]) -> list[Any]:  # Any: models of all kinds
    credential = credential_of(cls)
    embedding = cls.get_embedding_model_class()
    headers = {"extra_headers": {"x-any": KEY}}
    transport = {"transport": HttpxTransport(proxy=f"http://user:{KEY}@h:1")}
    made: list[Any] = [each(credential, "m", **headers, **transport) for each in cls.get_chat_model_classes()]
    made += [each(credential, "m") for each in cls.get_tts_model_classes()]
    made += [each(credential, "m") for each in cls.get_realtime_model_classes()]
    made += [each(credential, "m") for each in cls.get_stt_model_classes()]
    return made + ([embedding(credential, "m", embedding_cache=SQLEmbeddingCache(DATABASE))] if embedding else [])


DATABASE = f"postgresql+asyncpg://user:{KEY}@host.test/d"
SETTINGS: dict[str, Any] = {
    "credentials": {"work": {"provider": "openai", "api_key": KEY, "base_url": URL}, "openai": {"api_key": KEY}},
    "cache": {"adapter": "sql", "url": f"postgresql+asyncpg://user:{KEY}@host.test/d"},
    "rate_limits": {"adapter": "sql", "url": f"postgresql+asyncpg://user:{KEY}@host.test/d"},
    "transport": {"proxy": f"http://user:{KEY}@h:1"},
    "providers": {"house": {"base_url": URL, "headers": {"x-key": KEY}}},
    "chat": {"main": {"provider": "openai", "model": "m", "credential": "work", "extra_headers": {"x-any": KEY}}},
}


def of_a_hub() -> list[Any]:  # Any: whatever a hub is made of
    settings = settings_from_mapping(SETTINGS, {"OPENAI_API_KEY": KEY})
    hub = Modelport(settings)
    environment = {"ANTHROPIC_API_KEY": KEY, "OLLAMA_HOST": f"http://user:{KEY}@h:1"}
    from_env = Modelport.from_env(environment)
    parts = [hub, settings, hub.container, hub.credentials, hub.credential("work"), hub.chat("main"), from_env]
    parts += [from_env.credentials, from_env.credential("ollama"), from_env.settings, hub.chat("main").runtime]
    parts += [*dict(settings).values(), *settings.chat.values(), *settings.providers.values()]
    parts += [hub.container.embedding_cache(), hub.container.rate_limiter(), hub.container.transport()]
    given: dict[str, Any] = {"provider": "openai", "model": "m", "credential": "work"}  # Any: of each section
    for section in ("EmbeddingSettings", "TTSSettings", "RealtimeSettings", "STTSettings"):
        cls = getattr(modelport.settings, section)
        parts.append(cls.model_validate({**given, "parameters": {"token": KEY, "url": URL}}))
    return parts


def of_requests() -> list[Any]:  # Any: values of a request
    headers = {"authorization": f"Bearer {KEY}", "x-any": KEY}
    transport = HttpxTransport(proxy=f"http://user:{KEY}@h:1")
    sockets = WebsocketsConnector(proxy=f"http://user:{KEY}@h:1")
    made: list[Any] = [Endpoint(URL, headers), HttpRequest("POST", URL, headers, KEY.encode())]
    made += [WebSocketRequest(URL.replace("http", "ws"), headers), Provider("house", base_url=URL, headers=headers)]
    made += [RecordedRequest("POST", f"/v1?api_key={KEY}", headers, KEY.encode())]
    for cls in (ChatRequest, EmbeddingRequest, SpeechRequest, TranscriptionRequest, RealtimeRequest):
        given = dict.fromkeys(
            (entry.name for entry in fields(cls) if entry.default is entry.default_factory is MISSING), "m"
        )
        secret: Any = {"extra_headers": headers, "overrides": {"tools": [{"authorization": KEY}]}}  # Any: per class
        made.append(cls(**{**given, "endpoint": Endpoint(URL, headers), **secret}))
    made += [transport, AiohttpTransport(proxy=f"http://user:{KEY}@h:1"), sockets, SQLEmbeddingCache(DATABASE)]
    made += [SQLConversationStore(DATABASE)]
    return [*made, RecordTransport(transport, "nowhere"), RecordWebSockets(sockets, "nowhere")]


@cache
def objects() -> list[Any]:  # Any: of all public classes
    classes = [getattr(credentials, name) for name in credentials.__all__]
    kinds = [cls for cls in classes if issubclass(cls, CredentialBase) and "api_key" in cls.model_fields]
    made = [credential_of(cls) for cls in kinds] + [model for cls in kinds for model in models_of(cls)]
    model = OpenAIChatModel(OpenAICredential(api_key=KEY, base_url=URL), "m")
    made += [Agent("a", model), SyncChatModel(model), CredentialFactory()]
    made += [each(model) for each in (SyncEmbeddingModel, SyncTTSModel)]
    made += [RealtimeAgent("a", made_model) for made_model in made if "Realtime" in type(made_model).__name__][:1]
    return [*made, *of_a_hub(), *of_requests()]


def shown(value: Any) -> dict[str, str]:  # Any: an object of any class
    """All that printing it shows."""
    console = Console(file=io.StringIO(), width=1000)
    console.print(value)
    forms = {"repr": repr(value), "str": str(value), "format": f"{value}", "pprint": pprint.pformat(value)}
    forms |= {"rich": pretty_repr(value), "console": console.file.getvalue(), "in a dict": str({"a": [value]})}  # type: ignore[attr-defined]
    if isinstance(value, BaseModel):
        forms |= {"dump": str(value.model_dump()), "json": value.model_dump_json(), "dict": str(dict(value))}
        forms |= {"aliases": str(value.model_dump(by_alias=True)), "mode": str(value.model_dump(mode="json"))}
        forms |= {"text": json.dumps(value.model_dump(), default=str), "fields": json.dumps(dict(value), default=str)}
    return forms


def test_none_shows_its_secret() -> None:
    bad = [(type(value).__name__, form) for value in objects() for form, text in shown(value).items() if found(text)]
    assert bad == []


def test_every_public_class_that_may_hold_a_secret_is_among_them() -> None:
    made = {type(value) for value in objects()}
    made |= {base for cls in made for base in cls.__mro__}
    missing = []
    for name, cls in public_classes().items():
        words = NAMES[name.rpartition(".")[0]][name.rpartition(".")[2]].split()
        holding = {word[:-1] for word in words if word.endswith("=")} & HOLDING
        if holding and cls not in made and cls.__name__ not in NO_SECRETS and not issubclass(cls, BaseException):
            missing.append(name)
    assert missing == [], "make one in `objects`, or say in NO_SECRETS why it holds none"


@pytest.mark.parametrize("cls", [OpenAICredential, OllamaCredential])
@pytest.mark.parametrize("secret", ["k", "test", "12345", "a-long-secret-0123456789"])
def test_short_secrets_are_hidden_too(cls: type[CredentialBase], secret: str) -> None:
    url = f"https://user:{secret}@host.test/v2?sig={secret}"
    credential = cls.model_validate({"api_key": secret, ("host" if cls is OllamaCredential else "base_url"): url})
    places = [f":{secret}@", f"={secret}", f"'{secret}'", f'"{secret}"']
    assert [text for text in shown(credential).values() if any(place in text for place in places)] == []


@pytest.mark.parametrize("cls", [OpenAICredential, OllamaCredential])
def test_a_url_with_a_secret_survives_a_dump(cls: type[CredentialBase]) -> None:
    field = "host" if cls is OllamaCredential else "base_url"
    credential = cls.model_validate({"api_key": KEY, field: URL.removesuffix("/v1")})
    for again in (credential.model_dump(), dict(credential), credential.to_storage(include_secrets=True)):
        assert cls.model_validate(again) == credential
    stored = credential.to_storage()
    assert not found(str(stored)) and "host.test" in stored[field]
    with pytest.raises(ValueError, match="left out"):
        cls.model_validate({"api_key": KEY, **stored})
