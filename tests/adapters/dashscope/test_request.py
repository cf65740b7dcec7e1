"""DashScope bodies, by what the caller set and what the model's card says."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.application.model.credential import Service
from modelport.credential import DashScopeCredential
from modelport.error import UnsupportedFeatureError
from modelport.model import DashScopeChatModel
from modelport.tool import ToolChoice
from tests.adapters.openai_chat.support import CLOCK, WEATHER, Json, Provider, Scripted, asked, hello

DASHSCOPE = Provider("dashscope", DashScopeChatModel, DashScopeCredential(api_key="sk-test-PlantedWord7"))


@pytest.mark.parametrize(
    ("given", "chat", "native", "websocket"),
    [
        (
            None,
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
            "https://dashscope.aliyuncs.com/api/v1",
            "wss://dashscope.aliyuncs.com/api-ws/v1",
        ),
        (
            "https://dashscope-intl.aliyuncs.com/api/v1/",
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            "https://dashscope-intl.aliyuncs.com/api/v1",
            "wss://dashscope-intl.aliyuncs.com/api-ws/v1",
        ),
        (
            "http://proxy.example:8080/qwen/compatible-mode/v1",
            "http://proxy.example:8080/qwen/compatible-mode/v1",
            "http://proxy.example:8080/qwen/api/v1",
            "ws://proxy.example:8080/qwen/api-ws/v1",
        ),
        ("https://own.example/v9", "https://own.example/v9", "https://own.example/v9/api/v1", "wss://own.example/v9/api-ws/v1"),
    ],
)  # fmt: skip
def test_the_services_follow_from_one_base_url(given: str | None, chat: str, native: str, websocket: str) -> None:
    fields = {"base_url": given} if given else {}
    credential = DashScopeCredential(api_key="sk-test-PlantedWord7", **fields)
    services: list[Service] = ["chat", "embedding", "speech", "realtime_speech"]
    assert [credential.endpoint(each).base_url for each in services] == [chat, native, native, websocket]
    assert "sk-test-PlantedWord7" not in repr(credential) + repr(credential.endpoint())


async def test_the_request_line_and_headers() -> None:
    transport = Scripted()
    await asked(DASHSCOPE.model("qwen-plus", transport))
    (request,) = transport.requests
    assert request.url == "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
    assert dict(request.headers) == {"content-type": "application/json", "authorization": "Bearer sk-test-PlantedWord7"}


async def test_parameters() -> None:
    body, warnings = await DASHSCOPE.sent("qwen-plus", max_tokens=9, temperature=0.5, top_p=0.9, top_k=20)
    assert body == {
        "model": "qwen-plus",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 20,
    }
    assert warnings == []


@pytest.mark.parametrize(
    ("name", "chosen", "fields", "settings"),
    [
        ("qwen-plus", {}, {}, []),
        ("qwen-plus", {"thinking_enable": False}, {"enable_thinking": False}, []),
        ("qwen-plus", {"thinking_enable": True}, {"enable_thinking": True}, []),
        ("qwen3.6-plus", {}, {}, []),
        ("qwen3.6-plus", {"thinking_enable": False}, {"enable_thinking": False}, []),
        (
            "qwen3.6-plus",
            {"thinking_enable": True, "thinking_budget": 64},
            {"enable_thinking": True, "thinking_budget": 64},
            [],
        ),
        ("qwen3.6-plus", {"thinking_budget": 64}, {"enable_thinking": True, "thinking_budget": 64}, []),
        (
            "qwen3.6-plus",
            {"thinking_enable": False, "thinking_budget": 64},
            {"enable_thinking": False},
            [("dropped", "thinking_budget")],
        ),
        ("qwq-plus", {}, {}, []),
        ("qwq-plus", {"thinking_enable": False}, {}, [("dropped", "thinking_enable")]),
        ("qwq-plus", {"thinking_budget": 64}, {"enable_thinking": True, "thinking_budget": 64}, []),
        ("qwen-vl-max", {}, {}, []),
        ("qwen-vl-max", {"thinking_enable": True}, {}, [("dropped", "thinking_enable")]),
        ("qwen-unheard-of", {}, {}, []),
        ("qwen-unheard-of", {"thinking_enable": False}, {"enable_thinking": False}, []),
        ("qwen-unheard-of", {"thinking_enable": True}, {"enable_thinking": True}, []),
    ],
)
async def test_thinking(name: str, chosen: Json, fields: Json, settings: list[Any]) -> None:
    body, warnings = await DASHSCOPE.sent(name, **chosen)
    thinking = {key: body[key] for key in body if "thinking" in key}
    assert (thinking, warnings) == (fields, settings)


@pytest.mark.parametrize(
    ("name", "stream", "asked_to_stream"),
    [("qwen-plus", False, False), ("qwen-plus", True, True), ("qwen3-32b", False, True), ("qwq-plus", False, True)],
)
async def test_models_that_only_stream_are_asked_to(name: str, stream: bool, asked_to_stream: bool) -> None:
    transport = Scripted()
    response = await asked(DASHSCOPE.model(name, transport, stream=stream))
    (body,) = transport.bodies
    assert body.get("stream", False) is asked_to_stream
    assert ("stream_options" in body) is asked_to_stream
    assert response.text == "Hi."


async def test_a_stream_is_folded_for_a_caller_who_wants_it_whole() -> None:
    answer = await DASHSCOPE.model("qwen3-32b", Scripted())(hello())
    assert not hasattr(answer, "__anext__")
    assert (await asked(DASHSCOPE.model("qwen3-32b", Scripted()))).is_last


@pytest.mark.parametrize(
    ("choice", "thinks", "wire", "settings"),
    [
        ("required", False, "required", []),
        ("get_time", False, {"type": "function", "function": {"name": "get_time"}}, []),
        ("auto", True, "auto", []),
        ("none", True, "none", []),
    ],
)
async def test_force_and_thinking(choice: str, thinks: bool, wire: Any, settings: list[Any]) -> None:
    call = {"tools": [WEATHER, CLOCK], "tool_choice": ToolChoice(choice)}
    body, warnings = await DASHSCOPE.sent("qwen3.6-plus", call=call, thinking_enable=thinks)
    assert (body["tool_choice"], warnings) == (wire, settings)
    if choice == "get_time":
        assert CLOCK in body["tools"]


@pytest.mark.parametrize("choice", ["required", "get_time"])
@pytest.mark.parametrize("asked", [{"thinking_enable": True}, {"thinking_budget": 100}], ids=str)
async def test_force_does_not_beat_thinking_that_was_asked_for(choice: str, asked: Json) -> None:
    call = {"tools": [WEATHER, CLOCK], "tool_choice": ToolChoice(choice)}
    with pytest.raises(UnsupportedFeatureError, match="while it thinks"):
        await DASHSCOPE.sent("qwen3.6-plus", call=call, **asked)
    with pytest.raises(UnsupportedFeatureError, match="while it thinks"):
        await DASHSCOPE.sent("qwen3.6-plus", call={**call, "enable_thinking": True})


async def test_the_callers_own_body_field_decides_about_force_too() -> None:
    call = {"tools": [WEATHER], "tool_choice": ToolChoice("required"), "enable_thinking": False}
    body, warnings = await DASHSCOPE.sent("qwen3.6-plus", call=call, thinking_enable=True)
    assert (body["enable_thinking"], body["tool_choice"], warnings) == (False, "required", [])


async def test_force_beats_thinking_by_default() -> None:
    call = {"tools": [WEATHER], "tool_choice": ToolChoice("required")}
    body, warnings = await DASHSCOPE.sent("qwen3.6-plus", call=call)
    assert (body["tool_choice"], body["enable_thinking"]) == ("required", False)
    assert warnings == [("changed", "thinking_enable")]
    body, warnings = await DASHSCOPE.sent("qwen-plus", call=call)
    assert (body["tool_choice"], warnings) == ("required", [])


@pytest.mark.parametrize("name", ["qwq-plus", "qwen3-235b-a22b-thinking-2507"])
async def test_a_model_that_always_thinks_cannot_be_forced(name: str) -> None:
    call = {"tools": [WEATHER], "tool_choice": ToolChoice("required")}
    with pytest.raises(UnsupportedFeatureError):
        await DASHSCOPE.sent(name, call=call)
    with pytest.raises(UnsupportedFeatureError):
        await DASHSCOPE.sent(name, call=call, thinking_enable=False)


@pytest.mark.parametrize("stream", [True, False])
async def test_speech_is_always_streamed(stream: bool) -> None:
    body, warnings = await DASHSCOPE.sent("qwen3-omni-flash", voice="Cherry", stream=stream)
    assert (body["modalities"], body["audio"]) == (["text", "audio"], {"voice": "Cherry", "format": "wav"})
    assert (body["stream"], warnings) == (True, [])
    body, _ = await DASHSCOPE.sent("omni-unheard-of", voice="Cherry", stream=stream)
    assert body["stream"] is True
