"""Calls to Chat Completions bodies: what every provider of the dialect shares, and what its profile changes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from modelport.adapters.dialects.openai_chat.profile import OpenAIChatProfile
from modelport.adapters.dialects.openai_chat.request import OpenAIChatCodec
from modelport.adapters.dialects.openai_chat.thinking import ThinkingPlan
from modelport.domain.card.capabilities import SamplingFacts, ToolChoiceFacts
from modelport.domain.chat.names import legal_name
from modelport.domain.chat.tools import ToolChoice
from modelport.domain.message.responses import ModelWarning
from modelport.domain.structured.schema_rules import GEMINI_TOOL, OPENAI_TOOL
from modelport.error import UnsupportedFeatureError
from modelport.model import ModelCard
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.chat import ChatRequest
from modelport.ports.codec.rendering import Rendered
from tests.adapters.openai_chat.support import CLOCK, WEATHER, Json

PROFILE = OpenAIChatProfile(provider="somebody")
EMPTY: Json = {"type": "object", "properties": {}}
MESSAGES = [{"role": "user", "content": "Hi"}]


def card(**facts: Any) -> ModelCard:  # Any: facts of a card
    return ModelCard(name="m", label="m", output_types=["*/*"], context_size=10, output_size=5, **facts)


def encoded(
    profile: OpenAIChatProfile = PROFILE, **fields: Any
) -> tuple[Json, list[tuple[str, str]]]:  # Any: of the request
    request = ChatRequest(Endpoint("http://x/v1", {"authorization": "Bearer k"}), "m", Rendered(MESSAGES), **fields)
    call = OpenAIChatCodec(profile).encode(request)
    assert (call.http_request.method, call.http_request.url) == ("POST", "http://x/v1/chat/completions")
    body: Json = json.loads(call.http_request.body)
    return body, [(warning.kind, warning.setting) for warning in call.warnings]


def test_the_least_body() -> None:
    assert encoded() == ({"model": "m", "messages": MESSAGES}, [])


def test_a_stream_asks_for_its_usage() -> None:
    body, _ = encoded(stream=True)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert "stream_options" not in encoded(replace(PROFILE, stream_usage=False), stream=True)[0]


def test_parameters_go_under_the_profiles_names() -> None:
    values = {"max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "unheard_of": 1}
    assert encoded(parameters=values)[0] == {
        "model": "m",
        "messages": MESSAGES,
        "max_completion_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
    }
    profile = replace(PROFILE, fields={"max_tokens": "max_tokens"})
    assert encoded(profile, parameters=values)[0] == {"model": "m", "messages": MESSAGES, "max_tokens": 9}


def test_the_callers_own_fields_win_over_everything() -> None:
    overrides = {"temperature": 1, "model": "other", "stream_options": {"include_obfuscation": False}, "seed": 7}
    body, _ = encoded(parameters={"temperature": 0.1}, stream=True, overrides=overrides)
    assert {key: body[key] for key in overrides} == overrides


def test_headers_of_the_endpoint_and_the_caller() -> None:
    request = ChatRequest(
        Endpoint("http://x", {"authorization": "Bearer k"}), "m", Rendered([]), extra_headers={"x-own": "1"}
    )
    headers = OpenAIChatCodec(PROFILE).encode(request).http_request.headers
    assert headers == {"content-type": "application/json", "authorization": "Bearer k", "x-own": "1"}
    assert "Bearer k" not in repr(request)


@pytest.mark.parametrize(
    ("facts", "thinks", "left", "dropped"),
    [
        (SamplingFacts(), True, {"temperature", "top_p"}, []),
        (SamplingFacts(allowed=False), False, set(), ["temperature", "top_p"]),
        (SamplingFacts(with_thinking=False), True, set(), ["temperature", "top_p"]),
        (SamplingFacts(with_thinking=False), False, {"temperature", "top_p"}, []),
    ],
)
def test_sampling_that_the_model_refuses_is_dropped(
    facts: SamplingFacts, thinks: bool, left: set[str], dropped: list[str]
) -> None:
    profile = replace(PROFILE, thinking=lambda request: ThinkingPlan(thinks=thinks))
    body, warnings = encoded(profile, card=card(sampling=facts), parameters={"temperature": 0.1, "top_p": 0.5})
    assert body.keys() & {"temperature", "top_p"} == left
    assert warnings == [("dropped", name) for name in dropped]


def test_thinking_fields_and_their_warnings() -> None:
    plan = ThinkingPlan({"think": 1}, True, [ModelWarning("dropped", "budget", "m")])
    body, warnings = encoded(replace(PROFILE, thinking=lambda request: plan))
    assert (body["think"], warnings) == (1, [("dropped", "budget")])


def test_tools_and_their_choice() -> None:
    body, warnings = encoded(tools=[WEATHER, CLOCK])
    assert (body["tools"], "tool_choice" in body, warnings) == ([WEATHER, CLOCK], False, [])
    for choice in ("auto", "none", "required"):
        assert encoded(tools=[WEATHER], tool_choice=ToolChoice(choice))[0]["tool_choice"] == choice
    named = encoded(tools=[WEATHER, CLOCK], tool_choice=ToolChoice("get_time"))[0]
    assert named["tool_choice"] == {"type": "function", "function": {"name": "get_time"}}
    allowed = encoded(tools=[WEATHER, CLOCK], tool_choice=ToolChoice("auto", ["get_time"]))[0]
    assert (allowed["tools"], allowed["tool_choice"]) == ([CLOCK], "auto")


def test_nothing_about_tools_without_tools() -> None:
    body, _ = encoded(tools=[], tool_choice=ToolChoice("none"), parameters={"parallel_tool_calls": False})
    assert not body.keys() & {"tools", "tool_choice", "parallel_tool_calls"}


def test_parallel_calls_are_mentioned_only_when_forbidden() -> None:
    assert "parallel_tool_calls" not in encoded(tools=[WEATHER], parameters={"parallel_tool_calls": True})[0]
    assert encoded(tools=[WEATHER], parameters={"parallel_tool_calls": False})[0]["parallel_tool_calls"] is False


def test_force_is_refused_while_the_model_cannot_stop_thinking() -> None:
    facts = card(tool_choice=ToolChoiceFacts(with_thinking=False))
    thinking = replace(PROFILE, thinking=lambda request: ThinkingPlan(thinks=True))
    with pytest.raises(UnsupportedFeatureError):
        encoded(thinking, card=facts, tools=[WEATHER, CLOCK], tool_choice=ToolChoice("get_time"))
    body, warnings = encoded(card=facts, tools=[WEATHER], tool_choice=ToolChoice("required"))
    assert (body["tool_choice"], warnings) == ("required", [])


def test_illegal_tool_names_are_made_legal_everywhere() -> None:
    tool = {"type": "function", "function": {"name": "lire l'heure", "parameters": {"type": "object"}}}
    body, _ = encoded(tools=[tool], tool_choice=ToolChoice("lire l'heure"))
    name = legal_name("lire l'heure")
    assert body["tools"][0]["function"]["name"] == body["tool_choice"]["function"]["name"] == name
    assert "lire l'heure" in str(tool), "the caller's tool is left alone"


def test_a_profile_has_the_rules_of_its_tool_schemas() -> None:
    parameters = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "null"}}}
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    for rules, sent in ((OPENAI_TOOL, parameters), (GEMINI_TOOL, {**EMPTY, "properties": {"a": {"type": "null"}}})):
        body, _ = encoded(replace(PROFILE, tool_rules=rules), tools=[tool, {"function": {"name": "g"}}])
        assert [each["function"]["parameters"] for each in body["tools"]] == [sent, EMPTY]
        assert [each["type"] for each in body["tools"]] == ["function", "function"]


@pytest.mark.parametrize(
    ("parameters", "strict"),
    [
        ({**EMPTY, "additionalProperties": False}, True),
        ({**EMPTY, "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}, True),
        ({**EMPTY, "properties": {"a": {"type": "string"}}, "additionalProperties": False}, False),
        ({**EMPTY, "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}, False),
        ({**EMPTY, "additionalProperties": True}, False),
    ],
)
def test_strict_is_sent_with_schemas_for_it(parameters: Json, strict: bool) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters, "strict": True}}
    body, warnings = encoded(tools=[tool])
    (function,) = [each["function"] for each in body["tools"]]
    assert (function["strict"], function["parameters"]) == (strict, parameters)
    assert warnings == ([] if strict else [("dropped", "tools")])


def test_models_that_only_stream_are_asked_for_a_stream() -> None:
    body, _ = encoded(card=card(stream_only=True), stream=False)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


@pytest.mark.parametrize(("stream", "audio_format"), [(True, "pcm16"), (False, "wav")])
def test_a_voice_asks_for_sound(stream: bool, audio_format: str) -> None:
    body, _ = encoded(parameters={"voice": "alloy"}, stream=stream)
    assert body["modalities"] == ["text", "audio"]
    assert body["audio"] == {"voice": "alloy", "format": audio_format}
    assert body.get("stream", False) is stream


def test_a_voice_that_is_only_streamed_makes_the_call_a_stream() -> None:
    profile = replace(PROFILE, audio_needs_stream=True, audio_stream_format="wav")
    body, _ = encoded(profile, parameters={"voice": "Cherry"}, stream=False)
    assert (body["stream"], body["audio"]["format"]) == (True, "wav")
    assert "stream" not in encoded(profile, stream=False)[0]
