"""A reply that ends early, at any point: the history can be sent, and no task is left running."""

from __future__ import annotations

import asyncio
import gc

import pytest

from modelport.agent import Agent
from modelport.error import InvalidRequestError
from modelport.event import DataBlockDeltaEvent, Event, TextBlockDeltaEvent, ToolResultStartEvent
from modelport.message import ToolCallBlock, ToolResultBlock
from modelport.middleware import TTSMiddleware
from modelport.testing.servers.http import HANG, ScriptedAnswer, ScriptedServer
from tests.application.agent.agent_support import (
    PCM,
    body_is_legal,
    calling,
    chat,
    collect,
    leaked,
    saying,
    speaking,
    steps,
    talker,
    turns_of_the_loop,
)
from tests.application.agent.voices import ArrivingVoice, LiveVoice, Voice

CALLS = [("1", "quick", '{"word":"a"}'), ("2", "slow", "{}")]


def quick(word: str) -> str:
    return word


async def slow() -> str:
    await asyncio.sleep(0)
    return "late"


async def check_history(agent: Agent, server: ScriptedServer) -> None:
    """The history can be sent, and every call in it has its result."""
    blocks = [block for message in agent.history for block in message.content]
    calls = [block.id for block in blocks if isinstance(block, ToolCallBlock)]
    results = [block.id for block in blocks if isinstance(block, ToolResultBlock)]
    assert calls == results
    assert all(message.content for message in agent.history)
    sent = len(server.requests)
    await steps(agent, "Go on")
    body = next(request for request in server.requests[sent:] if "chat" in request.path).json()
    assert body_is_legal(body)
    assert len([one for one in body["messages"] if one["role"] == "tool"]) == len(calls)


def answers() -> list[ScriptedAnswer]:
    """A first reply, one of two turns, and good answers to whatever comes."""
    return [saying("Welcome."), calling(*CALLS, text="I look."), saying("It is ", "late."), *[saying("Good.")] * 3]


def new_agent(server: ScriptedServer, voice: Voice | None = None) -> Agent:
    middlewares = [TTSMiddleware(voice)] if voice else []
    return Agent("assistant", chat(server.base_url), middlewares, tools=[quick, slow])


async def cut(agent: Agent, count: int, how: str) -> list[Event]:
    """Read so many events and end the reply; what was read."""
    seen: list[Event] = []
    stream = agent.reply_stream("Hi")
    reached = asyncio.Event()

    async def read() -> None:
        async for event in stream:
            seen.append(event)
            if len(seen) == count:
                if how != "cancel":
                    return
                reached.set()
                await asyncio.Event().wait()
        reached.set()

    if how == "cancel":
        task = asyncio.create_task(read())
        await reached.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    else:
        await read()
    if how == "drop":
        del stream, read
        gc.collect()
        await turns_of_the_loop()
    else:
        await stream.aclose()
    return seen


@pytest.mark.parametrize("voice", [None, Voice, LiveVoice, ArrivingVoice])
@pytest.mark.parametrize("how", ["close", "drop", "cancel"])
@pytest.mark.usefixtures("small_heap")
async def test_ending_a_reply_at_each_event(how: str, voice: type[Voice] | None) -> None:
    count, seen = 0, 1
    while seen > count:
        count += 1
        async with ScriptedServer(answers()) as server:
            speaker = voice() if voice else None
            agent = new_agent(server, speaker)
            await agent.reply("Hello")
            before = asyncio.all_tasks()
            seen = len(await cut(agent, count, how)) + 1
            assert await leaked(before) == set()
            if speaker and speaker.realtime:
                assert speaker.log.count("connect") == speaker.log.count("close")
            await check_history(agent, server)
    assert count > 20


@pytest.mark.parametrize("voice", [None, Voice, LiveVoice])
async def test_cancelling_while_the_server_thinks(voice: type[Voice] | None) -> None:
    async with ScriptedServer([saying("Half", HANG), saying("Whole")]) as server:
        before = asyncio.all_tasks()
        agent = new_agent(server, voice() if voice else None)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(None) as limit:
                async for event in agent.reply_stream("Hi"):
                    if isinstance(event, TextBlockDeltaEvent):
                        limit.reschedule(asyncio.get_running_loop().time() + 0.01)
        await server.closed(0)
        assert await leaked(before) == set()
        half = agent.history[-1]
        assert (half.get_text_content(), half.error, half.finish_reason) == ("Half", "interrupted", None)
        await check_history(agent, server)


async def test_a_stream_that_is_left_closes_the_speech_servers_connection() -> None:
    async with ScriptedServer([saying("Hello")]) as server, ScriptedServer([speaking(PCM[0], HANG)]) as speech:
        before = asyncio.all_tasks()
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(talker(speech.base_url))])
        stream = agent.reply_stream("Hi")
        async for event in stream:
            if isinstance(event, DataBlockDeltaEvent):
                break
        await stream.aclose()
        request = await speech.closed(0)
        assert not request.answered
        assert await leaked(before) == set()
        assert agent.history[-1].get_text_content() == "Hello"


@pytest.mark.parametrize("voice", [Voice, LiveVoice, ArrivingVoice])
@pytest.mark.parametrize("kept", [False, True], ids=["dropped", "kept"])
def test_a_loop_that_ends_first(voice: type[Voice], kept: bool, caplog: pytest.LogCaptureFixture) -> None:
    """A script may leave the stream and end; nothing is said about it, and nothing is left open."""
    streams = []
    with ScriptedServer([saying("Half", HANG)]).in_thread() as server:
        speaker = voice()
        agent = new_agent(server, speaker)

        async def script() -> None:
            stream = agent.reply_stream("Hi")
            if kept:
                streams.append(stream)
            async for event in stream:
                if isinstance(event, TextBlockDeltaEvent):
                    return

        asyncio.run(script())
        server.run(server.closed(0))
    streams.clear()
    assert caplog.records == []
    half = agent.history[-1]
    assert (half.get_text_content(), half.error) == ("Half", "interrupted")
    assert speaker.log.count("connect") == speaker.log.count("close")


async def test_an_incomplete_call_is_dropped() -> None:
    broken = calling(*CALLS, text="I look.")
    pieces = [*broken.body[:4], HANG]
    async with ScriptedServer([ScriptedAnswer.sse(*pieces), saying("Good")]) as server:
        agent = new_agent(server)
        async for event in agent.reply_stream("Hi"):
            if event.type == "TOOL_CALL_DELTA":
                break
        await turns_of_the_loop()
        assert [block.type for block in agent.history[-1].content] == ["text"]
        await check_history(agent, server)


async def test_cancelling_while_tools_run() -> None:
    ended: list[str] = []

    async def hang() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("hang")
        return ""

    async with ScriptedServer([calling(("1", "quick", '{"word":"a"}'), ("2", "hang", "{}")), saying("Good")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[quick, hang])
        stream = agent.reply_stream("Hi")
        async for event in stream:
            if event.type == "TOOL_RESULT_END":
                break
        await stream.aclose()
        assert ended == ["hang"]
        results = [block for block in agent.history[-1].content if isinstance(block, ToolResultBlock)]
        assert [(result.output, result.state) for result in results] == [
            ("a", "success"),
            ("interrupted", "interrupted"),
        ]
        await check_history(agent, server)


async def test_reply_can_be_cancelled() -> None:
    async with ScriptedServer([calling(("1", "forever", "{}")), saying("Good")]) as server:
        begun = asyncio.Event()

        async def forever() -> None:
            begun.set()
            await asyncio.Event().wait()

        agent = Agent("assistant", chat(server.base_url), tools=[forever])
        task = asyncio.create_task(agent.reply("Hi"))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
        await check_history(agent, server)


async def test_a_break_is_seen_by_the_next_reply_at_once() -> None:
    async with ScriptedServer([saying("Half", HANG), saying("Whole")]) as server:
        agent = new_agent(server)
        async for event in agent.reply_stream("Hi"):
            if isinstance(event, TextBlockDeltaEvent):
                break
        await agent.reply("Go on")
        said = [message["content"] for message in server.requests[1].json()["messages"]]
    assert said == ["Hi", "Half", "Go on"] or [part[0]["text"] for part in said] == ["Hi", "Half", "Go on"]


async def test_a_reply_that_another_one_ended_raises() -> None:
    async with ScriptedServer([calling(*CALLS), saying("Good"), saying("Well")]) as server:
        agent = new_agent(server)
        first = agent.reply_stream("Hi")
        async for event in first:
            if isinstance(event, ToolResultStartEvent):
                break
        await agent.reply("Never mind")
        with pytest.raises(InvalidRequestError, match="next one started"):
            await collect(first)
        assert [message.role for message in agent.history] == ["user", "assistant", "user", "assistant"]
        await check_history(agent, server)
