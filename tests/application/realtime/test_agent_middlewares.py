"""Middlewares around the replies of a voice session, and replies as streams."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest

from modelport.error import InvalidRequestError
from modelport.event import DataBlockDeltaEvent, Event, ReplyEndEvent, TextBlockDeltaEvent
from modelport.message import ToolCallBlock, UserMsg
from modelport.middleware import AgentView, MiddlewareBase
from modelport.realtime import RealtimeAgent, RealtimeConversation, RealtimeModel
from modelport.testing import ScriptedRealtimeModel

from .support import Talk, call, created, done, item, pcm, settle, sound, speech, words
from .test_agent import Loudspeaker


class Shout(MiddlewareBase):
    """Writes the words in capitals, with a mark, and notes what it has seen."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.replies: list[list[str]] = []

    async def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        assert agent.name == "pilot"
        types: list[str] = []
        self.replies.append(types)
        async for event in events:
            types.append(str(event.type))
            if isinstance(event, TextBlockDeltaEvent):
                event.delta = event.delta.upper() + self.mark
            yield event


class Mute(MiddlewareBase):
    """Lets no audio through."""

    async def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        async for event in events:
            if not isinstance(event, DataBlockDeltaEvent):
                yield event


class Leaves(MiddlewareBase):
    """Reads no further than the first words."""

    async def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        async for event in events:
            yield event
            if isinstance(event, TextBlockDeltaEvent):
                return


def texts(events: list[Any]) -> list[str]:
    return [event.delta for event in events if isinstance(event, TextBlockDeltaEvent)]


async def test_each_reply_goes_through_the_middlewares_the_first_of_which_is_the_outermost() -> None:
    inner, outer = Shout("!"), Shout("?")
    model = ScriptedRealtimeModel(["One.", "Two."])
    events: list[Any] = []
    async with RealtimeAgent("pilot", model, [outer, inner]).session() as session:
        for question in ("First?", "Second?"):
            events += [event async for event in session.reply_stream(question)]
    assert texts(events) == ["ONE.!?", "TWO.!?"]
    assert [types[0] for types in inner.replies] == ["REPLY_START", "REPLY_START"]
    assert [types[-1] for types in outer.replies] == ["REPLY_END", "REPLY_END"]
    assert len(asyncio.all_tasks()) == 1


async def test_what_the_middlewares_let_through_is_played() -> None:
    talk, speaker = Talk(), Loudspeaker()
    events: list[Any] = []
    async with RealtimeAgent("pilot", talk.model, [Mute()]).session(speaker) as session:
        listener = asyncio.create_task(_collect(session, events))
        await talk.say(created(), item("a1", None), words("One"), sound(pcm(300)), done())
        assert texts(events) == ["One"]
        assert speaker.played == []
        await talk.say(speech("u1"))
        assert speaker.cleared == 1
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


async def test_tools_run_whatever_the_middlewares_do() -> None:
    ran = asyncio.Event()

    def look() -> str:
        """Look."""
        ran.set()
        return "blue"

    talk = Talk()
    events: list[Any] = []
    async with RealtimeAgent("pilot", talk.model, [Leaves()], tools=[look]).session() as session:
        listener = asyncio.create_task(_collect(session, events))
        await talk.say(created(), words("Let me see."), *call("c1", "f1"), done())
        await asyncio.wait_for(ran.wait(), 20)
        await talk.say(created("r2"), words("Blue.", "a2", "r2"), done("r2"))
        await talk.say(created("r3"), words("Next.", "a3", "r3"), done("r3"))
        assert texts(events) == ["Let me see.", "Next."], "the rest of a reply is read, and not yielded"
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


async def test_a_wait_for_an_event_can_be_given_up() -> None:
    talk = Talk()
    shout = Shout("!")
    async with RealtimeAgent("pilot", talk.model, [shout]).session() as session:
        assert (await anext(session)).type == "SESSION"
        waiting = asyncio.ensure_future(anext(session))
        await settle()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await talk.say(created(), words("Hi"), done())
        events = [event async for event in session.reply_stream()]
        assert texts(events) == ["HI!"]


async def test_an_error_of_a_middleware_is_raised_and_the_session_is_closed() -> None:
    class Breaks(MiddlewareBase):
        async def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
            async for event in events:
                yield event
                raise RuntimeError("broken")

    talk = Talk()
    with pytest.raises(RuntimeError, match="broken"):
        async with RealtimeAgent("pilot", talk.model, [Breaks()]).session() as session:
            await talk.say(created(), words("Hi"), done())
            async for _ in session:
                pass
    assert talk.line.closed
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("message", ["The sky?", UserMsg("user", "The sky?"), [UserMsg("user", "The sky?")]])
async def test_a_reply_is_a_stream_as_that_of_any_agent(message: Any) -> None:
    def look(at: str) -> str:
        """Look at something."""
        return f"{at} is blue"

    model = ScriptedRealtimeModel([ToolCallBlock(id="c1", name="look", input='{"at": "sky"}'), "It is blue."])
    agent = RealtimeAgent("pilot", model, tools=[look])
    events = [event async for event in agent.reply_stream(message)]
    assert "".join(texts(events)) == "It is blue."
    assert isinstance(events[-1], ReplyEndEvent)
    assert [str(event.type) for event in events].count("TOOL_RESULT_END") == 1
    assert [block.type for block in agent.history[-1].content] == ["tool_call", "tool_result", "text"]
    assert agent.history[0].get_text_content() == "The sky?"
    assert len(asyncio.all_tasks()) == 1


async def test_with_a_transport_the_stream_ends_with_the_session() -> None:
    talk, speaker = Talk(), Loudspeaker()
    agent = RealtimeAgent("pilot", talk.model)
    events: list[Any] = []
    listener = asyncio.create_task(_collect(agent.reply_stream(transport=speaker), events))
    await settle()
    for number in range(2):
        await talk.say(created(f"r{number}"), sound(pcm(20), f"a{number}", f"r{number}"), done(f"r{number}"))
    assert b"".join(speaker.played) == pcm(20) * 2
    assert len([event for event in events if isinstance(event, ReplyEndEvent)]) == 2
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)
    assert talk.line.closed
    assert len(agent.history) == 2
    await settle()
    assert len(asyncio.all_tasks()) == 1


class Noted:
    """A model of the test's own around another one: the agent knows no more of it than that it connects."""

    def __init__(self, inner: RealtimeModel) -> None:
        self._inner = inner
        self.instructions: list[str | None] = []

    def connect(self, instructions: str | None = None, *args: Any, **kwargs: Any) -> RealtimeConversation:
        self.instructions.append(instructions)
        return self._inner.connect(instructions, *args, **kwargs)


async def test_an_agent_takes_any_model_that_connects() -> None:
    model = Noted(ScriptedRealtimeModel(["One."]))
    agent = RealtimeAgent("pilot", model, system_prompt="Be brief.")
    assert texts([event async for event in agent.reply_stream("First?")])[0] == "One."
    assert model.instructions == ["Be brief."]


def test_an_instruction_in_the_place_of_the_middlewares_is_an_error() -> None:
    with pytest.raises(InvalidRequestError, match="system_prompt="):
        RealtimeAgent("pilot", ScriptedRealtimeModel([]), "Be brief.")  # type: ignore[arg-type]  # as `Agent`


async def _collect(source: Any, events: list[Any]) -> None:
    async for event in source:
        events.append(event)
        if isinstance(event, DataBlockDeltaEvent):
            base64.b64decode(event.data or "")
