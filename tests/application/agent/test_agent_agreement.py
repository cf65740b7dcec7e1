"""A message of an agent and the events of its reply agree: ids, texts, times, usage and attempts."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from pydantic import TypeAdapter

from modelport.agent import Agent
from modelport.error import ModelError, ServerError
from modelport.event import (
    BlockEvent,
    Event,
    ModelCallEndEvent,
    ReplyEndEvent,
    ReplyStartEvent,
    TextBlockDeltaEvent,
    TextBlockEndEvent,
    TextBlockStartEvent,
    ThinkingBlockDeltaEvent,
    ToolCallEndEvent,
)
from modelport.message import ContentBlock, Msg, TextBlock, ThinkingBlock, ToolCallBlock
from modelport.model import ChatResponse, ChatUsage
from modelport.testing.servers.http import CLOSE, ScriptedAnswer, ScriptedServer
from tests.application.agent.agent_support import chat, saying, steps, text_of, types
from tests.application.agent.reply_support import Scripted, delta


def text(value: str) -> TextBlock:
    return TextBlock(text=value)


def thought(value: str) -> ThinkingBlock:
    return ThinkingBlock(thinking=value)


class Foreign:
    """A chat model that is not built on ours: an async generator of its responses."""

    stream = True

    def __init__(self, *deltas: ChatResponse) -> None:
        self.deltas = deltas

    async def __call__(self, messages: list[Msg], *_: Any, **__: Any) -> Any:
        async def given() -> AsyncGenerator[ChatResponse, None]:
            for response in self.deltas:
                yield response

        return given()


@pytest.mark.parametrize("model", [Scripted, Foreign])
@pytest.mark.parametrize(
    ("deltas", "whole"),
    [
        (["Hello", " world", "!"], "Hello world!"),
        (["Hel", "lo"], "Hello, and more"),
        ([], "Hello"),
    ],
    ids=["the same", "more", "only whole"],
)
async def test_text_without_ids_is_shown_once(model: Any, deltas: list[str], whole: str) -> None:
    agent = Agent("a", model(*(delta(text(piece)) for piece in deltas), ChatResponse([text(whole)])))
    events = await steps(agent)
    assert text_of(events) == whole == agent.history[-1].get_text_content()
    assert types(events).count("TEXT_BLOCK_START") == 1
    assert_agreed(agent, events)


async def test_words_are_not_split_in_the_history() -> None:
    agent = Agent("a", Scripted(*(delta(thought(piece), text(piece)) for piece in ("Hel", "lo", " you"))))
    events = await steps(agent)
    assert agent.history[-1].get_text_content() == "Hello you" == text_of(events)
    assert [block.type for block in agent.history[-1].content] == ["thinking", "text"]
    assert_agreed(agent, events)


@pytest.mark.parametrize("whole", [True, False])
async def test_texts_around_a_call_stay_two(whole: bool) -> None:
    def look() -> str:
        return "seen"

    call = ToolCallBlock(id="1", name="look", input="{}")
    deltas = [delta(text("a")), delta(call), delta(text("b")), delta(text("c"))]
    last = [ChatResponse([text("a"), call, text("bc")])] if whole else []
    agent = Agent("a", Scripted(*deltas, *last), tools=[look], max_turns=1)
    events = await steps(agent)
    assert text_of(events) == "abc"
    assert [block.text for block in agent.history[-1].content if isinstance(block, TextBlock)] == ["a", "bc"]
    assert_agreed(agent, events)


async def test_an_end_has_the_time_of_the_end() -> None:
    class Slow(Scripted):
        async def _call_api(self, *_: Any, **__: Any) -> Any:
            yield delta(text("a"), ToolCallBlock(id="1", name="f", input="{}"))
            time.sleep(0.02)  # noqa: ASYNC251  # the clock of timestamps is the real one
            yield delta(text("b"))

    agent = Agent("a", Slow(), max_turns=1)
    events = await steps(agent)
    times = [event.created_at for event in events]
    assert times == sorted(times)
    (started,) = (event for event in events if isinstance(event, ToolCallEndEvent))
    assert started.created_at > events[2].created_at
    message, first, last = agent.history[-1], events[0], events[-1]
    assert isinstance(first, ReplyStartEvent) and first.created_at == message.created_at
    assert isinstance(last, ReplyEndEvent) and last.created_at == message.finished_at


async def test_all_usage_and_every_attempt_are_on_the_call() -> None:
    busy = ScriptedAnswer.json({"error": {"message": "busy"}}, status=503)
    async with ScriptedServer([busy, saying("Hello")]) as server:
        events = await steps(Agent("a", chat(server.base_url, retry_delay=0.001)))
    (ended,) = (event for event in events if isinstance(event, ModelCallEndEvent))
    assert [attempt.status_code for attempt in ended.attempts] == [503, 200]
    assert ended.usage is not None and ended.usage.raw is not None and ended.usage.time > 0
    assert (ended.usage.input_tokens, ended.usage.output_tokens) == (ended.input_tokens, ended.output_tokens) == (5, 2)
    adapter: TypeAdapter[Event] = TypeAdapter(Event)
    assert adapter.validate_json(adapter.dump_json(ended)) == ended


async def test_the_usage_of_a_delta_counts() -> None:
    used = ChatResponse([text("Hello")], is_last=False, usage=ChatUsage(3, 4, reasoning_tokens=2))
    agent = Agent("a", Foreign(used, ChatResponse([text("Hello")])))
    events = await steps(agent)
    (ended,) = (event for event in events if isinstance(event, ModelCallEndEvent))
    assert ended.usage == used.usage and agent.history[-1].usage is not None
    assert agent.history[-1].usage.output_tokens == 4


@pytest.mark.parametrize("half", [True, False])
async def test_a_failed_call_ends_its_blocks_and_says_why(half: bool) -> None:
    busy = ScriptedAnswer.json({"error": {"message": "busy"}}, status=503)
    answers = [saying("Half", CLOSE)] if half else [busy, busy]
    async with ScriptedServer(answers) as server:
        agent = Agent("a", chat(server.base_url, max_retries=0 if half else 1, retry_delay=0.001))
        events: list[Event] = []
        with pytest.raises(ModelError) as caught:
            async for event in agent.reply_stream("Hi"):
                events.append(event)
    blocks = ["TEXT_BLOCK_START", "TEXT_BLOCK_DELTA", "TEXT_BLOCK_END"] if half else []
    assert types(events) == ["REPLY_START", "MODEL_CALL_START", *blocks, "MODEL_CALL_END", "REPLY_END"]
    ended, last = events[-2:]
    assert isinstance(ended, ModelCallEndEvent) and isinstance(last, ReplyEndEvent)
    assert ended.error == last.error == str(caught.value)
    assert ended.attempts == list(caught.value.attempts) and len(ended.attempts) == (1 if half else 2)
    if half:
        assert_agreed(agent, events)
    else:
        assert isinstance(caught.value, ServerError)


async def test_text_that_goes_on_after_its_end_keeps_its_id() -> None:
    agent = Agent("a", Scripted(delta(text("Hel")), delta(thought("Hm")), delta(text("lo")), delta(thought("."))))
    events = await steps(agent)
    bounds: list[Event] = [event for event in events if isinstance(event, TextBlockStartEvent | TextBlockEndEvent)]
    assert types(bounds) == ["TEXT_BLOCK_START", "TEXT_BLOCK_END"] * 2
    assert_agreed(agent, events)


def assert_agreed(agent: Agent, events: list[Event]) -> None:
    """Each text and thought of the message is, by its id, what the events said."""
    shown: dict[str, str] = {}
    for event in events:
        if isinstance(event, TextBlockDeltaEvent | ThinkingBlockDeltaEvent):
            shown[event.block_id] = shown.get(event.block_id, "") + event.delta
    kept = {block.id: _text(block) for block in agent.history[-1].content if _text(block)}
    assert shown == kept
    assert {event.block_id for event in events if isinstance(event, BlockEvent)} == set(kept)


def _text(block: ContentBlock) -> str:
    return block.text if isinstance(block, TextBlock) else block.thinking if isinstance(block, ThinkingBlock) else ""
