"""When speech events come, and that the text never waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from modelport.agent import Agent
from modelport.credential import CredentialBase
from modelport.event import DataBlockDeltaEvent, Event, ReplyEndEvent, TextBlockDeltaEvent
from modelport.message import TextBlock
from modelport.middleware import TTSMiddleware
from modelport.model import ChatModelBase, ChatResponse
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ScriptedServer
from tests.application.agent.agent_support import (
    PCM,
    calling,
    chat,
    saying,
    speaking,
    talker,
    text_of,
    turns_of_the_loop,
    types,
)
from tests.application.agent.talking_support import SOUND, failures, lookup, order, slow, timed
from tests.application.agent.voices import ArrivingVoice, LiveVoice, Voice, spoken_texts


@pytest.mark.parametrize("voice", [LiveVoice, ArrivingVoice])
async def test_the_first_audio_leaves_before_the_last_text(voice: type[Voice]) -> None:
    """The server says its last word only once audio was read."""
    begun, spoken = asyncio.Event(), asyncio.Event()
    async with ScriptedServer([saying("Hello ", begun, "you ", spoken, "there.")]) as server:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(voice())])
        events = []
        async with asyncio.timeout(30):
            async for event in agent.reply_stream("Hi"):
                events.append(event)
                if isinstance(event, TextBlockDeltaEvent):
                    begun.set()
                elif isinstance(event, DataBlockDeltaEvent):
                    spoken.set()
    first, last = order(events)
    assert first < last
    assert spoken_texts(events) == ["Hello you there."]


async def test_audio_flows_while_the_text_pauses() -> None:
    spoken = asyncio.Event()
    async with ScriptedServer([saying("Hello ", spoken, "there.")]) as server:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(ArrivingVoice())])
        events = []
        async with asyncio.timeout(30):
            async for event in agent.reply_stream("Hi"):
                events.append(event)
                if isinstance(event, DataBlockDeltaEvent):
                    spoken.set()
    assert spoken_texts(events) == ["Hello there."]


async def test_the_first_block_is_spoken_while_the_second_is_awaited() -> None:
    step = asyncio.Event()
    answers = [calling(("1", "lookup", "{}"), text="One moment."), saying(step, "Here.")]
    async with ScriptedServer(answers) as server, ScriptedServer([speaking(*PCM), speaking(*PCM)]) as speech:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(talker(speech.base_url))], tools=[lookup])
        events = []
        async for event in agent.reply_stream("Hi"):
            events.append(event)
            if isinstance(event, DataBlockDeltaEvent):
                step.set()
    first, last = order(events)
    assert first < last
    assert len(spoken_texts(events)) == 2 and text_of(events) == "One moment.Here."


@pytest.mark.parametrize("kind", [Voice, LiveVoice, ArrivingVoice])
@pytest.mark.parametrize(
    ("seconds", "error"),
    [(0.0, None), (0.3, None), (7.0, None), (5.0, OSError("gone")), (300.0, OSError("gone"))],
    ids=["quick", "abreast", "behind", "failing", "stalled"],
)
async def test_order_and_times_of_the_text_are_those_without_speech(
    kind: type[Voice], seconds: float, error: Exception | None
) -> None:
    def text(events: list[tuple[float, Event]]) -> list[tuple[float, str, str]]:
        kept = [(time, event) for time, event in events if not isinstance(event, (*SOUND, ReplyEndEvent))]
        return [(time, event.type.value, getattr(event, "delta", "")) for time, event in kept]

    clock = VirtualClock()
    alone = text(await timed(clock))
    clock = VirtualClock()
    talking = await timed(clock, TTSMiddleware(slow(kind, clock, seconds, error)))
    assert text(talking) == alone
    assert [time for time, kind_of, _ in alone if kind_of == "TEXT_BLOCK_DELTA"] == [float(n) for n in range(1, 10)]
    events = [event for _, event in talking]
    assert isinstance(events[-1], ReplyEndEvent)
    if error:
        assert failures(events) == [{"type": "OSError", "message": "gone"}]
    else:
        assert spoken_texts(events) == ["thequickbrownfoxjumps", "overthelazydog"]


async def test_a_slow_reader_holds_the_speech_back() -> None:
    voice = Voice()
    async with ScriptedServer([saying("x" * 500)]) as server:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(voice, most_pending_audio=5)])
        made = 0

        async def count() -> None:
            nonlocal made
            made += 1

        voice.pause = count  # type: ignore[method-assign]
        read = 0
        async for event in agent.reply_stream("Hi"):
            assert not isinstance(event, ReplyEndEvent) or read == 500, "the end comes last"
            if isinstance(event, DataBlockDeltaEvent):
                read += 1
                await turns_of_the_loop(20)
                assert made <= read + 7
    assert read == 500


async def test_text_overtakes_audio_that_waits_to_be_read() -> None:
    gone_on = asyncio.Event()

    class TwoBlocks(ChatModelBase):
        async def _call_api(self, *_: Any, **__: Any) -> AsyncGenerator[ChatResponse, None]:
            yield ChatResponse([TextBlock(id="a", text="x" * 100)], is_last=False)
            yield ChatResponse([TextBlock(id="b", text="0")], is_last=False)
            await gone_on.wait()
            for number in range(1, 10):
                yield ChatResponse([TextBlock(id="b", text=str(number))], is_last=False)

    agent = Agent("assistant", TwoBlocks(CredentialBase(), "two"), [TTSMiddleware(Voice(), most_pending_audio=50)])
    events = []
    async for event in agent.reply_stream("Hi"):
        events.append(event)
        if isinstance(event, DataBlockDeltaEvent) and not gone_on.is_set():
            gone_on.set()
            await turns_of_the_loop(200)
    start = next(index for index, event in enumerate(events) if isinstance(event, DataBlockDeltaEvent))
    assert types(events[start + 1 :])[:2] == ["TEXT_BLOCK_DELTA", "TEXT_BLOCK_END"]
    assert spoken_texts(events) == ["x" * 100, "0123456789"]
