"""Replies of an agent: events, history, instructions, and middlewares of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.agent import Agent
from modelport.application.agent_events import BlockEvents
from modelport.credential import CredentialBase
from modelport.error import AuthenticationError, InvalidRequestError, StreamTruncatedError
from modelport.event import (
    BlockEvent,
    CustomEvent,
    DataBlockDeltaEvent,
    Event,
    ModelCallEndEvent,
    ModelCallStartEvent,
    ReplyEndEvent,
    ReplyEvent,
    ReplyStartEvent,
    TextBlockDeltaEvent,
    TextBlockEndEvent,
    TextBlockStartEvent,
    ThinkingBlockDeltaEvent,
    ToolCallDeltaEvent,
    ToolCallEndEvent,
    ToolCallStartEvent,
)
from modelport.message import (
    AssistantMsg,
    Base64Source,
    ContentBlock,
    DataBlock,
    Msg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    URLSource,
    UserMsg,
)
from modelport.middleware import MiddlewareBase
from modelport.model import ChatModelBase, ChatResponse, FinishReason
from modelport.testing.server import CLOSE, ScriptedAnswer, ScriptedServer
from tests.application.agent_support import body_is_legal, chat, piece, saying, steps, text_of, types, whole

WORDS = ["REPLY_START", "MODEL_CALL_START", "TEXT_BLOCK_START", "TEXT_BLOCK_DELTA", "TEXT_BLOCK_END"]
ENDS = ["MODEL_CALL_END", "REPLY_END"]


class Scripted(ChatModelBase):
    """A custom model that yields what it is given."""

    def __init__(self, *deltas: ChatResponse) -> None:
        super().__init__(CredentialBase(), "scripted")
        self.deltas = deltas

    async def _call_api(self, model_name: str, messages: list[Msg], *_: Any, **__: Any) -> Any:
        for delta in self.deltas:
            yield delta


def delta(*content: ContentBlock) -> ChatResponse:
    return ChatResponse(list(content), is_last=False)


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
    """Its end may come a moment after the answer's."""
    step = asyncio.Event()
    first = saying("One")
    async with ScriptedServer([ScriptedAnswer(200, first.headers, [*first.body, step]), saying("Two")]) as server:
        agent = Agent("assistant", chat(server.base_url))
        async for event in agent.reply_stream("a"):
            if isinstance(event, ModelCallEndEvent):
                step.set()
        await agent.reply("b")
        assert server.requests[0].client_closed is server.requests[1].client_closed, "one connection"


async def test_it_can_reply_to_the_history_as_it_stands() -> None:
    async with ScriptedServer([saying("Yes")]) as server:
        agent = Agent("assistant", chat(server.base_url), history=[UserMsg("user", "Well?")])
        assert (await agent.reply()).get_text_content() == "Yes"
        assert len(agent.history) == 2


@pytest.mark.parametrize("said", [None, [], [3], 3])
async def test_there_must_be_something_to_reply_to(said: Any) -> None:
    with pytest.raises(InvalidRequestError):
        await Agent("assistant", chat("http://127.0.0.1:1")).reply(said)


async def test_nothing_happens_before_the_first_event_is_asked_for() -> None:
    async with ScriptedServer([]) as server:
        agent = Agent("assistant", chat(server.base_url))
        stream = agent.reply_stream("Hi")
        await stream.aclose()
        assert agent.history == [] and server.requests == []


async def test_an_error_leaves_what_was_said() -> None:
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


async def test_an_error_before_anything_was_said_leaves_no_message() -> None:
    refused = ScriptedAnswer.json({"error": {"message": "no"}}, status=401)
    async with ScriptedServer([refused, saying("Hello")]) as server:
        agent = Agent("assistant", chat(server.base_url))
        with pytest.raises(AuthenticationError):
            await agent.reply("Hi")
        assert [message.role for message in agent.history] == ["user"]
        await agent.reply()
    assert [message.role for message in agent.history] == ["user", "assistant"]


async def test_thinking_and_text_are_blocks_one_after_the_other() -> None:
    answer = [piece({"reasoning_content": "Hm"}), piece({"reasoning_content": "."}), piece({"content": "Yes"})]
    async with ScriptedServer(
        [ScriptedAnswer.sse(*answer, piece({}, choice={"finish_reason": "stop"}), "[DONE]")]
    ) as s:
        events = await steps(Agent("assistant", chat(s.base_url)))
    thinking = ["THINKING_BLOCK_START", "THINKING_BLOCK_DELTA", "THINKING_BLOCK_END"]
    assert types(events) == [*WORDS[:2], *thinking, *WORDS[2:], *ENDS]
    assert "".join(event.delta for event in events if isinstance(event, ThinkingBlockDeltaEvent)) == "Hm."


async def test_blocks_that_come_only_with_the_last_response() -> None:
    picture = DataBlock(source=URLSource(url="https://example.org/a.png", media_type="image/png"))
    call = ToolCallBlock(id="1", name="look", input="{}")
    last = ChatResponse([TextBlock(text="See"), picture, call], is_last=True)
    events = await steps(Agent("assistant", Scripted(last), max_turns=1))
    data = ["DATA_BLOCK_START", "DATA_BLOCK_DELTA"]
    calls = ["TEXT_BLOCK_END", "TOOL_CALL_START", "TOOL_CALL_DELTA", "DATA_BLOCK_END", "TOOL_CALL_END"]
    assert types(events) == [*WORDS[:4], *data, *calls, *ENDS]
    assert [event.url for event in events if isinstance(event, DataBlockDeltaEvent)] == ["https://example.org/a.png"]


def test_a_sound_goes_beside_its_words() -> None:
    blocks = BlockEvents("r")
    sound = DataBlock(id="s", source=Base64Source(data="AAAA", media_type="audio/wav"))
    words: list[ContentBlock] = [TextBlock(id="t", text="a"), sound, TextBlock(id="t", text="b"), sound]
    events = [event for block in words for event in blocks.add([block])] + blocks.end(words[:2])
    assert [event.type.value for event in events] == [
        *("TEXT_BLOCK_START", "TEXT_BLOCK_DELTA", "DATA_BLOCK_START", "DATA_BLOCK_DELTA", "TEXT_BLOCK_DELTA"),
        *("DATA_BLOCK_DELTA", "TEXT_BLOCK_END", "DATA_BLOCK_END"),
    ]


def test_a_call_is_told_once_its_tool_is_named() -> None:
    blocks = BlockEvents("r")
    assert blocks.add([ToolCallBlock(id="1", name="", input='{"a":')]) == []
    events = blocks.end([ToolCallBlock(id="1", name="look", input='{"a":1}')])
    start, more, _ = events
    assert isinstance(start, ToolCallStartEvent) and start.tool_call_name == "look"
    assert isinstance(more, ToolCallDeltaEvent) and more.delta == '{"a":1}'


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.text(max_size=2)), max_size=30))
def test_however_blocks_interleave_every_event_is_in_an_open_block(pieces: list[tuple[str, str]]) -> None:
    def block(name: str, text: str) -> ContentBlock:
        if name == "e":
            return ToolCallBlock(id=name, name="look", input=text)
        return ThinkingBlock(id=name, thinking=text) if name == "d" else TextBlock(id=name, text=text)

    blocks = BlockEvents("r")
    events = [event for name, text in pieces for event in blocks.add([block(name, text)])]
    whole: dict[str, str] = {}
    for name, text in pieces:
        whole[name] = whole.get(name, "") + text
    events += blocks.end([block(name, text) for name, text in whole.items()])

    opened: set[str] = set()
    ended: set[str] = set()
    shown: dict[str, str] = {}
    for event in events:
        key = event.block_id if isinstance(event, BlockEvent) else getattr(event, "tool_call_id", "")
        if event.type.endswith("START"):
            assert key not in opened | ended
            opened.add(key)
        elif event.type.endswith("END"):
            opened.remove(key)
            ended.add(key)
        else:
            assert key in opened
            name = key.rstrip("+")
            shown[name] = shown.get(name, "") + getattr(event, "delta", "")
    assert opened == set()
    assert shown == {name: text for name, text in whole.items() if text}


class Counting(MiddlewareBase):
    """A middleware in five lines."""

    async def on_reply(self, agent: Agent, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        yield CustomEvent(name="asked", value=agent.name)
        async for event in events:
            yield event


class Shouting(MiddlewareBase):
    closed = 0

    async def on_reply(self, agent: Agent, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
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
