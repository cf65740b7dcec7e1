"""Ollama's class against authored traffic."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import OllamaCredential
from modelport.error import NotFoundError
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    Msg,
    SystemMsg,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    UserMsg,
)
from modelport.model import OllamaChatModel
from tests.cassettes import ask, cassette_body, played

TIDE = {
    "type": "function",
    "function": {
        "name": "tide",
        "description": "Height of the tide at a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}


def model(name: str, *, stream: bool = True, **parameters: Any) -> OllamaChatModel:  # Any: parameter values
    given = OllamaChatModel.Parameters(**parameters)
    return OllamaChatModel(OllamaCredential(), name, given, stream=stream, max_retries=0)


async def test_text() -> None:
    asked = model("llama3.2:3b", stream=False, temperature=0.1, max_tokens=20)
    with played("ollama", "text", "ollama"):
        answer = await ask(asked, [SystemMsg("system", "Answer in one word."), UserMsg("user", "Which planet is red?")])
    assert (answer.text, answer.finish_reason, answer.raw_finish_reason) == ("Mars.", "stop", "stop")
    assert answer.usage is not None and (answer.usage.input_tokens, answer.usage.output_tokens) == (24, 3)
    assert (answer.provider, answer.model, answer.warnings) == ("ollama", "llama3.2:3b", [])


async def test_stream() -> None:
    with played("ollama", "stream", "ollama"):
        answer = await ask(model("llama3.2:3b"), [UserMsg("user", "Two rivers of Spain?")])
    assert answer.text == "Ebro and Duero – né 🏞"


async def test_thinking_stream() -> None:
    with played("ollama", "thinking_stream", "ollama"):
        answer = await ask(model("qwen3:8b", thinking_enable=True), [UserMsg("user", "Is 91 prime?")])
    thinking, text = answer.content
    assert thinking.type == "thinking" and thinking.thinking == "91 is 7 times 13."
    assert text.type == "text" and text.text == "No, it is 7 · 13."


async def test_tool_round_trip() -> None:
    asked, question = model("qwen3:8b", thinking_enable=True), UserMsg("user", "How high is the tide in Brest?")
    with played("ollama", "tool_round_trip", "ollama"):
        first = await ask(asked, [question], tools=[TIDE])
        assert first.finish_reason == "tool_calls"
        call = first.content[-1]
        assert isinstance(call, ToolCallBlock)
        assert (call.id, call.name, call.input) == ("call_k7tide", "tide", '{"place":"Brest"}')
        turn = AssistantMsg("bot", [*first.content, ToolResultBlock(id=call.id, name="tide", output="6.1 m")])
        stored = Msg.model_validate_json(turn.model_dump_json())
        second = await ask(asked, [question, stored], tools=[TIDE])
    assert second.text == "It stands at 6.1 m." and second.warnings == []


async def test_parallel_tools_of_an_old_server_without_ids() -> None:
    with played("ollama", "parallel_tools", "ollama"):
        answer = await ask(model("llama3.2:3b"), [UserMsg("user", "Tides in Brest and Vigo?")], tools=[TIDE])
    calls = [block for block in answer.content if isinstance(block, ToolCallBlock)]
    assert [call.input for call in calls] == ['{"place":"Brest"}', '{"place":"Vigo"}']
    assert calls[0].id == "call_a1" and calls[1].id.startswith("call_") and calls[0].id != calls[1].id


async def test_image_in() -> None:
    image = cassette_body("ollama", "image_in")["messages"][0]["images"][0]
    blocks: list[TextBlock | DataBlock] = [
        TextBlock(text="What colour?"),
        DataBlock(source=Base64Source(data=image, media_type="image/png")),
        TextBlock(text="A single pixel."),
    ]
    with played("ollama", "image_in", "ollama"):
        answer = await ask(model("gemma4"), [UserMsg("user", blocks)])
    assert answer.text == "Blue-ish."


async def test_error() -> None:
    with played("ollama", "error"), pytest.raises(NotFoundError, match="no-such-model") as caught:
        await ask(model("no-such-model"), [UserMsg("user", "Hi")])
    assert (caught.value.status_code, caught.value.provider) == (404, "ollama")
