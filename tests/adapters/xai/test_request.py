"""Bodies of Grok requests."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import XAICredential
from modelport.error import AuthenticationError, UnsupportedFeatureError
from modelport.model import ChatResponse, XAIChatModel
from modelport.testing.servers.strict import violations_of
from modelport.tool import ToolChoice
from tests.adapters.openai_responses.wire import CLOCK, HELLO, WEATHER, Json, Scripted, message, response

KEY = "xai-secret-0123456789-PlantedWord7"


async def ask(name: str = "grok-4.3", **call: Any) -> tuple[Json, ChatResponse]:
    """The body that was sent, and the answer."""
    parameters = XAIChatModel.Parameters(**call.pop("parameters", {}))
    options = {key: call.pop(key) for key in ("on_unsupported",) if key in call}
    transport = Scripted.whole(response([message("Hi")]))
    credential = XAICredential(api_key=KEY)
    model = XAIChatModel(credential, name, parameters, False, transport=transport, **options)
    answer = await model(HELLO, **call)
    assert isinstance(answer, ChatResponse)
    assert violations_of("xai", transport.body, name) == []
    assert transport.requests[0].url == "https://api.x.ai/v1/responses"
    assert transport.requests[0].headers["authorization"] == f"Bearer {KEY}"
    return transport.body, answer


def kinds(answer: ChatResponse) -> list[tuple[str, str]]:
    return [(warning.kind, warning.setting) for warning in answer.warnings if warning.setting != "model"]


@pytest.mark.parametrize("name", ["grok-4.3", "grok-4.20-0309-non-reasoning", "grok-unheard-of"])
async def test_a_plain_call_stores_nothing_and_always_asks_for_sealed_reasoning(name: str) -> None:
    body, answer = await ask(name)
    assert body == {
        "model": name,
        "input": [{"role": "user", "content": "Hello"}],
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    assert kinds(answer) == []


@pytest.mark.parametrize(
    ("parameters", "reasoning", "warned"),
    [
        ({"reasoning_effort": "high"}, {"effort": "high"}, []),
        ({"thinking_enable": True}, None, []),
        ({"thinking_enable": False}, {"effort": "none"}, []),
        ({"thinking_enable": True, "reasoning_effort": "low"}, {"effort": "low"}, []),
        ({"thinking_enable": False, "reasoning_effort": "none"}, {"effort": "none"}, []),
        ({"thinking_enable": True, "reasoning_effort": "none"}, {"effort": "none"}, ["thinking_enable"]),
        ({"thinking_enable": False, "reasoning_effort": "high"}, {"effort": "high"}, ["thinking_enable"]),
    ],
)
async def test_thinking(parameters: Json, reasoning: Json | None, warned: list[str]) -> None:
    body, answer = await ask(parameters=parameters)
    assert body.get("reasoning") == reasoning
    assert [setting for _, setting in kinds(answer)] == warned


async def test_models_without_a_switch() -> None:
    body, answer = await ask("grok-4.20-0309-reasoning", parameters={"reasoning_effort": "low"})
    assert "reasoning" not in body and kinds(answer) == [("dropped", "reasoning_effort")]
    body, answer = await ask("grok-4.20-0309-reasoning", parameters={"thinking_enable": False})
    assert "reasoning" not in body


async def test_limits_and_sampling() -> None:
    body, answer = await ask(parameters={"max_tokens": 5, "temperature": 0.1, "top_p": 0.5})
    assert (body["max_output_tokens"], body["temperature"], body["top_p"]) == (5, 0.1, 0.5)
    assert kinds(answer) == []


async def test_tools_say_nothing_of_strictness_unless_told() -> None:
    body, _ = await ask(tools=[WEATHER], parameters={"parallel_tool_calls": False})
    assert body["tools"] == [{"type": "function", **WEATHER["function"]}]
    assert body["parallel_tool_calls"] is False
    strict_tool = {"type": "function", "function": {**WEATHER["function"], "strict": True}}
    assert (await ask(tools=[strict_tool]))[0]["tools"][0]["strict"] is True


@pytest.mark.parametrize(
    ("choice", "expected", "names"),
    [
        (ToolChoice("required"), "required", ["get_weather", "get_time"]),
        (ToolChoice("get_time"), {"type": "function", "name": "get_time"}, ["get_weather", "get_time"]),
        (ToolChoice("auto", ["get_time"]), "auto", ["get_time"]),
        (ToolChoice("required", ["get_time"]), "required", ["get_time"]),
        (ToolChoice("none"), "none", ["get_weather", "get_time"]),
    ],
)
async def test_tool_choices(choice: ToolChoice, expected: Any, names: list[str]) -> None:
    body, answer = await ask(tools=[WEATHER, CLOCK], tool_choice=choice)
    assert body["tool_choice"] == expected and [tool["name"] for tool in body["tools"]] == names
    assert kinds(answer) == []


async def test_a_model_without_tools() -> None:
    body, answer = await ask("grok-4.20-multi-agent-0309", tools=[WEATHER])
    assert "tools" not in body and kinds(answer) == [("dropped", "tools")]
    with pytest.raises(UnsupportedFeatureError):
        await ask("grok-4.20-multi-agent-0309", tools=[WEATHER], tool_choice=ToolChoice("required"))


async def test_credential() -> None:
    assert XAICredential.get_chat_model_classes() == [XAIChatModel]
    assert XAICredential.form_schema()["title"] == "xAI API"
    assert XAICredential.form_schema()["properties"]["api_key"]["writeOnly"] is True
    assert KEY not in repr(XAICredential(api_key=KEY))
    with pytest.raises(AuthenticationError, match="XAI_API_KEY"):
        await XAIChatModel(XAICredential(api_key=""), "grok-4.3", max_retries=0)(HELLO)
    names = [card.name for card in XAIChatModel.list_models()]
    assert "grok-4.3" in names
