"""An agent's tools: their runs and their errors."""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import sys
import threading
from typing import Any

import pytest

from modelport.agent import Agent
from modelport.event import (
    Event,
    ReplyEndEvent,
    ToolResultDataDeltaEvent,
    ToolResultEndEvent,
    ToolResultStartEvent,
    ToolResultTextDeltaEvent,
)
from modelport.message import Base64Source, DataBlock, TextBlock, ToolCallBlock, ToolResultBlock, ToolResultState
from modelport.testing.servers.http import ScriptedServer
from tests.application.agent.agent_support import body_is_legal, calling, chat, saying, steps, types, whole
from tests.application.agent.tool_support import Place, called, results, weather


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
        async with asyncio.timeout(30):
            events = []
            async for event in agent.reply_stream("Go"):
                events.append(event)
                if isinstance(event, ToolResultEndEvent):
                    released.set()
    assert [result.output for result in results(agent)] == ["first", "second", "third"]
    started = [event.tool_call_id for event in events if isinstance(event, ToolResultStartEvent)]
    ended = [event.tool_call_id for event in events if isinstance(event, ToolResultEndEvent)]
    assert started == ["0", "1", "2"] and sorted(ended) == started and ended[-1] == "0"


async def test_sync_tools_run_in_threads_and_do_not_block_the_loop() -> None:
    both = threading.Barrier(2)

    def wait() -> str:
        both.wait(10)
        return threading.current_thread().name

    async with ScriptedServer([calling(("1", "wait", ""), ("2", "wait", "{}")), saying("Done")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[wait])
        await agent.reply("Go")
    assert all(result.output != threading.current_thread().name for result in results(agent))
    assert [result.state for result in results(agent)] == [ToolResultState.SUCCESS] * 2


async def test_an_unknown_tool_is_reported_to_the_model() -> None:
    result = await called(weather, "{}", name="wether")
    assert (result.state, result.output) == ("error", "there is no tool 'wether'; the tools are ['weather']")


def broken() -> None:
    raise KeyError("gone")


def stopping() -> None:
    raise StopIteration


def exiting() -> None:
    """As a command line's function does, which must not end the agent's program."""
    sys.exit(2)


async def exiting_async() -> None:
    sys.exit(2)


def returning_an_exit() -> Any:
    return exiting_async()


async def generating_an_exit() -> Any:
    yield 1
    sys.exit(2)


def interrupting() -> None:
    raise KeyboardInterrupt


async def interrupting_async() -> None:
    raise KeyboardInterrupt


class NoException(BaseException):
    """As pytest and trio raise some."""


def escaping() -> None:
    raise NoException


async def escaping_async() -> None:
    raise NoException


async def in_a_group() -> None:
    raise ExceptionGroup("tasks", [KeyError("gone")])


async def endless() -> None:
    await endless()


async def cancelling() -> None:
    raise asyncio.CancelledError


async def cancelling_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(1)


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        (broken, "KeyError: 'gone'"),
        (stopping, "RuntimeError: the function raised StopIteration"),
        (exiting, "RuntimeError: the function raised SystemExit"),
        (exiting_async, "RuntimeError: the function raised SystemExit"),
        (returning_an_exit, "RuntimeError: the function raised SystemExit"),
        (generating_an_exit, "RuntimeError: the function raised SystemExit"),
        (interrupting, "RuntimeError: the function raised KeyboardInterrupt"),
        (interrupting_async, "RuntimeError: the function raised KeyboardInterrupt"),
        (escaping, "RuntimeError: the function raised NoException"),
        (escaping_async, "RuntimeError: the function raised NoException"),
        (in_a_group, "ExceptionGroup: tasks (1 sub-exception)"),
        (endless, "RecursionError: maximum recursion depth exceeded"),
        (cancelling, "the tool cancelled itself"),
        (cancelling_itself, "the tool cancelled itself"),
    ],
)
async def test_errors_become_results(tool: Any, message: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(30):
            result = await called(tool, "{}")
    assert (result.state, result.output) == (ToolResultState.ERROR, message)
    assert ("tool" in caplog.text) == (tool not in (cancelling, cancelling_itself))


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
        ((PICTURE, PICTURE), [PICTURE, PICTURE]),
    ],
)
async def test_what_a_tool_returns(value: Any, output: Any) -> None:
    def give() -> Any:
        return value

    assert (await called(give, "")).output == output


async def test_items_of_generators_are_returned_as_a_list() -> None:
    threads = []

    def count(to: int) -> Any:
        threads.append(threading.current_thread())
        yield from range(to)

    async def count_up(to: int) -> Any:
        for number in range(to):
            yield number

    for tool in (count, count_up):
        assert (await called(tool, '{"to":3}')).output == "[0,1,2]"
    assert threads != [threading.current_thread()]


async def test_media_of_a_tool_in_events() -> None:
    async def draw() -> list[TextBlock | DataBlock]:
        return [TextBlock(text="Here"), PICTURE]

    async with ScriptedServer([calling(("1", "draw", "{}")), saying("Done")]) as server:
        events = await steps(Agent("assistant", chat(server.base_url), tools=[draw]))
    message: list[Event] = [e for e in events if isinstance(e, ToolResultTextDeltaEvent | ToolResultDataDeltaEvent)]
    words, picture = message
    assert isinstance(words, ToolResultTextDeltaEvent) and words.delta == "Here"
    assert isinstance(picture, ToolResultDataDeltaEvent)
    assert (picture.block_id, picture.data, picture.media_type) == (PICTURE.id, "AAAA", "image/png")


async def test_the_reply_ends_at_the_limit_of_turns() -> None:
    again = [calling(("1", "weather", '{"place":"x"}')) for _ in range(3)]
    async with ScriptedServer([*again, saying("Done")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[weather], max_turns=3)
        events = await steps(agent)
        assert len(server.requests) == 3
        end = events[-1]
        assert isinstance(end, ReplyEndEvent)
        assert (end.finish_reason, end.error) == ("tool_calls", "the reply ended after max_turns=3 model calls")
        assert [result.state for result in results(agent)] == ["success", "success", "interrupted"]
        assert agent.history[-1].error == end.error
        await agent.reply("Go on")
        assert body_is_legal(server.requests[3].json())
