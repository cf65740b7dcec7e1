"""An agent that talks over the real realtime models, against servers that check their protocols."""

from __future__ import annotations

import asyncio
import base64

import pytest

from modelport.agent import Agent
from modelport.domain.message.wav import streaming_header
from modelport.event import CustomEvent, DataBlockDeltaEvent, Event, ReplyEndEvent, TextBlockDeltaEvent
from modelport.middleware import TTSMiddleware
from modelport.testing.servers.http import ScriptedServer
from tests.adapters.dashscope.speech_servers import voice
from tests.adapters.dashscope.speech_support import COSYVOICE, QWEN, Kind
from tests.application.agent.agent_support import calling, chat, leaked, saying, steps, text_of

pytestmark = pytest.mark.parametrize("kind", [QWEN, COSYVOICE], ids=["qwen", "cosyvoice"])


def place() -> str:
    return "here"


def wavs(events: list[Event]) -> list[bytes]:
    """The audio of each data block."""
    found: dict[str, bytes] = {}
    for event in events:
        if isinstance(event, DataBlockDeltaEvent):
            assert event.data is not None
            found[event.block_id] = found.get(event.block_id, b"") + base64.b64decode(event.data)
    return list(found.values())


def wav(text: str) -> bytes:
    return streaming_header(24_000) + voice(text)


async def test_every_block_is_spoken_in_order(kind: Kind) -> None:
    turns = [calling(("1", "place", "{}"), text="One moment. "), saying("It is ", "here. ", "Right here")]
    async with kind.server() as speech, ScriptedServer(turns) as server:
        before = asyncio.all_tasks()
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(kind.model(speech))], tools=[place])
        events = await steps(agent)
        await speech.emptied()
        assert await leaked(before) == set()
    assert wavs(events) == [wav("One moment. "), wav("It is here. Right here")]
    assert not [event for event in events if isinstance(event, CustomEvent)]
    assert isinstance(events[-1], ReplyEndEvent)


async def test_the_first_audio_leaves_before_the_last_text(kind: Kind) -> None:
    """The chat server says its last word only once audio was read."""
    spoken = asyncio.Event()
    async with kind.server() as speech, ScriptedServer([saying("One. Two. ", spoken, "Three.")]) as server:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(kind.model(speech))])
        events = []
        async with asyncio.timeout(30):
            async for event in agent.reply_stream("Hi"):
                events.append(event)
                if isinstance(event, DataBlockDeltaEvent):
                    spoken.set()
    assert wavs(events) == [wav("One. Two. Three.")]
    assert isinstance(events[-1], ReplyEndEvent)


async def test_a_reply_that_is_left_closes_the_connection(kind: Kind) -> None:
    for leave_at in (TextBlockDeltaEvent, DataBlockDeltaEvent):
        async with kind.server() as speech, ScriptedServer([saying("One. ", "Two. ")]) as server:
            before = asyncio.all_tasks()
            stream = Agent("assistant", chat(server.base_url), [TTSMiddleware(kind.model(speech))]).reply_stream("Hi")
            async for event in stream:
                if isinstance(event, leave_at):
                    break
            await stream.aclose()
            await speech.emptied()
            assert await leaked(before) == set()


async def test_two_agents_share_one_model(kind: Kind) -> None:
    async with kind.server() as speech, ScriptedServer([saying("One. ", "Two."), saying("Three. ", "Four.")]) as server:
        middleware = TTSMiddleware(kind.model(speech))
        agents = [Agent(name, chat(server.base_url), [middleware]) for name in ("a", "b")]
        replies = await asyncio.gather(*(steps(agent) for agent in agents))
    assert [wavs(events) for events in replies] == [[wav(text_of(events))] for events in replies]
