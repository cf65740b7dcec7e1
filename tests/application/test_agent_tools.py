"""An agent's tools: their schemas, their runs, and what becomes of everything that goes wrong."""

from __future__ import annotations

import asyncio
import datetime
import functools
import json
import logging
import threading
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from modelport.agent import Agent, FunctionTool
from modelport.error import InvalidRequestError
from modelport.event import (
    Event,
    ReplyEndEvent,
    ToolResultDataDeltaEvent,
    ToolResultEndEvent,
    ToolResultStartEvent,
    ToolResultTextDeltaEvent,
)
from modelport.message import Base64Source, DataBlock, TextBlock, ToolCallBlock, ToolResultBlock, ToolResultState
from modelport.testing.server import ScriptedServer
from tests.application.agent_support import body_is_legal, calling, chat, saying, steps, types, whole


class Place(BaseModel):
    """Where it is."""

    city: str
    country: str = "CN"


def weather(
    place: str, unit: Literal["C", "F"] = "C", *, days: Annotated[int, Field(ge=1, description="How many")] = 1
) -> str:
    """The weather of a place.

    It is a guess.

    Args:
        place: where, as a person would
            write it.
        unit (str): of the temperature
        days: ignored, for the annotation says more

    Returns:
        some words: not an argument.
    """
    return f"{place}: 21 {unit}, {days}"


def results(agent: Agent) -> list[ToolResultBlock]:
    return [block for message in agent.history for block in message.content if isinstance(block, ToolResultBlock)]


async def called(tool: Any, arguments: str, *, name: str | None = None) -> ToolResultBlock:
    """The result of one call of this tool by a model."""
    given = tool if isinstance(tool, FunctionTool) else FunctionTool(tool)
    async with ScriptedServer([calling(("1", name or given.name, arguments)), saying("Done")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[given])
        await agent.reply("Go")
        assert body_is_legal(server.requests[1].json())
    (result,) = results(agent)
    return result


def test_the_schema_of_a_function() -> None:
    assert FunctionTool(weather).schema == {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather of a place.\n\nIt is a guess.",
            "parameters": {
                "type": "object",
                "properties": {
                    "place": {"type": "string", "description": "where, as a person would write it."},
                    "unit": {
                        "type": "string",
                        "enum": ["C", "F"],
                        "default": "C",
                        "description": "of the temperature",
                    },
                    "days": {"type": "integer", "minimum": 1, "default": 1, "description": "How many"},
                },
                "required": ["place"],
                "additionalProperties": False,
            },
        },
    }


def test_the_schema_of_other_callables() -> None:
    class Clock:
        def __call__(self, zone: str = "UTC") -> str:
            """The time."""
            return zone

    def bare(schema, model_config=None, _hidden=3, *rest, **more): ...  # type: ignore[no-untyped-def]

    plain = FunctionTool(bare).schema["function"]
    assert (plain["name"], plain["description"]) == ("bare", "")
    assert list(plain["parameters"]["properties"]) == ["schema", "model_config", "_hidden"]
    assert plain["parameters"]["additionalProperties"] is True
    assert FunctionTool(Clock()).name == "Clock"
    fixed = FunctionTool(functools.partial(weather, days=2)).schema["function"]
    assert fixed["name"] == "weather" and fixed["description"].startswith("The weather")
    assert FunctionTool(lambda: 1, {"type": "function", "function": {"name": "one"}}).name == "one"
    assert FunctionTool(datetime.datetime.now).schema["function"]["name"] == "now"


def test_what_cannot_be_a_tool() -> None:
    def local(thing: Unknown) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    def by_position(thing: int, /) -> None: ...

    def odd(thing: threading.Lock) -> None: ...

    for function in (local, by_position, odd, 3):
        with pytest.raises(InvalidRequestError, match="the tool"):
            FunctionTool(function)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="two tools"):
        Agent("assistant", chat("http://127.0.0.1:1"), tools=[weather, FunctionTool(weather)])
    with pytest.raises(InvalidRequestError, match="max_turns"):
        Agent("assistant", chat("http://127.0.0.1:1"), max_turns=0)


async def test_a_turn_with_a_tool() -> None:
    async with ScriptedServer([calling(("7", "weather", '{"place":"Brest"}'), text="Look"), saying("Fine")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[weather])
        events = await steps(agent)
        first, second = [request.json() for request in server.requests]
    call = ["MODEL_CALL_START", "TEXT_BLOCK_START", "TEXT_BLOCK_DELTA", "TEXT_BLOCK_END"]
    assert types(events) == [
        *("REPLY_START", *call, "TOOL_CALL_START", "TOOL_CALL_DELTA", "TOOL_CALL_END", "MODEL_CALL_END"),
        *("TOOL_RESULT_START", "TOOL_RESULT_TEXT_DELTA", "TOOL_RESULT_END", *call, "MODEL_CALL_END", "REPLY_END"),
    ]
    (reply,) = agent.history[1:]
    assert [block.type for block in reply.content] == ["text", "tool_call", "tool_result", "text"]
    called, result = reply.content[1:3]
    assert isinstance(called, ToolCallBlock) and (called.input, called.state) == ('{"place":"Brest"}', "finished")
    assert isinstance(result, ToolResultBlock) and (result.output, result.state) == ("Brest: 21 C, 1", "success")
    assert reply.usage is not None and (reply.usage.input_tokens, reply.usage.output_tokens) == (10, 4)
    assert [tool["function"]["name"] for tool in first["tools"]] == ["weather"]
    assert body_is_legal(first) and body_is_legal(second)
    assert second["messages"][-1] == {"role": "tool", "tool_call_id": "7", "content": "Brest: 21 C, 1"}


async def test_a_turn_with_a_tool_without_streaming() -> None:
    call = {"id": "7", "type": "function", "function": {"name": "weather", "arguments": '{"place":"Brest"}'}}
    async with ScriptedServer([whole(tool_calls=[call]), whole(content="Fine")]) as server:
        agent = Agent("assistant", chat(server.base_url, stream=False), tools=[weather])
        events = await steps(agent)
    assert types(events)[2:6] == ["TOOL_CALL_START", "TOOL_CALL_DELTA", "TOOL_CALL_END", "MODEL_CALL_END"]
    assert results(agent)[0].output == "Brest: 21 C, 1"


async def test_calls_of_one_turn_run_together_and_are_kept_in_order() -> None:
    meeting = asyncio.Barrier(3)
    released = asyncio.Event()

    async def meet(name: str) -> str:
        await meeting.wait()
        if name == "first":
            await released.wait()
        return name

    calls = [
        (str(index), "meet", json.dumps({"name": name})) for index, name in enumerate(["first", "second", "third"])
    ]
    async with ScriptedServer([calling(*calls), saying("Done")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[meet])
        async with asyncio.timeout(10):
            events = []
            async for event in agent.reply_stream("Go"):
                events.append(event)
                if isinstance(event, ToolResultEndEvent):
                    released.set()
    assert [result.output for result in results(agent)] == ["first", "second", "third"]
    started = [event.tool_call_id for event in events if isinstance(event, ToolResultStartEvent)]
    ended = [event.tool_call_id for event in events if isinstance(event, ToolResultEndEvent)]
    assert started == ["0", "1", "2"] and sorted(ended) == started and ended[-1] == "0"


async def test_sync_tools_run_in_threads_and_block_nobody() -> None:
    both = threading.Barrier(2)

    def wait() -> str:
        both.wait(10)
        return threading.current_thread().name

    async with ScriptedServer([calling(("1", "wait", ""), ("2", "wait", "{}")), saying("Done")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[wait])
        await agent.reply("Go")
    assert all(result.output != threading.current_thread().name for result in results(agent))
    assert [result.state for result in results(agent)] == [ToolResultState.SUCCESS] * 2


async def test_arguments_are_converted() -> None:
    def plan(at: Place, when: datetime.date, times: list[int] | None = None, **more: Any) -> str:
        assert type(at) is Place and type(when) is datetime.date
        return f"{at.city}/{at.country} {when:%d.%m.%y} {times} {more}"

    given = {"at": {"city": "Brest"}, "when": "2026-11-23", "times": ["1", 2], "extra": True}
    assert (await called(plan, json.dumps(given))).output == "Brest/CN 23.11.26 [1, 2] {'extra': True}"


async def test_damaged_arguments_are_repaired() -> None:
    assert (await called(weather, "{'place': 'Brest',}")).output == "Brest: 21 C, 1"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"unit":"C"}', "place: Field required"),
        ('{"place":"x","days":0}', "days: Input should be greater than or equal to 1"),
        ('{"place":"x","other":0}', "other: Extra inputs are not permitted"),
        ('{"place":"x', "ends before it is complete"),
        ("[1]", "not a JSON object"),
        ("nothing", "no JSON object"),
    ],
)
async def test_bad_arguments_are_told_to_the_model(arguments: str, told: str) -> None:
    result = await called(weather, arguments)
    assert result.state is ToolResultState.ERROR
    assert isinstance(result.output, str) and "arguments are not valid" in result.output and told in result.output


async def test_an_unknown_tool_is_told_to_the_model() -> None:
    result = await called(weather, "{}", name="wether")
    assert (result.state, result.output) == ("error", "there is no tool 'wether'; the tools are ['weather']")


def broken() -> None:
    raise KeyError("gone")


def stopping() -> None:
    raise StopIteration


async def cancelling() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        (broken, "KeyError: 'gone'"),
        (stopping, "RuntimeError: the function raised StopIteration"),
        (cancelling, "the tool was cancelled from within"),
    ],
)
async def test_errors_become_results(tool: Any, told: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(10):
            result = await called(tool, "{}")
    assert (result.state, result.output) == (ToolResultState.ERROR, told)
    assert ("tool" in caplog.text) == (tool is not cancelling)


PICTURE = DataBlock(source=Base64Source(data="AAAA", media_type="image/png"))


@pytest.mark.parametrize(
    ("value", "output"),
    [
        (None, ""),
        ("text", "text"),
        (3, "3"),
        ([], "[]"),
        ({"a": [1.5, None]}, '{"a":[1.5,null]}'),
        (Place(city="Brest"), '{"city":"Brest","country":"CN"}'),
        (datetime.date(2026, 11, 23), '"2026-11-23"'),
        (PICTURE, [PICTURE]),
    ],
)
async def test_what_a_tool_returns(value: Any, output: Any) -> None:
    def give() -> Any:
        return value

    assert (await called(give, "")).output == output


async def test_media_of_a_tool_in_events() -> None:
    async def draw() -> list[TextBlock | DataBlock]:
        return [TextBlock(text="Here"), PICTURE]

    async with ScriptedServer([calling(("1", "draw", "{}")), saying("Done")]) as server:
        events = await steps(Agent("assistant", chat(server.base_url), tools=[draw]))
    told: list[Event] = [e for e in events if isinstance(e, ToolResultTextDeltaEvent | ToolResultDataDeltaEvent)]
    words, picture = told
    assert isinstance(words, ToolResultTextDeltaEvent) and words.delta == "Here"
    assert isinstance(picture, ToolResultDataDeltaEvent)
    assert (picture.block_id, picture.data, picture.media_type) == (PICTURE.id, "AAAA", "image/png")


async def test_a_given_schema_is_sent_as_it_is() -> None:
    schema = {"type": "function", "function": {"name": "look_up", "description": "d", "parameters": {"type": "object"}}}

    async def find(**fields: Any) -> str:
        return json.dumps(fields)

    async with ScriptedServer([calling(("1", "look_up", '{"a":1}')), saying("Done")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[FunctionTool(find, schema)])
        await agent.reply("Go")
        assert server.requests[0].json()["tools"] == [schema]
    assert results(agent)[0].output == '{"a": 1}'


async def test_the_limit_of_turns_is_a_clear_end() -> None:
    again = [calling(("1", "weather", '{"place":"x"}')) for _ in range(3)]
    async with ScriptedServer([*again, saying("Done")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[weather], max_turns=3)
        events = await steps(agent)
        assert len(server.requests) == 3
        end = events[-1]
        assert isinstance(end, ReplyEndEvent)
        assert (end.finish_reason, end.error) == ("tool_calls", "the reply was ended after 3 model calls")
        assert [result.state for result in results(agent)] == ["success", "success", "interrupted"]
        assert agent.history[-1].error == end.error
        await agent.reply("Go on")
        assert body_is_legal(server.requests[3].json())
