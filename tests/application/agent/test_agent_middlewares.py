"""Middlewares of one's own around an agent's replies."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest

from modelport.agent import Agent
from modelport.error import InvalidRequestError
from modelport.event import CustomEvent, Event, TextBlockDeltaEvent, TextBlockStartEvent
from modelport.middleware import AgentView, MiddlewareBase
from modelport.testing.servers.http import ScriptedServer
from tests.application.agent.agent_support import chat, saying, steps, text_of


class Counting(MiddlewareBase):
    """A middleware in five lines."""

    async def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        yield CustomEvent(name="asked", value=agent.name)
        async for event in events:
            yield event


class Shouting(MiddlewareBase):
    closed = 0

    async def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        try:
            async for event in events:
                if isinstance(event, TextBlockDeltaEvent):
                    event.delta = event.delta.upper() + "!"
                elif isinstance(event, CustomEvent):
                    event.name = event.name.upper()
                yield event
        finally:
            self.closed += 1


async def test_middlewares_wrap_the_first_outermost() -> None:
    async with ScriptedServer([saying("Hello"), saying("Hello")]) as server:
        shouting = Shouting()
        events = await steps(Agent("assistant", chat(server.base_url), [shouting, Counting(), MiddlewareBase()]))
        other = await steps(Agent("assistant", chat(server.base_url), [Counting(), shouting]))
    assert text_of(events) == text_of(other) == "HELLO!"
    assert [event.name for event in events + other if isinstance(event, CustomEvent)] == ["ASKED", "asked"]
    assert shouting.closed == 2


async def test_every_middleware_is_closed_with_the_stream() -> None:
    async with ScriptedServer([saying("Hello", "you")]) as server:
        shouting = Shouting()
        stream = Agent("assistant", chat(server.base_url), [Counting(), shouting]).reply_stream("Hi")
        async for event in stream:
            if isinstance(event, TextBlockStartEvent):
                break
        await stream.aclose()
        assert shouting.closed == 1


class Forgetful:
    """Without a `yield` it is not a generator."""

    async def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> Any:
        return events


class Listing:
    def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> Any:
        return [events]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Forgetful(), "on_reply of the middleware Forgetful returned a coroutine"),
        (Listing(), "on_reply of the middleware Listing returned a list"),
        (Shouting, "the middleware Shouting is a class; pass an instance of it"),
        (object(), "the middleware object has no method on_reply"),
    ],
)
async def test_wrong_middlewares_are_refused(wrong: Any, message: str) -> None:
    async with ScriptedServer([saying("Hello")]) as server:
        agent = Agent("assistant", chat(server.base_url), [wrong])
        with pytest.raises(InvalidRequestError, match=message):
            await agent.reply("Hi")
        agent.middlewares.clear()
        assert (await agent.reply()).get_text_content() == "Hello"
