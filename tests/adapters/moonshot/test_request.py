"""Moonshot bodies, by what the caller set and what the model's card says."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import MoonshotCredential
from modelport.error import UnsupportedFeatureError
from modelport.model import MoonshotChatModel
from modelport.tool import ToolChoice
from tests.adapters.openai_chat.support import CLOCK, WEATHER, Json, Provider, Scripted, asked

MOONSHOT = Provider("moonshot", MoonshotChatModel, MoonshotCredential(api_key="sk-test-PlantedWord7"))
ON, OFF = {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (None, "https://api.moonshot.ai/v1/chat/completions"),
        ("https://api.moonshot.cn/v1", "https://api.moonshot.cn/v1/chat/completions"),
    ],
)
async def test_the_request_line(given: str | None, url: str) -> None:
    fields = {"base_url": given} if given else {}
    transport = Scripted()
    await asked(
        MoonshotChatModel(MoonshotCredential(api_key="sk-test-PlantedWord7", **fields), "kimi-k3", transport=transport)
    )
    (request,) = transport.requests
    assert request.url == url
    assert dict(request.headers) == {"content-type": "application/json", "authorization": "Bearer sk-test-PlantedWord7"}


async def test_parameters() -> None:
    body, warnings = await MOONSHOT.sent("moonshot-v1-8k", max_tokens=9, temperature=0.3, top_p=0.9)
    assert body == {
        "model": "moonshot-v1-8k",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_completion_tokens": 9,
        "temperature": 0.3,
        "top_p": 0.9,
    }
    assert warnings == []


@pytest.mark.parametrize("name", ["kimi-k3", "kimi-k2.7-code", "kimi-k2.6", "kimi-k2.5", "kimi-k2-thinking"])
async def test_sampling_is_fixed(name: str) -> None:
    body, warnings = await MOONSHOT.sent(name, temperature=0.3, top_p=0.9)
    assert not body.keys() & {"temperature", "top_p"}
    assert warnings == [("dropped", "temperature"), ("dropped", "top_p")]


@pytest.mark.parametrize(
    ("name", "chosen", "fields", "settings"),
    [
        ("kimi-k3", {}, {}, []),
        ("kimi-k3", {"reasoning_effort": "low"}, {"reasoning_effort": "low"}, []),
        ("kimi-k3", {"thinking_enable": True}, {}, [("dropped", "thinking_enable")]),
        ("kimi-k2.7-code", {}, {}, []),
        ("kimi-k2.7-code", {"reasoning_effort": "low"}, {}, [("dropped", "reasoning_effort")]),
        ("kimi-k2.6", {}, {}, []),
        ("kimi-k2.6", {"thinking_enable": False}, OFF, []),
        ("kimi-k2.6", {"thinking_enable": True}, ON, []),
        ("kimi-k2.5", {"thinking_enable": True}, ON, []),
        ("kimi-k2-thinking", {}, {}, []),
        ("moonshot-v1-8k", {}, {}, []),
        ("kimi-unheard-of", {}, {}, []),
        ("kimi-unheard-of", {"reasoning_effort": "low"}, {"reasoning_effort": "low"}, []),
        ("kimi-unheard-of", {"thinking_enable": False}, OFF, []),
    ],
)
async def test_thinking(name: str, chosen: Json, fields: Json, settings: list[Any]) -> None:
    body, warnings = await MOONSHOT.sent(name, **chosen)
    assert {key: body[key] for key in ("thinking", "reasoning_effort") if key in body} == fields
    assert warnings == settings


@pytest.mark.parametrize(
    ("name", "chosen", "choice", "wire", "settings"),
    [
        ("moonshot-v1-8k", {}, "required", "required", []),
        (
            "kimi-k2.6",
            {},
            "get_time",
            {"type": "function", "function": {"name": "get_time"}},
            [("changed", "thinking_enable")],
        ),
        ("kimi-k2.5", {}, "required", "required", [("changed", "thinking_enable")]),
        (
            "kimi-k2.6",
            {"thinking_enable": False},
            "get_time",
            {"type": "function", "function": {"name": "get_time"}},
            [],
        ),
        ("kimi-k2.5", {"thinking_enable": False}, "required", "required", []),
    ],
)
async def test_force(name: str, chosen: Json, choice: str, wire: Any, settings: list[Any]) -> None:
    call = {"tools": [WEATHER, CLOCK], "tool_choice": ToolChoice(choice)}
    body, warnings = await MOONSHOT.sent(name, call=call, **chosen)
    assert (body["tool_choice"], warnings) == (wire, settings)
    assert body.get("thinking") == (None if name.startswith("moonshot") else OFF["thinking"])


@pytest.mark.parametrize(
    ("name", "chosen", "choice"),
    [
        ("kimi-k3", {}, "required"),
        ("kimi-k2.7-code", {}, "get_time"),
        ("kimi-k2-thinking", {}, "get_time"),
        ("kimi-k2.6", {}, "required"),
        ("kimi-k2.6", {"thinking_enable": True}, "get_time"),
    ],
)
async def test_what_no_request_forces(name: str, chosen: Json, choice: str) -> None:
    call = {"tools": [WEATHER, CLOCK], "tool_choice": ToolChoice(choice)}
    with pytest.raises(UnsupportedFeatureError):
        await MOONSHOT.sent(name, call=call, **chosen)


async def test_schemas_of_tools_are_adapted() -> None:
    parameters = {"$schema": "x", "properties": {"pair": {"type": "array", "items": [{"type": "string"}, {}]}}}
    tool = {"type": "function", "function": {"name": "f", "description": "d", "parameters": parameters}}
    body, warnings = await MOONSHOT.sent("kimi-k3", call={"tools": [tool]})
    assert body["tools"][0]["function"] == {
        "name": "f",
        "description": "d",
        "parameters": {
            "type": "object",
            "properties": {"pair": {"type": "array", "prefixItems": [{"type": "string"}, {}]}},
        },
    }
    assert warnings == []
    assert "$schema" in parameters
