"""Bodies of OpenAI Responses requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.openai_responses.request import OpenAIResponsesCodec
from modelport.adapters.openai.responses_profile import OPENAI_RESPONSES
from modelport.credential import OpenAICredential
from modelport.domain.card.capabilities import SamplingFacts, ThinkingFacts, ToolChoiceFacts
from modelport.error import InvalidRequestError, UnsupportedFeatureError
from modelport.model import ChatResponse, ModelCard, OpenAIChatModel, OpenAIResponseModel
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.chat import ChatRequest
from modelport.ports.codec.rendering import Rendered
from modelport.testing.servers.strict import violations_of
from modelport.tool import ToolChoice
from tests.adapters.openai_responses.wire import (
    CLOCK,
    HELLO,
    WEATHER,
    Json,
    Scripted,
    events_of,
    message,
    response,
    sse,
)

KEY = "sk-secret-0123456789-PlantedWord7"


def model(transport: Scripted, name: str = "gpt-5.6", **options: Any) -> OpenAIResponseModel:
    parameters = OpenAIResponseModel.Parameters(**options.pop("parameters", {}))
    credential = OpenAICredential(api_key=KEY, base_url="http://host/v1")
    return OpenAIResponseModel(credential, name, parameters, transport=transport, **{"stream": False, **options})


async def ask(name: str = "gpt-5.6", **call: Any) -> tuple[Json, ChatResponse]:
    """The body that was sent, and the answer."""
    options = {key: call.pop(key) for key in ("parameters", "card_checks", "on_unsupported") if key in call}
    transport = Scripted.whole(response([message("Hi")]))
    answer = await model(transport, name, **options)(call.pop("messages", HELLO), **call)
    assert isinstance(answer, ChatResponse)
    assert violations_of("openai_responses", transport.body, name) == []
    return transport.body, answer


def kinds(answer: ChatResponse) -> list[tuple[str, str]]:
    return [(warning.kind, warning.setting) for warning in answer.warnings if warning.setting != "model"]


async def test_a_plain_call_stores_nothing_and_asks_for_sealed_reasoning() -> None:
    transport = Scripted.whole(response([message("Hi")]))
    answer = await model(transport)(HELLO)
    assert isinstance(answer, ChatResponse) and answer.text == "Hi" and not answer.warnings
    (request,) = transport.requests
    assert (request.method, request.url) == ("POST", "http://host/v1/responses")
    assert request.headers == {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
    assert transport.body == {
        "model": "gpt-5.6",
        "input": [{"role": "user", "content": "Hello"}],
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }


async def test_streaming_adds_one_field() -> None:
    transport = Scripted(sse(events_of([message("Hi")])))
    stream = await model(transport, stream=True)(HELLO)
    assert not isinstance(stream, ChatResponse)
    assert [chunk.text async for chunk in stream][-1] == "Hi"
    assert transport.body["stream"] is True and "stream_options" not in transport.body


async def test_models_known_not_to_reason_have_nothing_to_include() -> None:
    assert "include" not in (await ask("gpt-4.1"))[0]
    assert "include" in (await ask("somebody-elses-model"))[0]


async def test_parameters() -> None:
    parameters = {"max_tokens": 100, "reasoning_effort": "high", "thinking_enable": True, "parallel_tool_calls": False}
    body, answer = await ask(parameters=parameters, tools=[WEATHER])
    assert body["max_output_tokens"] == 100
    assert body["reasoning"] == {"effort": "high", "summary": "auto"}
    assert body["parallel_tool_calls"] is False
    assert kinds(answer) == []


async def test_sampling_goes_out_only_where_the_model_takes_it() -> None:
    body, answer = await ask("gpt-4.1", parameters={"temperature": 0.2, "top_p": 0.9})
    assert (body["temperature"], body["top_p"], kinds(answer)) == (0.2, 0.9, [])
    body, answer = await ask("gpt-5.6", parameters={"temperature": 0.2, "reasoning_effort": "none"})
    assert (body["temperature"], kinds(answer)) == (0.2, [])
    body, answer = await ask("gpt-5.6", parameters={"temperature": 0.2, "reasoning_effort": "low"})
    assert "temperature" not in body and kinds(answer) == [("dropped", "temperature")]
    body, answer = await ask("o3", parameters={"temperature": 0.2})
    assert "temperature" not in body and kinds(answer) == [("dropped", "temperature")]


async def test_a_limit_below_the_apis_is_raised_to_it() -> None:
    body, answer = await ask(parameters={"max_tokens": 3})
    assert body["max_output_tokens"] == 16 and kinds(answer) == [("changed", "max_tokens")]
    with pytest.raises(UnsupportedFeatureError, match="max_tokens"):
        await ask(parameters={"max_tokens": 3}, on_unsupported="error")


async def test_an_effort_the_card_does_not_have() -> None:
    with pytest.raises(InvalidRequestError, match="reasoning_effort"):
        await ask("gpt-5", parameters={"reasoning_effort": "max"})
    assert (await ask("gpt-5", parameters={"reasoning_effort": "max"}, card_checks="off"))[0]["reasoning"] == {
        "effort": "max"
    }


async def test_tools_are_flat_and_not_strict_unless_told() -> None:
    strict = {
        "type": "function",
        "function": {
            "name": "exact",
            "strict": True,
            "parameters": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
        },
    }
    body, _ = await ask(tools=[WEATHER, strict, {"type": "function", "function": {"name": "bare"}}])
    weather, exact, bare = body["tools"]
    assert weather == {"type": "function", **WEATHER["function"], "strict": False}
    assert exact == {"type": "function", **strict["function"]}  # type: ignore[dict-item]
    assert bare == {
        "type": "function",
        "name": "bare",
        "parameters": {"type": "object", "properties": {}},
        "strict": False,
    }
    assert "tool_choice" not in body


@pytest.mark.parametrize(
    ("choice", "expected", "sent"),
    [
        (ToolChoice("auto"), "auto", 2),
        (ToolChoice("none"), "none", 2),
        (ToolChoice("required"), "required", 2),
        (ToolChoice("get_time"), {"type": "function", "name": "get_time"}, 2),
        (ToolChoice("get_time", ["get_time"]), {"type": "function", "name": "get_time"}, 2),
        (ToolChoice("none", ["get_time"]), "none", 2),
        (
            ToolChoice("auto", ["get_time"]),
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "get_time"}]},
            2,
        ),
        (
            ToolChoice("required", ["get_time"]),
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "get_time"}]},
            2,
        ),
        (ToolChoice("required", ["get_time", "get_weather"]), "required", 2),
    ],
)
async def test_tool_choices(choice: ToolChoice, expected: Any, sent: int) -> None:
    body, answer = await ask(tools=[WEATHER, CLOCK], tool_choice=choice)
    assert body["tool_choice"] == expected and len(body["tools"]) == sent and kinds(answer) == []


async def test_illegal_names_of_tools_are_legal_on_the_wire_and_back() -> None:
    named = {"type": "function", "function": {"name": "Wetter für Städte", "parameters": {"type": "object"}}}
    body, _ = await ask(tools=[named], tool_choice=ToolChoice("Wetter für Städte"))
    wire_name = body["tools"][0]["name"]
    assert body["tool_choice"]["name"] == wire_name
    call = {"type": "function_call", "id": "fc", "call_id": "c", "name": wire_name, "arguments": "{}"}
    answer = await model(Scripted.whole(response([call])))(HELLO, tools=[named])
    assert isinstance(answer, ChatResponse)
    assert answer.content[0].name == "Wetter für Städte"  # type: ignore[union-attr]


async def test_overrides_win_and_merge_into_the_nested_objects() -> None:
    body, _ = await ask(
        parameters={"reasoning_effort": "low", "max_tokens": 50},
        reasoning={"summary": "detailed"},
        text={"verbosity": "low"},
        max_output_tokens=99,
        extra_body={"store": True, "include": [], "prompt_cache_key": "k"},
        extra_headers={"x-trace": "1"},
    )
    assert body["reasoning"] == {"effort": "low", "summary": "detailed"}
    assert (body["text"], body["max_output_tokens"]) == ({"verbosity": "low"}, 99)
    assert (body["store"], body["include"], body["prompt_cache_key"]) == (True, [], "k")


def encoded(card: ModelCard, **fields: Any) -> tuple[Json, list[str]]:
    request = ChatRequest(
        endpoint=Endpoint("http://host/v1"), model=card.name, rendered=Rendered([]), card=card, **fields
    )
    call = OpenAIResponsesCodec(OPENAI_RESPONSES).encode(request)
    return json.loads(call.http_request.body), [warning.setting for warning in call.warnings]


def card(**facts: Any) -> ModelCard:
    return ModelCard(name="m", label="m", context_size=1000, output_size=None, **facts)


def test_a_force_that_the_model_refuses_while_it_thinks() -> None:
    thinker = card(
        thinking=ThinkingFacts(can_disable=False, default_effort="low"),
        tool_choice=ToolChoiceFacts(with_thinking=False),
    )
    with pytest.raises(UnsupportedFeatureError):
        encoded(thinker, tools=[WEATHER, CLOCK], tool_choice=ToolChoice("get_time"))


def test_a_model_without_tools() -> None:
    body, warnings = encoded(card(tools=False), tools=[WEATHER])
    assert "tools" not in body and warnings == ["tools"]
    with pytest.raises(UnsupportedFeatureError):
        encoded(card(tools=False), tools=[WEATHER], tool_choice=ToolChoice("required"))


def test_sampling_is_kept_unless_the_model_surely_thinks() -> None:
    sampling, facts = SamplingFacts(with_thinking=False), {"parameters": {"temperature": 0.5}}
    may = card(thinking=ThinkingFacts(can_disable=True), sampling=sampling)
    assert encoded(may, **facts)[0]["temperature"] == 0.5
    does = card(thinking=ThinkingFacts(can_disable=True, default_effort="medium"), sampling=sampling)
    assert encoded(does, **facts)[1] == ["temperature"]


def test_one_credential_opens_both_protocols() -> None:
    assert OpenAICredential.get_chat_model_classes() == [OpenAIChatModel, OpenAIResponseModel]
    assert OpenAICredential.get_chat_model_class() is OpenAIChatModel
    names = [card.name for card in OpenAICredential.list_models()]
    assert "o3-pro" in names and "gpt-audio" in names and names == sorted(set(names))
