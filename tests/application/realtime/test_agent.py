"""An agent that speaks: tools beside audio, a transport for it, and a history that any agent goes on with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from modelport.realtime import RealtimeAgent, VoiceSession

from .support import Talk, call, created, done, item, pcm, settle, sound, speech, words


class Loudspeaker:
    """A transport of the test's: what it is given to say is sent, what it is to play is kept."""

    def __init__(self) -> None:
        self.played: list[bytes] = []
        self.cleared = 0
        self.at: tuple[str, float] | None = None
        self.said: asyncio.Queue[bytes] = asyncio.Queue()

    async def frames(self) -> AsyncIterator[bytes]:
        while True:
            yield await self.said.get()

    def play(self, item_id: str, pcm: bytes) -> None:
        self.played.append(pcm)

    def position(self) -> tuple[str, float] | None:
        return self.at

    def clear(self) -> None:
        self.cleared += 1


async def listen(session: VoiceSession, events: list[Any]) -> None:
    async for event in session:
        events.append(event)


async def test_tools_run_while_the_model_speaks() -> None:
    release = asyncio.Event()

    async def look(at: str) -> str:
        """Look at something."""
        await release.wait()
        return f"{at} is blue"

    talk = Talk()
    agent = RealtimeAgent("pilot", talk.model, system_prompt="Be brief.", tools=[look])
    events: list[Any] = []
    async with agent.session() as session:
        listener = asyncio.create_task(listen(session, events))
        await session.conversation.send_text("The sky?")
        await talk.say(created(), *call("c1", "f1", arguments='{"at":"sky"}'), words("Let me see."), sound(pcm(20)))
        assert [str(event.type) for event in events].count("DATA_BLOCK_DELTA") == 1, "audio does not wait for the tool"
        release.set()
        await talk.say(done())
        await settle()
        outputs = [frame["item"].get("output") for frame in talk.line.named("conversation.item.create")]
        assert outputs[-1] == "sky is blue"
        assert talk.line.kinds.count("response.create") == 2
        kinds = [str(event.type) for event in events if str(event.type).startswith("TOOL_RESULT")]
        assert kinds == ["TOOL_RESULT_START", "TOOL_RESULT_TEXT_DELTA", "TOOL_RESULT_END"]
        schema = talk.line.named("session.update")[0]["session"]["tools"][0]
        assert schema["name"] == "look"
        assert json.dumps(schema["parameters"]).count("at") >= 1
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)
    assert [block.type for block in agent.history[-1].content] == ["tool_call", "tool_result", "text"]
    assert len(asyncio.all_tasks()) == 1


async def test_a_transport_is_listened_to_played_on_and_cleared() -> None:
    talk, speaker = Talk(), Loudspeaker()
    events: list[Any] = []
    async with RealtimeAgent("pilot", talk.model).session(speaker) as session:
        listener = asyncio.create_task(listen(session, events))
        speaker.said.put_nowait(pcm(20))
        await settle()
        assert talk.line.kinds[-1] == "input_audio_buffer.append"
        await talk.say(created(), item("a1", None), words("One two three"), sound(pcm(300)))
        assert speaker.played == [pcm(300)]
        speaker.at = ("a1", 100)
        await talk.say(speech("u1"))
        assert speaker.cleared == 1
        (interrupted,) = [event for event in events if str(event.type) == "INTERRUPTED"]
        assert interrupted.heard_ms == 100
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


async def test_the_tools_of_a_connection_that_died_are_stopped() -> None:
    stopped = asyncio.Event()

    async def look() -> str:
        """Look."""
        try:
            await asyncio.sleep(1000)
        finally:
            stopped.set()
        return "never"

    talk = Talk()
    events: list[Any] = []
    async with RealtimeAgent("pilot", talk.model, tools=[look]).session() as session:
        listener = asyncio.create_task(listen(session, events))
        await talk.say(created(), *call("c1", "f1"))
        talk.line.hang_up()
        await settle()
        assert stopped.is_set()
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


async def test_the_iteration_ends_with_the_session() -> None:
    talk = Talk()
    session = RealtimeAgent("pilot", talk.model).session()
    events: list[Any] = []
    async with session:
        listener = asyncio.create_task(listen(session, events))
        await settle()
        await session.conversation.aclose()
        await asyncio.wait_for(listener, 5)
    assert events[-1].kind == "ended"
