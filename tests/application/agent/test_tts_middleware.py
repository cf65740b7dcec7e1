"""`TTSMiddleware`: which parts of a reply are spoken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest

from modelport.agent import Agent
from modelport.credential import DashScopeCredential
from modelport.event import (
    CustomEvent,
    DataBlockEndEvent,
    DataBlockStartEvent,
    Event,
    ReplyEndEvent,
    ReplyStartEvent,
    TextBlockEndEvent,
)
from modelport.message import TextBlock, UserMsg
from modelport.middleware import TTSMiddleware
from modelport.testing.servers.http import ScriptedServer
from modelport.tts import DashScopeTTSModel, TTSResponse
from tests.application.agent.agent_support import (
    PCM,
    calling,
    chat,
    collect,
    saying,
    speaking,
    steps,
    text_of,
    turns_of_the_loop,
    types,
)
from tests.application.agent.reply_support import Scripted, delta
from tests.application.agent.talking_support import failures, spoken
from tests.application.agent.voices import ArrivingVoice, LiveVoice, Voice, spoken_texts


async def test_the_agent_of_the_guide() -> None:
    async with ScriptedServer([saying("Hel", "lo")]) as server, ScriptedServer([speaking(*PCM)]) as speech:
        user_msg = UserMsg("user", "Hi")
        agent = Agent(
            name="assistant",
            model=chat(server.base_url),
            middlewares=[
                TTSMiddleware(
                    DashScopeTTSModel(
                        credential=DashScopeCredential(api_key="...", base_url=speech.base_url),
                        model="qwen3-tts-flash",
                        parameters=DashScopeTTSModel.Parameters(voice="Cherry"),
                        stream=True,
                    ),
                ),
            ],
        )
        events = [event async for event in agent.reply_stream(user_msg)]
        assert [request.json()["input"]["text"] for request in speech.requests] == ["Hello"]
    assert text_of(events) == "Hello"
    (wav,) = [text.encode("utf-16-le") for text in spoken_texts(events)]
    assert wav == b"".join(PCM)
    assert types(events)[-4:] == ["DATA_BLOCK_START", "DATA_BLOCK_DELTA", "DATA_BLOCK_END", "REPLY_END"]
    end = next(event for event in events if isinstance(event, DataBlockEndEvent))
    text = next(event for event in events if isinstance(event, TextBlockEndEvent))
    assert end.metadata["text_block_id"] == text.block_id and end.metadata["usage"].characters == 3
    assert [block.type for block in agent.history[-1].content] == ["text"], "speech is not part of the conversation"


@pytest.mark.parametrize("voice", [Voice, LiveVoice, ArrivingVoice])
async def test_every_block_is_spoken_in_order(voice: type[Voice]) -> None:
    turns = [calling(("1", "lookup", "{}"), text="One moment. "), saying("It is ", "here", ".")]
    events = await spoken(voice(), *turns)
    assert spoken_texts(events) == ["One moment. ", "It is here."]
    assert failures(events) == []
    spoken_of = [event.metadata["text_block_id"] for event in events if isinstance(event, DataBlockStartEvent)]
    assert spoken_of == [event.block_id for event in events if isinstance(event, TextBlockEndEvent)]
    assert isinstance(events[0], ReplyStartEvent) and isinstance(events[-1], ReplyEndEvent)
    assert {event.reply_id for event in events if not isinstance(event, CustomEvent)} == {events[0].reply_id}


@pytest.mark.parametrize("voice", [Voice, LiveVoice])
async def test_a_voice_that_does_not_stream(voice: type[Voice]) -> None:
    assert spoken_texts(await spoken(voice(stream=False), saying("Hello"))) == ["Hello"]


async def test_a_realtime_voice_is_connected_for_the_reply() -> None:
    voice = LiveVoice()
    await spoken(voice, calling(("1", "lookup", "{}"), text="One."), saying("Two."))
    assert voice.log == [
        *("connect", "push 'One.'", "synthesize None", "end"),
        *("push 'Two.'", "synthesize None", "end", "close"),
    ]


@pytest.mark.parametrize("voice", [Voice, LiveVoice])
async def test_blank_text_is_not_spoken(voice: type[Voice]) -> None:
    speaker = voice()
    events = await spoken(speaker, calling(("1", "lookup", "{}"), text=" \n"), saying("\n", "Two"))
    assert [text.strip() for text in spoken_texts(events)] == ["Two"]
    assert len([line for line in speaker.log if line.startswith("synthesize")]) == 1


async def test_what_is_pending_is_pushed_as_one() -> None:
    going = asyncio.Event()

    class Waiting(LiveVoice):
        async def connect(self) -> None:
            await going.wait()

    voice = Waiting()
    async with ScriptedServer([saying("a", "b", "c", "d")]) as server:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(voice)])
        async for event in agent.reply_stream("Hi"):
            if isinstance(event, TextBlockEndEvent):
                going.set()
    assert voice.log[:2] == ["push 'abcd'", "synthesize None"]


async def test_a_realtime_voice_speaks_one_reply_at_a_time() -> None:
    voice = LiveVoice()
    middleware = TTSMiddleware(voice)
    async with ScriptedServer([saying("One ", "and one."), saying("Two ", "and two.")]) as server:
        agents = [Agent(name, chat(server.base_url), [middleware]) for name in ("a", "b")]
        replies = await asyncio.gather(*(steps(agent) for agent in agents))
    assert sorted(text for events in replies for text in spoken_texts(events)) == ["One and one.", "Two and two."]
    assert [spoken_texts(events)[0] for events in replies] == [text_of(events) for events in replies]
    assert [line for line in voice.log if line in ("connect", "close")] == ["connect", "close"] * 2


async def test_a_reply_that_gives_up_waiting_lets_nobody_in_before_his_turn() -> None:
    going = asyncio.Event()

    class Waiting(LiveVoice):
        async def push(self, text: str, **kwargs: Any) -> TTSResponse:
            await going.wait()
            return await super().push(text)

    voice = Waiting()
    middleware = TTSMiddleware(voice)
    replies = []
    for word in ("One.", "Two.", "Three."):
        agent = Agent("assistant", Scripted(delta(TextBlock(text=word))), [middleware])
        replies.append(asyncio.create_task(steps(agent)))
        await turns_of_the_loop()
    replies[1].cancel()
    await turns_of_the_loop()
    assert voice.log == ["connect"]
    going.set()
    assert [spoken_texts(await replies[number]) for number in (0, 2)] == [["One."], ["Three."]]


async def test_a_middleware_serves_successive_event_loops() -> None:
    async with ScriptedServer([saying("Hello"), saying("Hello")]) as server:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(LiveVoice())])

        def in_another_loop() -> list[Event]:
            return asyncio.run(collect(agent.reply_stream("Hi")))

        for _ in range(2):
            assert spoken_texts(await asyncio.to_thread(in_another_loop)) == ["Hello"]


async def test_events_that_lack_an_end_are_spoken_to_theirs() -> None:
    async def cut(events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        async for event in events:
            if not isinstance(event, ReplyEndEvent):
                yield event

    async with ScriptedServer([saying("Hello")]) as server:
        agent = Agent("assistant", chat(server.base_url))
        events = await collect(TTSMiddleware(Voice()).on_reply(agent, cut(agent.reply_stream("Hi"))))
    assert spoken_texts(events) == ["Hello"]
