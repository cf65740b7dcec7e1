"""Streamed structured output."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from pydantic import BaseModel

from modelport.error import ModelError, StreamTruncatedError, StructuredOutputError
from modelport.model import ChatModelBase, StructuredResponse
from modelport.testing.servers.http import HANG, ScriptedAnswer, ScriptedServer
from modelport.tool import ToolChoice
from tests.application.structured.structured_support import (
    line,
    ollama_model,
    ollama_stream,
    openai_model,
    question,
    refusal,
)


class Weather(BaseModel):
    city: str
    temperature: float
    unit: str = "celsius"


async def steps(
    model: ChatModelBase, pause: asyncio.Event | None = None, **options: Any
) -> list[tuple[dict[str, Any], bool]]:
    """The content of every step, copied, and whether it was the last; `pause` is set after the first."""
    seen = []
    async for step in model.stream_structured_output(question(), Weather, **options):
        assert isinstance(step, StructuredResponse)
        seen.append((deepcopy(step.content), step.is_last))
        if pause is not None:
            pause.set()
    return seen


async def test_it_grows_and_ends_validated() -> None:
    pause = asyncio.Event()
    whole = ollama_stream('{"city": "Os', 'lo", "temp', 'erature": -3', "}")
    answer = ScriptedAnswer(200, whole.headers, [whole.body[0], pause, *whole.body[1:]])
    async with ScriptedServer([answer]) as server:
        seen = await steps(ollama_model(server), pause)
        assert server.requests[0].json()["stream"] is True
    assert seen[-1] == ({"city": "Oslo", "temperature": -3.0, "unit": "celsius"}, True)
    assert next(content for content, last in seen if not last) == {"city": "Os"}
    assert [last for _, last in seen].count(True) == 1
    for (before, _), (after, _) in pairwise(seen):
        assert before.keys() <= after.keys()


async def test_each_step_is_a_value_of_its_own() -> None:
    pause = asyncio.Event()
    whole = ollama_stream('{"city": "Os', 'lo", "temperature": 1', "}")
    answer = ScriptedAnswer(200, whole.headers, [whole.body[0], pause, *whole.body[1:]])
    contents = []
    async with ScriptedServer([answer]) as server:
        async for step in ollama_model(server).stream_structured_output(question(), Weather):
            contents.append(step.content)
            pause.set()
    assert contents[0] == {"city": "Os"}, "a step that was kept does not change afterwards"
    assert contents[-1] == {"city": "Oslo", "temperature": 1.0, "unit": "celsius"}


async def test_a_tool_call_grows_too() -> None:
    def chunk(arguments: str, **more: Any) -> str:
        call = {"index": 0, **more, "function": {"arguments": arguments, **more.pop("function", {})}}
        return json.dumps({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})

    named = {"name": "generate_structured_output"}
    pause = asyncio.Event()
    stream = ScriptedAnswer.sse(
        chunk('{"city": "Os', id="c1", function=named),
        pause,
        chunk('lo", "temperature": 4}'),
        '{"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}',
        "[DONE]",
    )
    async with ScriptedServer([stream]) as server:
        seen = await steps(openai_model(server), pause, tool_choice=ToolChoice("required"))
    assert seen[0] == ({"city": "Os"}, False)
    assert seen[-1] == ({"city": "Oslo", "temperature": 4.0, "unit": "celsius"}, True)


async def test_after_an_invalid_object_the_steps_begin_again() -> None:
    answers = [ollama_stream('{"city": "Oslo"}'), ollama_stream('{"city": "Oslo", "temperature": 1}')]
    async with ScriptedServer(answers) as server:
        seen = await steps(ollama_model(server))
        assert len(server.requests) == 2
    assert seen[-1] == ({"city": "Oslo", "temperature": 1.0, "unit": "celsius"}, True)


async def test_a_refused_strategy_is_followed_by_the_next() -> None:
    async with ScriptedServer([refusal(), refusal(), ollama_stream('{"city": "x", "temperature": 1}')]) as server:
        seen = await steps(ollama_model(server))
        assert seen[-1][1] and len(server.requests) == 3


async def test_a_stream_that_breaks_is_an_error_with_what_there_was() -> None:
    broken = ScriptedAnswer(200, {"content-type": "application/x-ndjson"}, [line('{"city": "Oslo", ')])
    async with ScriptedServer([broken]) as server:
        seen = []
        with pytest.raises(StreamTruncatedError) as caught:
            async for step in ollama_model(server).stream_structured_output(question(), Weather):
                seen.append(step)
        assert seen and caught.value.partial is not None and caught.value.partial.text == '{"city": "Oslo", '
        assert len(server.requests) == 1, "nothing is sent again after content was delivered"


async def test_a_cut_off_stream_is_an_error() -> None:
    async with ScriptedServer([ollama_stream('{"city": "Oslo", ', reason="length")]) as server:
        with pytest.raises(StructuredOutputError, match="max_tokens"):
            await steps(ollama_model(server))


async def test_leaving_closes_the_connection() -> None:
    hanging = ScriptedAnswer(200, {"content-type": "application/x-ndjson"}, [line('{"city": "Oslo", '), HANG])
    async with ScriptedServer([hanging]) as server:
        async with aclosing(ollama_model(server).stream_structured_output(question(), Weather)) as growing:
            async for step in growing:
                assert step.content == {"city": "Oslo"}
                break
        await server.closed(0)


async def test_a_server_that_does_not_stream() -> None:
    whole = {"model": "m", "message": {"content": '{"city": "x", "temperature": 1}'}, "done": True}
    async with ScriptedServer([ScriptedAnswer.json({**whole, "done_reason": "stop"})]) as server:
        assert (await steps(ollama_model(server)))[-1][1]


async def test_an_error_inside_the_stream() -> None:
    answer = ScriptedAnswer(200, {"content-type": "application/x-ndjson"}, [line('{"a'), b'{"error": "crashed"}\n'])
    async with ScriptedServer([answer]) as server:
        with pytest.raises(ModelError, match="crashed"):
            await steps(ollama_model(server))
