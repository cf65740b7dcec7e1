"""The model class against authored traffic: what was sent, and what came of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import AnthropicCredential
from modelport.error import RateLimitError
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    Msg,
    SystemMsg,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    URLSource,
    UserMsg,
)
from modelport.model import AnthropicChatModel
from modelport.tool import ToolChoice
from tests.cassettes import ask, cassette_body, played

Json = dict[str, Any]  # Any: JSON

GAUGE: Json = {
    "type": "function",
    "function": {
        "name": "read_gauge",
        "description": "The height of the water at a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}
WIND: Json = {
    "type": "function",
    "function": {
        "name": "wind",
        "description": "Wind now.",
        "parameters": {"type": "object", "properties": {"at": {"type": "string"}}},
    },
}
CLOCK: Json = {"type": "function", "function": {"name": "clock"}}


def model(name: str, *, stream: bool = True, **parameters: Any) -> AnthropicChatModel:  # Any: parameter values
    given = AnthropicChatModel.Parameters(**parameters)
    return AnthropicChatModel(
        AnthropicCredential(api_key="key-of-tests-PlantedWord7"), name, given, stream=stream, max_retries=0
    )


async def test_text() -> None:
    with played("anthropic", "text", "anthropic"):
        asked = model("claude-haiku-4-5", stream=False, max_tokens=300, temperature=0.3)
        answer = await ask(
            asked, [SystemMsg("system", "You are a ship's cook."), UserMsg("user", "What is for supper?")]
        )
        assert answer.text == "Pea soup with rye bread, and dried apples after."
        assert (answer.finish_reason, answer.raw_finish_reason) == ("stop", "end_turn")
        assert (answer.id, answer.model, answer.provider) == (
            "msg_01KsupperA7",
            "claude-haiku-4-5-20251001",
            "anthropic",
        )
        assert answer.usage is not None
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (21, 15)
        assert answer.warnings == []


async def test_stream() -> None:
    with played("anthropic", "stream", "anthropic"):
        answer = await ask(model("claude-sonnet-4-6"), [UserMsg("user", "Name three knots.")])
        assert answer.text == "Bowline, clove hitch, Palstek – né, the same. 🪢"
        assert answer.usage is not None
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 24)
        assert answer.finish_reason == "stop"
        assert answer.attempts[0].request_id == "req_011CXauthored0001"


async def test_thinking_stream() -> None:
    with played("anthropic", "thinking_stream", "anthropic"):
        chosen: Json = {"thinking_mode": "adaptive", "thinking_display": "summarized", "reasoning_effort": "low"}
        asked = model("claude-opus-5-5", max_tokens=4000, **chosen)
        answer = await ask(asked, [UserMsg("user", "When is high water if low water was at 6:10?")])
        thinking, text = answer.content
        assert thinking.type == "thinking"
        assert thinking.thinking == "A tide rises for about six hours and twelve minutes."
        assert thinking.provider_data is not None
        assert str(thinking.provider_data.data["signature"]).startswith("EuYBCkYIDBgCKkCuthored")
        assert text.type == "text"
        assert text.text == "At about 12:22."
        assert answer.usage is not None
        assert (answer.usage.output_tokens, answer.usage.reasoning_tokens) == (41, 28)


async def test_tool_round_trip() -> None:
    """Thinking without text goes back with its signature, before the call."""
    with played("anthropic", "tool_round_trip", "anthropic"):
        asked, question = (
            model("claude-sonnet-5-5", max_tokens=2000),
            UserMsg("user", "How high is the water at the lock?"),
        )
        first = await ask(asked, [question], tools=[GAUGE])
        assert first.finish_reason == "tool_calls"
        call = first.content[-1]
        assert isinstance(call, ToolCallBlock)
        assert (call.id, call.name, call.input) == ("toolu_01Kgauge", "read_gauge", '{"place": "lock"}')
        result = ToolResultBlock(id=call.id, name=call.name, output="2.31 m", state=ToolResultState.SUCCESS)
        turn = AssistantMsg("pilot", [*first.content, result])
        stored = Msg.model_validate_json(turn.model_dump_json())  # replay data survives storage
        second = await ask(asked, [question, stored], tools=[GAUGE])
        assert second.text == "The water stands at 2.31 m."
        assert second.usage is not None
        assert (second.usage.input_tokens, second.usage.cache_input_tokens, second.usage.output_tokens) == (
            480,
            450,
            14,
        )
        assert second.warnings == []


async def test_parallel_tools() -> None:
    with played("anthropic", "parallel_tools", "anthropic"):
        asked = model("claude-opus-4-8", max_tokens=2000)
        question = [UserMsg("user", "Wind in Bergen and Vigo, and the time?")]
        answer = await ask(asked, question, tools=[WIND, CLOCK], tool_choice=ToolChoice("required"))
        assert answer.text == "I look all three up."
        calls = [block for block in answer.content if isinstance(block, ToolCallBlock)]
        assert [(call.id, call.name, call.input) for call in calls] == [
            ("toolu_01Kbergen", "wind", '{"at": "Bergen"}'),
            ("toolu_01Kvigo", "wind", '{"at": "Vigo"}'),
            ("toolu_01Kclock", "clock", "{}"),
        ]
        assert answer.finish_reason == "tool_calls"
        assert answer.usage is not None
        assert answer.usage.output_tokens == 118


async def test_image_in() -> None:
    with played("anthropic", "image_in", "anthropic"):
        chart = cassette_body("anthropic", "image_in")["messages"][0]["content"][2]["source"]["data"]
        blocks: list[TextBlock | DataBlock] = [
            TextBlock(text="Does the buoy match the chart?"),
            DataBlock(source=URLSource(url="https://example.org/buoy.jpg", media_type="image/jpeg")),
            DataBlock(source=Base64Source(data=chart, media_type="application/pdf"), name="chart"),
        ]
        answer = await ask(model("claude-sonnet-5", stream=False, max_tokens=500), [UserMsg("user", blocks)])
        assert answer.text.startswith("Yes: a green conical buoy")
        assert answer.usage is not None
        assert (answer.usage.input_tokens, answer.usage.cache_creation_input_tokens) == (3374, 1500)


async def test_error() -> None:
    with played("anthropic", "error", "anthropic"):
        with pytest.raises(RateLimitError) as caught:
            await ask(model("claude-haiku-5-5"), [UserMsg("user", "Hello?")])
        error = caught.value
        assert (error.status_code, error.code, error.retry_after) == (429, "rate_limit_error", 17)
        assert error.request_id == "req_011CXauthored0429"
        assert error.retryable
        assert "50 requests per minute" in str(error)
