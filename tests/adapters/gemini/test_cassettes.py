"""Conversations as they are on the wire, replayed by vcrpy through the public class."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.credential import GeminiCredential
from modelport.domain.chat.tools import ToolChoice
from modelport.domain.errors import RateLimitError
from modelport.domain.message.blocks import Base64Source, DataBlock, TextBlock, ToolCallBlock, ToolResultBlock
from modelport.domain.message.messages import AssistantMsg, Msg, SystemMsg, UserMsg
from modelport.domain.message.responses import ChatResponse, FinishReason
from modelport.model import GeminiChatModel
from tests.adapters.gemini.support import Json, tool
from tests.cassettes import ask, played

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def chat(model: str, *, stream: bool = True, **parameters: Any) -> GeminiChatModel:  # Any: parameter values
    """A model that makes one request per call."""
    given = GeminiChatModel.Parameters(**parameters)
    return GeminiChatModel(GeminiCredential(api_key="test-key-PlantedWord7"), model, given, stream, max_retries=0)


def counts(answer: ChatResponse) -> tuple[int, int, int]:
    assert answer.usage is not None
    return answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.reasoning_tokens


def user(text: str) -> Msg:
    return UserMsg(name="user", content=text)


async def test_text() -> None:
    messages = [SystemMsg(name="s", content="Answer in one sentence."), user("Which tide comes after the ebb?")]
    with played("gemini", "text", "gemini"):
        model = chat("gemini-2.5-flash", stream=False, max_tokens=400, temperature=0.2)
        answer = await ask(model, messages)
    assert answer.text == "After the ebb comes the flood, when the water rises again."
    assert counts(answer) == (15, 54, 41)
    assert answer.finish_reason is FinishReason.STOP
    assert answer.id == "Wm4iacSYB9uK1MkPqvTz4AQ"


async def test_stream() -> None:
    with played("gemini", "stream", "gemini"):
        answer = await ask(chat("gemini-3.5-flash"), [user("Name three knots, in German too.")])
    assert answer.text.endswith("(Schotstek) – good ones for a start.")
    assert [block.type for block in answer.content] == ["text"]
    assert answer.content[0].provider_data is not None
    assert counts(answer) == (9, 122, 88)
    assert answer.raw_finish_reason == "STOP"


async def test_thinking_stream() -> None:
    with played("gemini", "thinking_stream", "gemini"):
        model = chat("gemini-3-flash-preview", thinking_enable=True, thinking_level="low")
        answer = await ask(model, [user("Is 2027 a prime number?")])
    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert answer.content[0].type == "thinking"
    assert answer.content[0].thinking.startswith("**Testing Divisors**")
    assert answer.text == "Yes, 2027 is prime: no prime up to 43 divides it."
    assert counts(answer) == (10, 159, 142)


async def test_tool_round_trip() -> None:
    gauge: Json = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
    tools = [tool("read_gauge", gauge, "The height of the water at a place.")]
    question = user("How high is the water at the lock?")
    model = chat("gemini-3.5-flash")
    with played("gemini", "tool_round_trip", "gemini"):
        first = await ask(model, [question], tools=tools)
        (call,) = first.content
        assert isinstance(call, ToolCallBlock)
        result = ToolResultBlock(id=call.id, name=call.name, output="2.31 m, rising")
        second = await ask(model, [question, AssistantMsg(name="a", content=[call, result])], tools=tools)
    assert (call.id, call.name, json.loads(call.input)) == ("q7tmx0vd", "read_gauge", {"place": "lock"})
    assert first.finish_reason is FinishReason.TOOL_CALLS
    assert counts(first) == (61, 89, 73)
    assert second.text == "At the lock the water stands at 2.31 m, and it is rising."
    assert counts(second) == (171, 17, 0)
    assert second.warnings == []


async def test_parallel_tools() -> None:
    money: Json = {
        "type": "object",
        "properties": {"amount": {"type": "number"}, "to": {"type": "string"}},
        "required": ["amount", "to"],
    }
    tools = [tool("convert", money, "Convert an amount of money."), tool("clock", {}, "")]
    question = user("What are 20 euros in francs, 20.50 in crowns, and what time is it?")
    with played("gemini", "parallel_tools", "gemini"):
        model = chat("gemini-2.5-pro", stream=False)
        answer = await ask(model, [question], tools=tools, tool_choice=ToolChoice("required"))
    calls = [block for block in answer.content if isinstance(block, ToolCallBlock)]
    assert [(call.name, json.loads(call.input)) for call in calls] == [
        ("convert", {"to": "CHF", "amount": 20}),
        ("convert", {"to": "SEK", "amount": 20.5}),
        ("clock", {}),
    ]
    assert len({call.id for call in calls}) == 3
    assert counts(answer) == (118, 252, 205)
    assert (answer.finish_reason, answer.raw_finish_reason) == (FinishReason.TOOL_CALLS, "STOP")


async def test_image_in() -> None:
    image = DataBlock(source=Base64Source(data=PNG, media_type="image/png"))
    message = UserMsg(name="user", content=[TextBlock(text="What colour is this?"), image])
    with played("gemini", "image_in", "gemini"):
        answer = await ask(chat("gemini-2.5-flash-lite"), [message])
    assert answer.text == "A pale red."
    assert counts(answer) == (264, 4, 0)


async def test_error() -> None:
    with played("gemini", "error", "gemini"), pytest.raises(RateLimitError) as caught:
        await ask(chat("gemini-2.5-flash"), [user("Hello")])
    assert (caught.value.status_code, caught.value.code) == (429, "RESOURCE_EXHAUSTED")
    assert caught.value.retry_after == 21
    assert caught.value.retryable
    assert "Please retry in" in caught.value.message
