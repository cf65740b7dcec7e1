"""Cancellation at every await of a voice conversation: nothing is left open, every reply has its end, and the next
session works."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import aclosing
from typing import Any

import pytest

from modelport.event import ToolCallEndEvent
from modelport.message import ToolResultBlock, ToolResultState
from modelport.middleware import MiddlewareBase
from modelport.realtime import RealtimeAgent, RealtimeSession

from .dialects import Dialect, dialects
from .support import TOOLS, Json, Line, Talk, pcm, settle

EACH = pytest.mark.parametrize("dialect", dialects(), ids=str)


SPEECH = pcm(20, 16_000)
LONG_SPEECH = bytes(6 * 48_000)
"""More than may be unsent, so that sending it waits."""


class Cancelled:
    """Runs a coroutine, and cancels its task when it is suspended for the `at`-th time."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], at: int) -> None:
        self._coroutine = coroutine
        self._at = at
        self.suspensions = 0

    def __await__(self) -> Generator[Any, Any, None]:
        step, given = self._coroutine.send, None
        while True:
            try:
                waits = step(given)
            except StopIteration:
                return
            self.suspensions += 1
            task = asyncio.current_task()
            if self.suspensions == self._at and task is not None:
                task.cancel()
            try:
                given = yield waits
                step = self._coroutine.send
            except BaseException as error:
                step, given = self._coroutine.throw, error


class Partner:
    """The other side of a conversation: it answers with a call, then in words, then it drops the connection once."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.replies = 0
        self.dropped = False

    def greet(self, line: Line) -> None:
        line.slow = True
        line.reacts = lambda frame: self._react(line, frame)
        self.dialect.greets(line)

    def _react(self, line: Line, frame: Json) -> None:
        dialect, reply = self.dialect, f"r{self.replies}"
        if "toolResponse" in frame:
            line.say(*dialect.says("r1", "It is blue."), *dialect.ends("r1"))
        elif dialect.asks(frame):
            self.replies += 1
            reply = f"r{self.replies}"
            if self.replies == 1:
                line.say(*dialect.heard("u1", "Look."), *dialect.begins(reply, "u1"), *dialect.calls(reply, "c1"))
                line.say(*dialect.ends(reply, calling=True))
                return
            line.say(*dialect.begins(reply), *dialect.says(reply, "Yes"), *dialect.sounds(reply, pcm(100)))
            if self.replies != 4 or dialect.live:
                line.say(*dialect.ends(reply))
            if self.replies == 3 and not self.dropped:
                self.dropped = True
                line.hang_up(1006)
        elif frame.get("type") == "response.cancel":
            line.say(*dialect.cancelled(reply))


def result(call_id: str) -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name="look", output="fine", state=ToolResultState.SUCCESS)


async def converse(session: RealtimeSession, events: list[Any]) -> None:
    """Every command, a call, a lost connection and an interruption."""
    async with session:
        await session.send_audio(LONG_SPEECH)
        await session.send_text("Look.")
        ends = 0
        async for event in session:
            events.append(event)
            if isinstance(event, ToolCallEndEvent):
                await session.send_tool_result(result(event.tool_call_id))
            elif event.type == "DATA_BLOCK_DELTA" and ends >= 2:
                await session.interrupt()
            elif event.type == "REPLY_END":
                ends += 1
                if ends == 4:
                    break
                if session.facts.updates:
                    await session.update(instructions="Be brief.")
                await session.send_text("And now?")
                await session.send_audio(SPEECH)


def meet(talk: Talk, dialect: Dialect) -> None:
    talk.server.greet = Partner(dialect).greet


async def check_after(talk: Talk, session: RealtimeSession, events: list[Any]) -> None:
    """All is closed, and every reply that began has one end."""
    await settle()
    assert len(asyncio.all_tasks()) == 1
    assert all(line.closed for line in talk.server.lines)
    await session.aclose()
    events += [event async for event in session]
    begun = [event.reply_id for event in events if event.type == "REPLY_START"]
    ended = [event.reply_id for event in events if event.type == "REPLY_END"]
    assert begun == ended
    kinds = [event.kind for event in events if event.type == "SESSION"]
    assert kinds.count("ended") == kinds.count("connected")


@EACH
async def test_a_conversation_that_is_cancelled_at_any_await_leaves_nothing(dialect: Dialect) -> None:
    done, at = False, 0
    while not done:
        at += 1
        talk = dialect.talk(tools=TOOLS)
        events: list[Any] = []
        meet(talk, dialect)
        session = talk.session
        running = Cancelled(converse(session, events), at)
        task = asyncio.ensure_future(_run(running))
        await asyncio.wait([task], timeout=20)
        done = not task.cancelled()
        if done:
            task.result()
            assert len([event for event in events if event.type == "REPLY_END"]) >= 4
        await check_after(talk, session, events)
        if at % 4 == 0:
            again: list[Any] = []
            meet(talk, dialect)
            await converse(talk.model.connect(tools=TOOLS), again)
            assert len([event for event in again if event.type == "REPLY_END"]) == 4
    assert at > 20, "the conversation has more awaits than that"


async def _run(running: Cancelled) -> None:
    await running


async def look(at: int = 0) -> str:
    """Look.

    Args:
        at: where
    """
    await asyncio.sleep(0)
    return "blue"


@EACH
async def test_an_agents_reply_that_is_cancelled_at_any_await_leaves_nothing(dialect: Dialect) -> None:
    done, at = False, 0
    while not done:
        at += 1
        talk = dialect.talk()
        meet(talk, dialect)
        events: list[Any] = []
        agent = RealtimeAgent("pilot", talk.model, [MiddlewareBase()], tools=[look])
        task = asyncio.ensure_future(_run(Cancelled(_reply(agent, events), at)))
        await asyncio.wait([task], timeout=20)
        done = not task.cancelled()
        if done:
            task.result()
            assert events[-1].type == "REPLY_END"
            assert [block.type for block in agent.history[-1].content] == ["tool_call", "tool_result", "text"]
        await settle()
        assert len(asyncio.all_tasks()) == 1
        assert all(line.closed for line in talk.server.lines)
        kinds = [block.type for message in agent.history for block in message.content]
        assert kinds.count("tool_call") == kinds.count("tool_result")
    assert at > 10


async def _reply(agent: RealtimeAgent, events: list[Any]) -> None:
    async with aclosing(agent.reply_stream("Look.")) as stream:
        async for event in stream:
            events.append(event)


@EACH
async def test_a_command_that_is_given_up_leaves_the_session_as_it_was(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        talk.server.open.clear()
        talk.line.hang_up(1006)
        await settle()
        commands = [
            asyncio.ensure_future(command)
            for command in (talk.session.send_text("Never."), talk.session.respond(), talk.session.interrupt())
        ]
        await settle()
        for command in commands:
            command.cancel()
        await asyncio.gather(*commands, return_exceptions=True)
        talk.server.open.set()
        await talk.session.send_text("Hello?")
        await settle()
        assert "Never." not in str(talk.line.sent)
        assert len([frame for frame in talk.line.sent if dialect.asks(frame)]) == 1
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "Yes."), *dialect.ends("r1"))
        assert [message.get_text_content() for message in talk.session.history] == ["Hello?", "Yes."]
