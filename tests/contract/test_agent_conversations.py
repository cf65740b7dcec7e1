"""An agent of every provider: the events of a reply are its message, and nothing else."""

from __future__ import annotations

import asyncio
import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from modelport.agent import Agent
from modelport.event import (
    Event,
    ModelCallEndEvent,
    ReplyEndEvent,
    TextBlockDeltaEvent,
    ThinkingBlockDeltaEvent,
    ToolCallDeltaEvent,
    ToolCallStartEvent,
    ToolResultEndEvent,
    ToolResultTextDeltaEvent,
)
from modelport.message import Msg, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock, UserMsg
from modelport.testing import offline_providers
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.application.agent.agent_support import steps
from tests.contract.origins import ORIGINS, Origin
from tests.contract.origins.origin import Call, Said
from tests.contract.samples import SAMPLES, Sample

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
PLACE = st.text(max_size=6)
Parts = list[tuple[str, ...]]


def gauge(place: str) -> str:
    return f"{place} is wet"


async def wind(place: str) -> list[TextBlock]:
    return [TextBlock(text=place), TextBlock(text=" is calm")]


TOOLS = {"gauge": gauge, "wind": wind}


@st.composite
def answers(draw: st.DrawFn) -> list[Said]:
    """Some answers with calls, and a last one without."""
    said: list[Said] = []
    number = 0
    for _ in range(draw(st.integers(0, 2))):
        calls = []
        for _ in range(draw(st.integers(1, 3))):
            number += 1
            arguments = json.dumps({"place": draw(PLACE)}, ensure_ascii=draw(st.booleans()))
            calls.append(Call(number, draw(st.sampled_from(sorted(TOOLS))), arguments))
        said.append(Said(len(said) + 1, draw(st.text(max_size=10)), tuple(calls)))
    return [*said, Said(len(said) + 1, draw(st.text(min_size=1, max_size=10)))]


def cut(answer: ScriptedAnswer, places: list[int]) -> ScriptedAnswer:
    """The same bytes in other pieces."""
    sent = b"".join(step for step in answer.body if isinstance(step, bytes))
    ends = sorted({place % (len(sent) + 1) for place in places})
    pieces = [sent[start:end] for start, end in zip([0, *ends], [*ends, len(sent)], strict=True)]
    return ScriptedAnswer(answer.status, answer.headers, [piece for piece in pieces if piece])


@pytest.mark.parametrize("origin", ORIGINS, ids=str)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=answers(), places=st.lists(st.integers(0, 4000), max_size=5))
def test_whatever_it_says(origin: Origin, said: list[Said], places: list[int]) -> None:
    agent, events = asyncio.run(reply_of(origin, said, places))
    message = agent.history[-1]
    assert of_events(events) == of_message(message)
    assert_bounded(events)
    assert_finished(events, message)
    texts = [block.text for block in message.content if isinstance(block, TextBlock)]
    assert "".join(texts) == "".join(one.text for one in said)
    called = [(call.name, json.loads(call.arguments)) for one in said for call in one.calls]
    shown = [(block.name, json.loads(block.input)) for block in message.content if isinstance(block, ToolCallBlock)]
    assert shown == called
    assert_counted(events, message, len(said))


async def reply_of(origin: Origin, said: list[Said], places: list[int]) -> tuple[Agent, list[Event]]:
    async with ScriptedServer([cut(origin.answer(one), places) for one in said]) as server:
        agent = Agent("pilot", origin.model(server.base_url, max_retries=0), tools=[gauge, wind])
        return agent, await steps(agent)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("tools", [True, False])
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_of_offline_providers(sample: Sample, stream: bool, tools: bool) -> None:
    with offline_providers():
        model = sample.model("https://offline.example.org", stream=stream)
        agent = Agent("pilot", model, tools=[gauge] if tools else [])
        events = asyncio.run(steps(agent))
    message = agent.history[-1]
    assert of_events(events) == of_message(message)
    assert_bounded(events)
    assert_finished(events, message)
    assert any(isinstance(block, ToolResultBlock) for block in message.content) is tools
    assert_counted(events, message, 2 if tools else 1)


class Tide(BaseModel):
    place: str
    metres: float
    rising: bool = True


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_structured_output_of_an_agents_history(sample: Sample) -> None:
    """The steps grow to the object that the last one holds, which is the one without steps."""

    async def objects() -> tuple[dict[str, object], list[dict[str, object]]]:
        model = sample.model("https://offline.example.org")
        agent = Agent("pilot", model, tools=[gauge])
        await agent.reply("How high is the water?")
        asked = [*agent.history, UserMsg("user", "In numbers?")]
        whole = await model.generate_structured_output(asked, Tide)
        return whole.content, [step.content async for step in model.stream_structured_output(asked, Tide)]

    with offline_providers():
        whole, grown = asyncio.run(objects())
    Tide.model_validate(whole)
    assert grown[-1] == whole
    assert all(set(before) <= set(after) for before, after in itertools.pairwise(grown))


def of_message(message: Msg) -> Parts:
    """What the message holds: the kind, the id and the text of each block, a call's name and a result's state."""
    parts: Parts = []
    for block in message.content:
        if isinstance(block, TextBlock) and block.text:
            parts.append(("text", block.id, block.text))
        elif isinstance(block, ThinkingBlock) and block.thinking:
            parts.append(("thinking", block.id, block.thinking))
        elif isinstance(block, ToolCallBlock):
            parts.append(("call", block.id, block.input, block.name))
        elif isinstance(block, ToolResultBlock):
            output = [TextBlock(text=block.output)] if isinstance(block.output, str) else block.output
            text = "".join(part.text for part in output if isinstance(part, TextBlock))
            parts.append(("result", block.id, text, block.state.value))
    return sorted(parts)


def of_events(events: list[Event]) -> Parts:
    """The same, as the events say it; each event as it comes back from JSON."""
    said: dict[tuple[str, str], str] = {}
    facts: dict[tuple[str, str], str] = {}
    for event in (EVENT.validate_json(EVENT.dump_json(event)) for event in events):
        if isinstance(event, TextBlockDeltaEvent | ThinkingBlockDeltaEvent):
            kind = "text" if isinstance(event, TextBlockDeltaEvent) else "thinking"
            said[kind, event.block_id] = said.get((kind, event.block_id), "") + event.delta
        elif isinstance(event, ToolCallDeltaEvent | ToolResultTextDeltaEvent):
            kind = "call" if isinstance(event, ToolCallDeltaEvent) else "result"
            said[kind, event.tool_call_id] = said.get((kind, event.tool_call_id), "") + event.delta
        elif isinstance(event, ToolCallStartEvent):
            facts["call", event.tool_call_id] = event.tool_call_name
        elif isinstance(event, ToolResultEndEvent):
            facts["result", event.tool_call_id] = event.state.value
    keys = said.keys() | facts.keys()
    return sorted((*key, said.get(key, ""), *([facts[key]] if key in facts else [])) for key in keys)


def assert_bounded(events: list[Event]) -> None:
    """Each start has its end, in order, and times do not go back."""
    opened: set[tuple[str, str]] = set()
    for event in events:
        kind, _, bound = event.type.value.rpartition("_")
        key = kind, str(getattr(event, "block_id", getattr(event, "tool_call_id", "")))
        if bound == "START":
            assert key not in opened
            opened.add(key)
        elif bound == "END":
            opened.remove(key)
    assert not opened
    times = [event.created_at for event in events]
    assert times == sorted(times)


def assert_finished(events: list[Event], message: Msg) -> None:
    """Each block that was shown ends, in the message, when its end event says."""
    ends: dict[tuple[bool, str], str] = {}
    for event in events:
        if event.type.value.endswith("_END") and not isinstance(event, ModelCallEndEvent | ReplyEndEvent):
            key = str(getattr(event, "block_id", getattr(event, "tool_call_id", "")))
            ends[isinstance(event, ToolResultEndEvent), key] = event.created_at
    finished = {(isinstance(block, ToolResultBlock), block.id): block.finished_at for block in message.content}
    assert {key: time for key, time in finished.items() if time} == ends


def assert_counted(events: list[Event], message: Msg, calls: int) -> None:
    """Each call of the model has its usage and its attempts; the message has the sum, and ends when its reply does."""
    ends = [event for event in events if isinstance(event, ModelCallEndEvent)]
    assert [[attempt.status_code for attempt in end.attempts] for end in ends] == [[200]] * calls
    assert message.usage is not None
    assert message.usage.output_tokens == sum(end.usage.output_tokens for end in ends if end.usage)
    last = events[-1]
    assert isinstance(last, ReplyEndEvent)
    assert (last.created_at, last.finish_reason) == (message.finished_at, message.finish_reason)
