"""DeepSeek bodies, by what the caller set and what the model's card says."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import DeepSeekCredential
from modelport.error import UnsupportedFeatureError
from modelport.model import DeepSeekChatModel
from modelport.tool import ToolChoice
from tests.adapters.openai_chat.support import WEATHER, Json, Provider, Scripted, asked

DEEPSEEK = Provider("deepseek", DeepSeekChatModel, DeepSeekCredential(api_key="sk-test-PlantedWord7"))
ON, OFF = {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (None, "https://api.deepseek.com/chat/completions"),
        ("https://api.deepseek.com/v1/", "https://api.deepseek.com/v1/chat/completions"),
        ("https://api.deepseek.com/beta", "https://api.deepseek.com/beta/chat/completions"),
    ],
)
async def test_the_request_line(given: str | None, url: str) -> None:
    fields = {"base_url": given} if given else {}
    transport = Scripted()
    model = DeepSeekChatModel(
        DeepSeekCredential(api_key="sk-test-PlantedWord7", **fields), "deepseek-v4-pro", transport=transport
    )
    await asked(model)
    (request,) = transport.requests
    assert request.url == url
    assert dict(request.headers) == {"content-type": "application/json", "authorization": "Bearer sk-test-PlantedWord7"}


async def test_parameters() -> None:
    body, warnings = await DEEPSEEK.sent(
        "deepseek-v4-pro", max_tokens=9, temperature=0.5, top_p=0.9, thinking_enable=False
    )
    assert body == {
        "model": "deepseek-v4-pro",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        **OFF,
    }
    assert warnings == []


@pytest.mark.parametrize(
    ("name", "chosen", "fields", "settings"),
    [
        ("deepseek-v4-pro", {}, {}, []),
        ("deepseek-v4-pro", {"thinking_enable": False}, OFF, []),
        ("deepseek-v4-pro", {"thinking_enable": True}, ON, []),
        ("deepseek-v4-pro", {"reasoning_effort": "max"}, {**ON, "reasoning_effort": "max"}, []),
        (
            "deepseek-v4-pro",
            {"thinking_enable": True, "reasoning_effort": "low"},
            {**ON, "reasoning_effort": "low"},
            [],
        ),
        (
            "deepseek-v4-pro",
            {"thinking_enable": False, "reasoning_effort": "low"},
            OFF,
            [("dropped", "reasoning_effort")],
        ),
        ("deepseek-chat", {}, {}, []),
        ("deepseek-chat", {"thinking_enable": True}, {}, [("dropped", "thinking_enable")]),
        ("deepseek-unheard-of", {}, {}, []),
        ("deepseek-unheard-of", {"thinking_enable": False}, OFF, []),
        ("deepseek-unheard-of", {"reasoning_effort": "low"}, {**ON, "reasoning_effort": "low"}, []),
    ],
)
async def test_thinking(name: str, chosen: Json, fields: Json, settings: list[Any]) -> None:
    body, warnings = await DEEPSEEK.sent(name, **chosen)
    assert {key: body[key] for key in ("thinking", "reasoning_effort") if key in body} == fields
    assert warnings == settings


@pytest.mark.parametrize("chosen", [{"thinking_enable": True}, {}], ids=str)
async def test_sampling_that_thinking_ignores_is_not_sent(chosen: Json) -> None:
    body, warnings = await DEEPSEEK.sent("deepseek-v4-pro", temperature=0.5, top_p=0.97, **chosen)
    assert not body.keys() & {"temperature", "top_p"}
    assert warnings == [("dropped", "temperature"), ("dropped", "top_p")]


@pytest.mark.parametrize(
    ("choice", "wire"),
    [("required", "required"), ("get_weather", {"type": "function", "function": {"name": "get_weather"}})],
)
async def test_force_beats_thinking_unless_it_was_asked_for(choice: str, wire: Any) -> None:
    call = {"tools": [WEATHER], "tool_choice": ToolChoice(choice)}
    body, warnings = await DEEPSEEK.sent("deepseek-v4-pro", call=call)
    assert (body["tool_choice"], body["thinking"]) == (wire, {"type": "disabled"})
    assert warnings == [("changed", "thinking_enable")]
    body, warnings = await DEEPSEEK.sent("deepseek-v4-pro", call=call, thinking_enable=False)
    assert (body["tool_choice"], body["thinking"], warnings) == (wire, {"type": "disabled"}, [])
    for wish in ({"thinking_enable": True}, {"reasoning_effort": "high"}):
        with pytest.raises(UnsupportedFeatureError, match="while it thinks"):
            await DEEPSEEK.sent("deepseek-v4-pro", call=call, **wish)
    with pytest.raises(UnsupportedFeatureError, match="while it thinks"):
        await DEEPSEEK.sent("deepseek-v4-pro", call={**call, "thinking": {"type": "enabled"}})


async def test_fields_of_the_provider_win() -> None:
    call = {"thinking": {"type": "enabled"}, "user_id": "u-1", "extra_body": {"max_tokens": 5}}
    body, _ = await DEEPSEEK.sent("deepseek-v4-pro", call=call, max_tokens=9)
    assert (body["thinking"], body["user_id"], body["max_tokens"]) == ({"type": "enabled"}, "u-1", 5)
