"""Neutral settings at the wire: what each class sends for them, and what it says where it sends nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest

import modelport.credential
from modelport import Modelport
from modelport.agent import Agent
from modelport.application.call.context import CallContext
from modelport.application.chat.http_attempt import _encode
from modelport.composition.providers.registry import ProviderRegistry
from modelport.credential import OpenAICredential
from modelport.error import InvalidRequestError, SettingsError, UnsupportedFeatureError
from modelport.message import UserMsg
from modelport.model import (
    AnthropicChatModel,
    ChatModelBase,
    DashScopeChatModel,
    DeepSeekChatModel,
    GeminiChatModel,
    MiniMaxChatModel,
    ModelWarning,
    MoonshotChatModel,
    OllamaChatModel,
    OpenAIChatModel,
    OpenAIResponseModel,
    VolcengineChatModel,
    XAIChatModel,
)
from modelport.testing import ScriptedChatModel, ScriptedServer, violations_of
from modelport.testing.servers.strict.apis import APIS
from tests.application.agent.agent_support import saying

ASK = [UserMsg("user", "Hello?")]
CLASSES: dict[str, type[ChatModelBase]] = {
    "openai_chat": OpenAIChatModel,
    "openai_responses": OpenAIResponseModel,
    "anthropic": AnthropicChatModel,
    "dashscope": DashScopeChatModel,
    "deepseek": DeepSeekChatModel,
    "gemini": GeminiChatModel,
    "moonshot": MoonshotChatModel,
    "ollama": OllamaChatModel,
    "xai": XAIChatModel,
    "minimax": MiniMaxChatModel,
    "volcengine": VolcengineChatModel,
}
CURRENT = {
    "openai_chat": "gpt-4.1",
    "openai_responses": "gpt-4.1",
    "anthropic": "claude-sonnet-4-6",
    "dashscope": "qwen-plus",
    "deepseek": "deepseek-chat",
    "gemini": "gemini-3-flash-preview",
    "moonshot": "moonshot-v1-8k",
    "ollama": "qwen3:8b",
    "xai": "grok-4.3",
    "minimax": "MiniMax-M2.5",
    "volcengine": "doubao-seed-2-1-pro-260915",
}


def model_of(api: str, name: str, **options: Any) -> Any:  # Any: one of the classes
    cls: Any = CLASSES[api]
    vendor = cls.__name__.removesuffix("ChatModel").removesuffix("ResponseModel")
    credential = getattr(modelport.credential, f"{vendor}Credential")
    return cls(credential(**({} if api == "ollama" else {"api_key": "k-PlantedWord7"})), name, **options)


async def sent(model: Any, **kwargs: Any) -> tuple[dict[str, Any], list[ModelWarning]]:
    """The body of a call with these arguments, and the warnings that its response would have."""
    context = CallContext.of(model._spec(stream=False))
    call = await _encode(model, context, model.model, ASK, (), None, {**model.settings, **kwargs})
    body: dict[str, Any] = json.loads(call.http_request.body)
    return body, [warning for warning in context.warnings if warning.kind not in ("unknown_model", "deprecated")]


def thinking_cards() -> Iterator[tuple[str, str]]:
    for api, cls in CLASSES.items():
        yield from ((api, card.name) for card in cls.list_models() if card.thinks)


@pytest.mark.parametrize("wanted", [True, "low", "max", False])
@pytest.mark.parametrize("api", CLASSES)
async def test_every_thinking_model_hears_the_wish_or_the_caller_hears_why_not(api: str, wanted: bool | str) -> None:
    names = [name for of, name in thinking_cards() if of == api]
    assert names
    for name in names:
        model = model_of(api, name)
        plain, before = await sent(model)
        body, warnings = await sent(model, thinking=wanted)
        own = [warning for warning in warnings if warning not in before]
        thinks_unasked = model.card.thinking is None or model.card.thinking.default != "disabled"
        if wanted is not False or thinks_unasked:
            assert body != plain or own, f"{name}: nothing was sent for thinking={wanted!r}, and nothing said"
        assert api not in APIS or violations_of(api, body, name) == [], (name, wanted)
        if body == plain and own:
            assert own[0].setting in ("thinking", "thinking_enable"), (name, own)


CREDENTIALS = {name: ProviderRegistry().get(name).credential_class() for name in ProviderRegistry().names()}
DATA_PROVIDERS = [name for name, credential in CREDENTIALS.items() if hasattr(credential, "chat_profile")]
"""The providers without classes of their own."""


@pytest.mark.parametrize("provider", DATA_PROVIDERS)
async def test_so_does_every_thinking_model_of_a_provider_that_is_data(provider: str) -> None:
    credential = CREDENTIALS[provider]
    fields: dict[str, Any] = getattr(credential, "extra_fields", {})
    environment = {field.variable: "r" for field in fields.values() if field.variable}
    environment[ProviderRegistry().get(provider).key_variable] = "k"
    for card in credential.list_models():
        if not card.thinks:
            continue
        settings = {"chat": {"it": {"provider": provider, "model": card.name}}}
        model = Modelport.from_mapping(settings, environment).chat("it")
        plain, before = await sent(model)
        for wanted in (True, "low", "max"):
            body, warnings = await sent(model, thinking=wanted)
            own = [warning for warning in warnings if warning not in before and warning.setting.startswith("thinking")]
            assert body != plain or own, (card.name, wanted)


EVERYTHING: dict[str, Any] = {
    "stop": ["END"],
    "seed": 7,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.25,
    "top_k": 5,
    "logprobs": 3,
    "service_tier": "auto",
    "user": "u-1",
    "cache": "auto",
}
AT_THE_WIRE: dict[str, tuple[dict[str, Any], set[str]]] = {
    "openai_chat": (
        {
            "stop": ["END"],
            "seed": 7,
            "presence_penalty": 0.5,
            "frequency_penalty": 0.25,
            "logprobs": True,
            "top_logprobs": 3,
            "service_tier": "auto",
            "safety_identifier": "u-1",
        },
        {"top_k"},
    ),
    "openai_responses": (
        {
            "top_logprobs": 3,
            "include": ["message.output_text.logprobs"],
            "service_tier": "auto",
            "safety_identifier": "u-1",
        },
        {"stop", "seed", "presence_penalty", "frequency_penalty", "top_k"},
    ),
    "anthropic": (
        {
            "stop_sequences": ["END"],
            "top_k": 5,
            "service_tier": "auto",
            "metadata": {"user_id": "u-1"},
            "cache_control": {"type": "ephemeral"},
        },
        {"seed", "presence_penalty", "frequency_penalty", "logprobs"},
    ),
    "dashscope": (
        {"stop": ["END"], "seed": 7, "presence_penalty": 0.5, "top_k": 5, "logprobs": True, "top_logprobs": 3},
        {"frequency_penalty", "service_tier", "user"},
    ),
    "deepseek": (
        {"stop": ["END"], "logprobs": True, "top_logprobs": 3, "user_id": "u-1"},
        {"seed", "presence_penalty", "frequency_penalty", "top_k", "service_tier"},
    ),
    "gemini": (
        {
            "generationConfig": {
                "stopSequences": ["END"],
                "seed": 7,
                "presencePenalty": 0.5,
                "frequencyPenalty": 0.25,
                "topK": 5,
                "responseLogprobs": True,
                "logprobs": 3,
            },
            "serviceTier": "auto",
        },
        {"user"},
    ),
    "moonshot": (
        {"stop": ["END"], "presence_penalty": 0.5, "frequency_penalty": 0.25, "safety_identifier": "u-1"},
        {"seed", "top_k", "logprobs", "service_tier"},
    ),
    "ollama": (
        {
            "options": {"stop": ["END"], "seed": 7, "presence_penalty": 0.5, "frequency_penalty": 0.25, "top_k": 5},
            "logprobs": True,
            "top_logprobs": 3,
        },
        {"service_tier", "user"},
    ),
    "xai": (
        {"top_logprobs": 3, "service_tier": "auto", "safety_identifier": "u-1"},
        {"stop", "seed", "presence_penalty", "frequency_penalty", "top_k"},
    ),
    "minimax": (
        {"service_tier": "auto"},
        {"stop", "seed", "presence_penalty", "frequency_penalty", "top_k", "logprobs", "user"},
    ),
    "volcengine": (
        {
            "stop": ["END"],
            "seed": 7,
            "presence_penalty": 0.5,
            "frequency_penalty": 0.25,
            "top_k": 5,
            "logprobs": True,
            "top_logprobs": 3,
            "service_tier": "auto",
            "user": "u-1",
        },
        set(),
    ),
}


@pytest.mark.parametrize("api", CLASSES)
async def test_every_setting_is_sent_in_its_place_or_named_in_a_warning(api: str) -> None:
    expected, dropped = AT_THE_WIRE[api]
    model = model_of(api, CURRENT[api])
    plain, before = await sent(model)
    body, warnings = await sent(model, **EVERYTHING)
    new = [warning for warning in warnings if warning not in before]
    assert {warning.setting for warning in new if warning.kind == "dropped"} == dropped
    for name, value in expected.items():
        if isinstance(value, dict):
            assert body[name] == {**plain.get(name, {}), **value}
        elif name == "include":
            assert set(value) <= set(body[name])
        else:
            assert body[name] == value
    assert body.keys() - plain.keys() <= expected.keys()
    if dropped:
        with pytest.raises(UnsupportedFeatureError):
            await sent(model_of(api, CURRENT[api], on_unsupported="error"), **EVERYTHING)


async def test_what_a_card_refuses_is_not_sent() -> None:
    body, warnings = await sent(model_of("gemini", "gemini-2.5-flash"), presence_penalty=1.0, seed=3)
    assert body["generationConfig"] == {"seed": 3}
    assert [warning.setting for warning in warnings] == ["presence_penalty"]
    body, warnings = await sent(model_of("openai_chat", "o3"), frequency_penalty=1.0, stop="x")
    assert "frequency_penalty" not in body and "frequency_penalty" in {warning.setting for warning in warnings}
    body, warnings = await sent(model_of("openai_chat", "gpt-4.1"), thinking="low")
    assert "reasoning_effort" not in body and [warning.setting for warning in warnings] == ["thinking"]
    assert (await sent(model_of("openai_chat", "gpt-4.1"), thinking=False))[1] == []


@pytest.mark.parametrize(
    ("api", "given", "message"),
    [
        ("openai_chat", {"stop": list("abcde")}, "at most 4"),
        ("anthropic", {"stop": ""}, "not empty"),
        ("dashscope", {"logprobs": 6}, "at most 5"),
        ("anthropic", {"thinking": "adaptive"}, "True, False or one of minimal, low"),
        ("gemini", {"top_k": 0}, "top_k"),
    ],
)
async def test_a_value_that_the_api_refuses_is_refused_before(api: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        await sent(model_of(api, CURRENT[api]), **given)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"thinkng": True}, "did you mean 'thinking'"),
        ({"service_teir": "fast"}, "did you mean 'service_tier'"),
        ({"settings": {"thinking": "low"}}, "give each setting by its name"),
    ],
)
async def test_a_name_that_is_almost_a_settings_is_refused(given: dict[str, Any], meant: str) -> None:
    model = OpenAIChatModel(OpenAICredential(api_key="no-key", base_url="http://127.0.0.1:1/v1"), "gpt-5.6")
    with pytest.raises(InvalidRequestError, match=meant):
        await model.generate(ASK, **given)


async def test_fields_of_the_providers_own_still_pass() -> None:
    own = {"thinking": {"type": "enabled", "budget_tokens": 2000}, "metadata": {"user_id": "mine"}}
    body, _ = await sent(model_of("anthropic", "claude-sonnet-4-6"), user="ours", **own)
    assert body["thinking"] == own["thinking"] and body["metadata"] == {"user_id": "mine"}
    extra = {"generationConfig": {"seed": 9}, "labels": {"a": "b"}}
    body, _ = await sent(model_of("gemini", CURRENT["gemini"]), seed=1, stop="END", extra_body=extra)
    assert body["generationConfig"] == {"seed": 9, "stopSequences": ["END"]} and body["labels"] == {"a": "b"}
    assert (await sent(model_of("anthropic", "claude-sonnet-4-6"), cache="1h"))[0]["cache_control"]["ttl"] == "1h"
    body, warnings = await sent(model_of("anthropic", "claude-sonnet-4-6"), stop=["\n", "END"])
    assert "stop_sequences" not in body and [warning.setting for warning in warnings] == ["stop"]
    assert "cache" in {each.setting for each in (await sent(model_of("xai", CURRENT["xai"]), cache="off"))[1]}
    assert "user" in {each.setting for each in (await sent(model_of("deepseek", CURRENT["deepseek"]), user="a b"))[1]}


async def test_settings_of_a_model_and_of_one_call() -> None:
    async with ScriptedServer([saying("a"), saying("b"), saying("c")]) as server:
        model = OpenAIChatModel(
            OpenAICredential(api_key="k-PlantedWord7", base_url=server.base_url),
            "gpt-4.1",
            stream=False,
            settings={"seed": 1, "stop": "END"},
            extra_body={"metadata": {"a": "b"}},
            extra_headers={"x-team": "blue"},
        )
        await model(ASK, seed=2, extra_headers={"x-more": "1"})
        sibling = model.with_options(temperature=0, stop=None, stream=True, thinking=False)
        await Agent("bot", sibling, settings={"seed": 3, "extra_body": {"store": True}}).reply("Hello?")
        await model(ASK)
    first, second, third = [request.json() for request in server.requests]
    assert (first["seed"], first["stop"], first["metadata"], "stream" in first) == (2, ["END"], {"a": "b"}, False)
    headers = dict(server.requests[0].headers)
    assert (headers["x-team"], headers["x-more"]) == ("blue", "1")
    assert (second["seed"], second["temperature"], second["stream"], second["store"]) == (3, 0, True, True)
    assert "stop" not in second and second["metadata"] == {"a": "b"}
    assert (third["seed"], "temperature" in third, "store" in third) == (1, False, False)


def test_a_wrong_option_or_setting_is_answered() -> None:
    model = ScriptedChatModel(["a"])
    with pytest.raises(TypeError, match="with_options has no 'steam'; did you mean 'stream'"):
        model.with_options(steam=False)
    with pytest.raises(InvalidRequestError, match="settings has no 'thinkin'; did you mean 'thinking'"):
        OpenAIChatModel(OpenAICredential(api_key="k-PlantedWord7"), "m", settings=cast("Any", {"thinkin": True}))
    with pytest.raises(InvalidRequestError, match="seed is a str; give a int"):
        Agent("bot", model, settings=cast("Any", {"seed": "7"}))
    with pytest.raises(InvalidRequestError, match="temperature"):
        OpenAIChatModel(OpenAICredential(api_key="k-PlantedWord7"), "m").with_options(temperature=9)
    with pytest.raises(InvalidRequestError, match="on_unsupported"):
        model.with_options(on_unsupported="maybe")


def test_a_sibling_shares_everything_else() -> None:
    model = OpenAIChatModel(OpenAICredential(api_key="k-PlantedWord7"), "gpt-4.1", max_retries=1)
    sibling = model.with_options(max_retries=5, context_size=10, on_unsupported="error", parameters=None)
    assert sibling.runtime == model.runtime and sibling.credential is model.credential
    assert (sibling.max_retries, sibling.context_size, sibling.on_unsupported) == (5, 10, "error")
    assert (model.max_retries, model.on_unsupported) == (1, "warn")


async def test_one_line_of_a_file_switches_the_provider_and_keeps_thinking() -> None:
    def chat(provider: str, model: str) -> Any:
        settings = {"chat": {"it": {"provider": provider, "model": model, "settings": {"thinking": "low"}}}}
        return Modelport.from_mapping(
            settings, {"OPENAI_API_KEY": "k-PlantedWord7", "ANTHROPIC_API_KEY": "k-PlantedWord7"}
        ).chat("it")

    for provider, name in (("openai", "gpt-5"), ("anthropic", "claude-sonnet-4-6")):
        assert chat(provider, name).settings == {"thinking": "low"}
    assert (await sent(chat("openai", "gpt-5")))[0]["reasoning_effort"] == "low"
    assert "thinking" in (await sent(chat("anthropic", "claude-sonnet-4-6")))[0]
    with pytest.raises(SettingsError, match="did you mean 'thinking'"):
        Modelport.from_mapping({"chat": {"it": {"provider": "openai", "model": "m", "settings": {"thinkng": 1}}}}, {})


def test_headers_of_a_file_are_secrets() -> None:
    entry = {"provider": "openai", "model": "m", "extra_headers": {"x-key": "very-secret"}}
    hub = Modelport.from_mapping({"chat": {"it": entry}}, {"OPENAI_API_KEY": "k-PlantedWord7"})
    model = hub.chat("it")
    assert model.settings["extra_headers"] == {"x-key": "very-secret"}
    assert "very-secret" not in repr(hub.settings) + repr(hub) + repr(model)


SAMPLES: dict[str, Any] = {"array": ["END"], "integer": 2, "number": 0.5, "boolean": True, "string": "auto"}


@pytest.mark.parametrize("api", CLASSES)
async def test_a_form_offers_the_settings_that_are_sent_and_no_others(api: str) -> None:
    for card in CLASSES[api].list_models():
        model = model_of(api, card.name)
        form = model.settings_form()["properties"]
        given = {name: field.get("enum", [SAMPLES[field["type"]]])[-1] for name, field in form.items()}
        quiet = {"thinking"} if "thinking" in given else set()
        _, warnings = await sent(model.with_options(settings=given))
        dropped = {w.setting for w in warnings if w.kind == "dropped" and "while it thinks" not in w.message}
        assert dropped <= quiet, card.name
        parameters = model.Parameters.model_fields
        others = {name: value for name, value in EVERYTHING.items() if name not in form and name not in parameters}
        _, warnings = await sent(model, **others)
        unsent = {warning.setting for warning in warnings}
        assert others.keys() - unsent <= {"cache"}, card.name  # "auto" is what happens anyway
        assert ("thinking" in form) == card.thinks
