"""An agent of every provider, ended at every point: its history can be sent to that provider again."""

from __future__ import annotations

import re

import pytest

from modelport.agent import Agent
from modelport.error import ModelError
from modelport.event import Event
from modelport.message import ToolCallBlock, ToolResultBlock, UserMsg
from modelport.testing.servers.http import CLOSE, ScriptedAnswer, ScriptedServer
from tests.application.agent.agent_support import steps, text_of
from tests.contract.origins import ORIGINS, STEPS, Origin
from tests.contract.wandering import RESULTS, go_on, stored, violations

pytestmark = pytest.mark.parametrize("origin", ORIGINS, ids=str)


def gauge(place: str) -> str:
    return RESULTS[place]


async def wind(place: str) -> str:
    return RESULTS[place]


def pilot(origin: Origin, server: ScriptedServer) -> Agent:
    return Agent("pilot", origin.model(server.base_url, max_retries=0), system_prompt="Watch.", tools=[gauge, wind])


async def check(origin: Origin, agent: Agent) -> None:
    """The provider accepts the history with a new question, and every call of it is answered."""
    history = stored(agent.history)
    blocks = [block for message in history for block in message.content]
    calls = [block.name for block in blocks if isinstance(block, ToolCallBlock)]
    assert calls == [block.name for block in blocks if isinstance(block, ToolResultBlock)]
    body, _ = await go_on(origin, [*history, UserMsg("user", "Well?")])
    assert violations(origin, body) == []


async def test_a_whole_reply(origin: Origin) -> None:
    async with ScriptedServer([origin.answer(step) for step in STEPS]) as server:
        agent = pilot(origin, server)
        events = await steps(agent)
        bodies = [request.json() for request in server.requests]
    assert text_of(events) == "".join(step.text for step in STEPS)
    assert [violations(origin, body) for body in bodies] == [[], [], []]
    results = [block for block in agent.history[-1].content if isinstance(block, ToolResultBlock)]
    assert [result.output for result in results] == list(RESULTS.values())
    await check(origin, agent)


async def test_left_at_each_event(origin: Origin) -> None:
    count, seen = 0, 1
    while seen > count:
        count += 1
        events: list[Event] = []
        async with ScriptedServer([origin.answer(step) for step in STEPS]) as server:
            agent = pilot(origin, server)
            stream = agent.reply_stream("How high is the water?")
            async for event in stream:
                events.append(event)
                if len(events) == count:
                    break
            await stream.aclose()
        seen = len(events) + 1
        await check(origin, agent)
    assert count > 25


@pytest.mark.parametrize("turn", [0, 1, 2])
async def test_cut_off_after_each_piece_of_an_answer(origin: Origin, turn: int) -> None:
    whole = origin.answer(STEPS[turn])
    sent = b"".join(step for step in whole.body if isinstance(step, bytes))
    ends = [found.end() for found in re.finditer(rb"\r?\n\r?\n" if b"data:" in sent else rb"\n", sent)]
    failed = 0
    for end in ends:
        cut = ScriptedAnswer(200, whole.headers, [sent[:end], CLOSE])
        async with ScriptedServer([*(origin.answer(step) for step in STEPS[:turn]), cut, origin.answer(STEPS[2])]) as s:
            agent = pilot(origin, s)
            try:
                await agent.reply("How high is the water?")
            except ModelError:
                failed += 1
        await check(origin, agent)
    assert failed >= 1
