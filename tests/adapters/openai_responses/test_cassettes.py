"""Whole conversations with OpenAI Responses, from cassettes, through the public class."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import OpenAICredential
from modelport.error import InvalidRequestError
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    Msg,
    SystemMsg,
    TextBlock,
    ToolResultBlock,
    URLSource,
    UserMsg,
)
from modelport.model import ChatResponse, OpenAIResponseModel
from modelport.tool import ToolChoice
from tests.adapters.openai_responses.wire import Json
from tests.cassettes import ask, played

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TEXT: Json = {"type": "string"}
WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": TEXT, "unit": {**TEXT, "enum": ["celsius", "fahrenheit"]}},
            "required": ["city"],
        },
    },
}
POPULATION: Json = {
    "type": "function",
    "function": {
        "name": "get_population",
        "description": "Inhabitants of a city",
        "parameters": {"type": "object", "properties": {"city": TEXT}, "required": ["city"]},
    },
}


async def said(
    *messages: Msg, stream: bool = True, name: str = "gpt-5.6", parameters: Any = None, **call: Any
) -> ChatResponse:
    credential = OpenAICredential(api_key="sk-test-PlantedWord7")
    chosen = OpenAIResponseModel.Parameters(**(parameters or {}))
    model = OpenAIResponseModel(credential, name, chosen, stream, max_retries=0)
    return await ask(model, list(messages), **call)


def calls(answer: ChatResponse) -> list[tuple[str, str]]:
    return [(block.name, block.input) for block in answer.content if block.type == "tool_call"]


def thoughts(answer: ChatResponse) -> list[str]:
    return [block.thinking for block in answer.content if block.type == "thinking"]


def counts(answer: ChatResponse) -> tuple[int, int, int, int]:
    usage = answer.usage
    assert usage is not None and usage.time > 0
    return usage.input_tokens, usage.output_tokens, usage.cache_input_tokens, usage.reasoning_tokens


async def test_text() -> None:
    with played("openai_responses", "text", "openai_responses"):
        system, user = SystemMsg("s", "Answer in one sentence."), UserMsg("u", "Why is the sky blue?")
        answer = await said(system, user, stream=False, parameters={"max_tokens": 300})
    assert answer.text == "Air scatters the short waves of sunlight – blue – far more than the long ones."
    assert (counts(answer), answer.finish_reason, thoughts(answer)) == ((28, 61, 0, 40), "stop", [""])
    assert (answer.provider, answer.model, answer.warnings) == ("openai", "gpt-5.6-2026-05-28", [])


async def test_stream() -> None:
    with played("openai_responses", "stream", "openai_responses"):
        answer = await said(UserMsg("u", "Count to five in German."))
    assert answer.text == "eins, zwei, drei, vier, fünf – „geschafft“! 🎉"
    assert (counts(answer), answer.finish_reason) == ((14, 22, 0, 0), "stop")
    assert answer.attempts[0].request_id is not None


async def test_thinking_stream() -> None:
    with played("openai_responses", "thinking_stream", "openai_responses"):
        parameters = {"reasoning_effort": "low", "thinking_enable": True}
        answer = await said(UserMsg("u", "Is 91 a prime number?"), parameters=parameters)
    assert thoughts(answer) == [
        "**Checking small divisors**\n\nI try 2, 3, 5 and 7: 7 × 13 = 91.\n\n**Answering**\n\nIt is composite."
    ]
    assert (answer.text, counts(answer)) == ("No: 91 = 7 × 13.", (17, 58, 0, 44))


async def test_tool_round_trip() -> None:
    question = UserMsg("u", "How warm is it in Zürich?")
    with played("openai_responses", "tool_round_trip", "openai_responses"):
        tools: Json = {"tools": [WEATHER], "tool_choice": ToolChoice("auto")}
        first = await said(question, **tools)
        assert calls(first) == [("get_weather", '{"city":"Zürich","unit":"celsius"}')]
        assert (first.finish_reason, counts(first)) == ("tool_calls", (71, 49, 0, 21))
        output = '{"temperature": 20.5, "unit": "celsius"}'
        result = ToolResultBlock(id=first.content[-1].id, name="get_weather", output=output)
        second = await said(question, AssistantMsg("bot", [*first.content, result]), **tools)
    assert (second.text, second.finish_reason) == ("In Zürich it is 20.5 °C.", "stop")
    assert (counts(second), second.warnings) == ((149, 16, 64, 0), [])


async def test_parallel_tools() -> None:
    with played("openai_responses", "parallel_tools", "openai_responses"):
        question = UserMsg("u", "Weather and population of Bern?")
        answer = await said(question, tools=[WEATHER, POPULATION], tool_choice=ToolChoice("required"))
    assert calls(answer) == [("get_weather", '{"city":"Bern"}'), ("get_population", '{"city":"Bern"}')]
    assert len({block.id for block in answer.content}) == 3
    assert (answer.finish_reason, counts(answer)) == ("tool_calls", (112, 64, 0, 18))


async def test_image_in() -> None:
    blocks: list[TextBlock | DataBlock] = [
        TextBlock(text="Which colour is this?"),
        DataBlock(source=Base64Source(data=PIXEL, media_type="image/png")),
        DataBlock(source=URLSource(url="https://example.com/second.png", media_type="image/png")),
    ]
    with played("openai_responses", "image_in", "openai_responses"):
        answer = await said(UserMsg("u", blocks), stream=False)
    assert (answer.text, counts(answer), answer.warnings) == ("Both are plain red.", (310, 8, 0, 0), [])


async def test_error() -> None:
    with played("openai_responses", "error"), pytest.raises(InvalidRequestError, match="gpt-0") as caught:
        await said(UserMsg("u", "Hello"), stream=False, name="gpt-0")
    error = caught.value
    assert (error.status_code, error.code, error.retryable) == (400, "model_not_found", False)
    assert (error.provider, error.model) == ("openai", "gpt-0") and error.request_id
