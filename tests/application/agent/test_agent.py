"""Replies of an agent: events, history and instructions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest

from modelport.agent import Agent
from modelport.error import AuthenticationError, InvalidRequestError, StreamTruncatedError
from modelport.event import (
    BlockEvent,
    ModelCallEndEvent,
    ModelCallStartEvent,
    ReplyEndEvent,
    ReplyEvent,
    ReplyStartEvent,
    TextBlockEndEvent,
    ToolCallEndEvent,
)
from modelport.message import AssistantMsg, Msg, TextBlock, UserMsg
from modelport.model import ChatResponse, FinishReason
from modelport.testing.servers.http import CLOSE, ScriptedAnswer, ScriptedServer
from tests.application.agent.agent_support import body_is_legal, chat, saying, steps, text_of, types, whole
from tests.application.agent.reply_support import ENDS, WORDS, Scripted, delta


async def test_a_reply_in_events() -> None:
    async with ScriptedServer([saying("Hel", "lo")]) as server:
        agent = Agent("assistant", chat(server.base_url))
        events = await steps(agent)
    assert types(events) == WORDS + ENDS
    assert text_of(events) == "Hello"
    assert len({event.id for event in events}) == len(events)
    start, end, call = events[0], events[-1], events[-2]
    assert isinstance(start, ReplyStartEvent) and (start.name, start.role) == ("assistant", "assistant")
    assert isinstance(end, ReplyEndEvent) and (end.finish_reason, end.error) == ("stop", None)
    assert isinstance(call, ModelCallEndEvent) and (call.input_tokens, call.output_tokens) == (5, 2)
    assert isinstance(events[1], ModelCallStartEvent) and events[1].model_name == "gpt-4.1"
    assert {event.reply_id for event in events if isinstance(event, ReplyEvent)} == {agent.history[-1].id}
    said = agent.history[-1].content[0]
    assert {event.block_id for event in events if isinstance(event, BlockEvent)} == {said.id}


async def test_the_history_is_kept_and_sent() -> None:
    async with ScriptedServer([saying("One"), saying("Two")]) as server:
        agent = Agent("assistant", chat(server.base_url), system_prompt="Count.")
        first = await agent.reply("Begin")
        second = await agent.reply([UserMsg("bob", "Next"), UserMsg("eve", "Please")])
        bodies = [request.json() for request in server.requests]
    assert [message.role for message in agent.history] == ["user", "assistant", "user", "user", "assistant"]
    assert agent.history[1] is first and agent.history[-1] is second
    assert (second.get_text_content(), second.name, second.finish_reason) == ("Two", "assistant", FinishReason.STOP)
    assert second.usage is not None and (second.usage.input_tokens, second.usage.output_tokens) == (5, 2)
    assert second.error is None and second.finished_at is not None
    assert [message["role"] for message in bodies[1]["messages"]] == ["system", "user", "assistant", "user", "user"]
    assert all(map(body_is_legal, bodies))
    assert "tools" not in bodies[0]


async def test_a_model_that_does_not_stream() -> None:
    async with ScriptedServer([whole(content="Hello")]) as server:
        agent = Agent("assistant", chat(server.base_url, stream=False))
        events = await steps(agent)
    assert types(events) == WORDS + ENDS
    assert text_of(events) == "Hello" == agent.history[-1].get_text_content()


async def test_the_connection_is_used_again() -> None:
    """The end of the connection's data may come a moment after the answer's."""
    step = asyncio.Event()
    first = saying("One")
    async with ScriptedServer([ScriptedAnswer(200, first.headers, [*first.body, step]), saying("Two")]) as server:
        agent = Agent("assistant", chat(server.base_url))
        async for event in agent.reply_stream("a"):
            if isinstance(event, ModelCallEndEvent):
                step.set()
        await agent.reply("b")
        assert server.requests[0].client_closed is server.requests[1].client_closed, "one connection"


async def test_it_can_reply_to_the_history_alone() -> None:
    async with ScriptedServer([saying("Yes")]) as server:
        agent = Agent("assistant", chat(server.base_url), history=[UserMsg("user", "Well?")])
        assert (await agent.reply()).get_text_content() == "Yes"
        assert len(agent.history) == 2


@pytest.mark.parametrize("said", [None, [], [3], 3])
async def test_there_must_be_something_to_reply_to(said: Any) -> None:
    with pytest.raises(InvalidRequestError):
        await Agent("assistant", chat("http://127.0.0.1:1")).reply(said)


async def test_nothing_happens_before_the_first_event_is_requested() -> None:
    async with ScriptedServer([]) as server:
        agent = Agent("assistant", chat(server.base_url))
        stream = agent.reply_stream("Hi")
        await stream.aclose()
        assert agent.history == [] and server.requests == []


async def test_an_error_keeps_the_text_so_far() -> None:
    async with ScriptedServer([saying("Half", CLOSE), saying("Whole")]) as server:
        agent = Agent("assistant", chat(server.base_url))
        with pytest.raises(StreamTruncatedError):
            await steps(agent)
        broken = agent.history[-1]
        assert (broken.get_text_content(), broken.finish_reason) == ("Half", None)
        assert broken.error is not None and broken.finished_at is not None
        await agent.reply("Go on")
        assert body_is_legal(server.requests[1].json())
    assert [message.role for message in agent.history] == ["user", "assistant", "user", "assistant"]


async def test_an_error_before_any_text_leaves_no_message() -> None:
    refused = ScriptedAnswer.json({"error": {"message": "no"}}, status=401)
    async with ScriptedServer([refused, saying("Hello")]) as server:
        agent = Agent("assistant", chat(server.base_url))
        with pytest.raises(AuthenticationError):
            await agent.reply("Hi")
        assert [message.role for message in agent.history] == ["user"]
        await agent.reply()
    assert [message.role for message in agent.history] == ["user", "assistant"]


async def test_a_stream_without_a_last_response_is_an_error() -> None:
    class Endless:
        stream = True

        async def __call__(self, messages: list[Msg], *_: Any, **__: Any) -> Any:
            async def deltas() -> AsyncGenerator[ChatResponse, None]:
                yield delta(TextBlock(text="Hel"))

            return deltas()

    agent = Agent("assistant", Endless(), history=[AssistantMsg("assistant", "Hello")])
    with pytest.raises(InvalidRequestError, match="without a last response"):
        await agent.reply("Hi")
    assert agent.history[-1].get_text_content() == "Hel"


async def test_a_custom_model_without_a_finish_reason() -> None:
    agent = Agent("assistant", Scripted(delta(TextBlock(id="t", text="a")), delta(TextBlock(id="t", text="b"))))
    events = await steps(agent)
    assert text_of(events) == "ab"
    assert agent.history[-1].finish_reason is FinishReason.OTHER
    ends = [event for event in events if isinstance(event, TextBlockEndEvent | ToolCallEndEvent)]
    assert len(ends) == 1


async def test_a_wrong_answer_of_a_custom_model_is_refused() -> None:
    async def silent(*_: Any) -> Any:
        return None

    agent = Agent("assistant", silent)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="returned a NoneType"):
        await agent.reply("Hi")


async def test_a_stream_that_cannot_be_closed() -> None:
    class Deltas:
        def __init__(self) -> None:
            self.left = [ChatResponse([TextBlock(text="Hello")])]

        def __aiter__(self) -> AsyncIterator[ChatResponse]:
            return self

        async def __anext__(self) -> ChatResponse:
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop()

    async def model(*_: Any) -> Any:
        return Deltas()

    assert (await Agent("assistant", model).reply("Hi")).get_text_content() == "Hello"  # type: ignore[arg-type]


@pytest.mark.parametrize("history", [["Hi"], [None], 3])
def test_a_history_holds_messages(history: Any) -> None:
    with pytest.raises(InvalidRequestError, match="expected str or Msg objects, got"):
        Agent("assistant", chat("http://127.0.0.1:1"), history=history)
