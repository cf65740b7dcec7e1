"""`TTSMiddleware`: a failure ends the speech, and the reply continues."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from modelport.agent import Agent
from modelport.error import InvalidRequestError
from modelport.event import CustomEvent, Event, ReplyEndEvent, ReplyStartEvent, TextBlockDeltaEvent, TextBlockEndEvent
from modelport.message import TextBlock
from modelport.middleware import TTSMiddleware
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import CLOSE, HANG, ScriptedAnswer, ScriptedServer
from modelport.transport import RetryPolicy, Timeouts
from modelport.tts import TTSResponse
from tests.application.agent.agent_support import (
    PCM,
    calling,
    chat,
    leaked,
    saying,
    speaking,
    steps,
    talker,
    text_of,
    turns_of_the_loop,
    types,
)
from tests.application.agent.reply_support import Scripted, delta
from tests.application.agent.talking_support import failures, lookup, spoken
from tests.application.agent.voices import LiveVoice, Voice, audio, spoken_texts
from tests.contract.runtimes import runtime_with


async def test_a_stalled_speech_server_delays_nothing_and_ends_by_its_clock() -> None:
    clock = VirtualClock(skip_sleeps=True)
    step = asyncio.Event()
    async with (
        ScriptedServer([calling(("1", "lookup", "{}"), text="One."), saying(step, "Two.")]) as server,
        ScriptedServer([speaking(HANG)]) as speech,
    ):
        before = asyncio.all_tasks()
        timeouts, policy = Timeouts(first_event=20, idle=None, total=None), RetryPolicy(max_retries=0)
        voice = talker(speech.base_url, runtime=runtime_with(clock), timeouts=timeouts, retry_policy=policy)
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(voice)], tools=[lookup])
        events: list[Event] = []
        written = asyncio.Event()

        async def read() -> None:
            async for event in agent.reply_stream("Hi"):
                events.append(event)
                if types(events).count("MODEL_CALL_END") == 2:
                    written.set()

        task = asyncio.create_task(read())
        await speech.request(0)  # from now on the speech waits
        step.set()
        await written.wait()
        await turns_of_the_loop()
        assert text_of(events) == "One.Two." and not task.done(), "only the speech is left"
        assert spoken_texts(events) == []
        clock.advance(20)
        async with asyncio.timeout(30):
            await task
        await speech.closed(0)
        assert await leaked(before) == set()
    (failure,) = failures(events)
    assert (failure["type"], failure["provider"]) == ("ModelTimeoutError", "dashscope")
    assert types(events)[-2:] == ["CUSTOM", "REPLY_END"]


async def test_a_refused_key_ends_the_speech_only() -> None:
    refused = ScriptedAnswer.json(
        {"code": "InvalidApiKey", "message": "Invalid sk-secret-key-PlantedWord7."}, status=401
    )
    answers = [calling(("1", "lookup", "{}"), text="One. "), saying("Two.")]
    async with ScriptedServer(answers) as server, ScriptedServer([refused]) as speech:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(talker(speech.base_url))], tools=[lookup])
        events = await steps(agent)
        assert len(speech.requests) == 1, "the speech is not tried again"
    assert text_of(events) == "One. Two."
    (failure,) = failures(events)
    assert (failure["type"], failure["status_code"]) == ("AuthenticationError", 401)
    assert "sk-secret" not in failure["message"]
    assert isinstance(events[-1], ReplyEndEvent) and events[-1].error is None
    assert agent.history[-1].get_text_content() == "One. \nTwo."


async def test_audio_that_breaks_off_is_a_block_that_ends() -> None:
    async with ScriptedServer([saying("Hello")]) as server, ScriptedServer([speaking(PCM[0], CLOSE)]) as speech:
        middleware = TTSMiddleware(talker(speech.base_url, max_retries=0))
        events = await steps(Agent("assistant", chat(server.base_url), [middleware]))
    assert len(spoken_texts(events)) == 1
    assert [failure["type"] for failure in failures(events)] == ["StreamTruncatedError"]
    assert types(events)[-3:] == ["DATA_BLOCK_END", "CUSTOM", "REPLY_END"]


@pytest.mark.parametrize("kind", [Voice, LiveVoice])
@pytest.mark.parametrize("error", [OSError("gone"), asyncio.CancelledError("inside")], ids=["error", "cancelled"])
async def test_a_voice_that_fails(kind: type[Voice], error: Exception) -> None:
    voice = kind()
    voice.error = error
    events = await spoken(voice, saying("Hel", "lo"))
    assert text_of(events) == "Hello"
    assert failures(events) == [{"type": type(error).__name__, "message": str(error)}]
    assert voice.log.count("connect") == voice.log.count("close")


async def test_a_voice_that_cannot_connect() -> None:
    class Mute(LiveVoice):
        async def connect(self) -> None:
            raise OSError("no line")

    voice = Mute()
    events = await spoken(voice, saying("Hello"))
    assert (text_of(events), failures(events)) == ("Hello", [{"type": "OSError", "message": "no line"}])
    assert voice.log == []
    custom = next(event for event in events if isinstance(event, CustomEvent))
    assert isinstance(events[0], ReplyStartEvent) and custom.reply_id == events[0].reply_id


async def test_speech_too_far_behind_gives_up() -> None:
    going = asyncio.Event()

    class Waiting(LiveVoice):
        async def push(self, text: str, **kwargs: Any) -> TTSResponse:
            await going.wait()
            return await super().push(text)

    step = asyncio.Event()
    async with ScriptedServer([saying("Hello", step, " there and everywhere")]) as server:
        middleware = TTSMiddleware(Waiting(), most_pending_characters=10)
        events: list[Event] = []
        async for event in Agent("assistant", chat(server.base_url), [middleware]).reply_stream("Hi"):
            events.append(event)
            step.set()
            if isinstance(event, TextBlockEndEvent):
                going.set()
    assert text_of(events) == "Hello there and everywhere"
    assert [failure["type"] for failure in failures(events)] == ["ModelError"]
    assert "10 characters behind" in failures(events)[0]["message"]


async def test_text_past_the_limit_is_not_kept() -> None:
    going = asyncio.Event()

    class Waiting(LiveVoice):
        async def push(self, text: str, **kwargs: Any) -> TTSResponse:
            await going.wait()
            return await super().push(text)

    async def references(*middlewares: TTSMiddleware) -> list[int]:
        """How many there are to each piece of the text, once it has passed."""
        found = []
        async for event in Agent("assistant", model, middlewares).reply_stream("Hi"):
            if isinstance(event, TextBlockDeltaEvent):
                await turns_of_the_loop()
                found.append(sys.getrefcount(event.delta))
            elif isinstance(event, TextBlockEndEvent):
                going.set()
        return found

    pieces = [f"This is the piece with the number {number}. " for number in range(10)]
    model = Scripted(*(delta(TextBlock(id="t", text=piece)) for piece in pieces))
    voiced = await references(TTSMiddleware(Waiting(), most_pending_characters=60))
    voiceless = await references()
    kept = [more > fewer for more, fewer in zip(voiced, voiceless, strict=True)]
    assert kept[:3] == [True] * 3, "the first is being spoken, the next fits, the third is the one too many"
    assert kept[3:] == [False] * 7


async def test_a_voice_that_ends_the_program_is_not_silenced() -> None:
    class Over(BaseException): ...

    class Ending(Voice):
        async def synthesize(self, text: str | None = None, **kwargs: Any) -> Any:
            raise Over

    with pytest.raises(Over):
        await spoken(Ending(), saying("Hello"))


async def test_a_voice_whose_stream_cannot_be_closed() -> None:
    class Pieces:
        def __init__(self, text: str) -> None:
            self.left = [audio(text, header=True)]

        def __aiter__(self) -> AsyncIterator[TTSResponse]:
            return self

        async def __anext__(self) -> TTSResponse:
            if not self.left:
                raise StopAsyncIteration
            return TTSResponse(content=self.left.pop())

    class Plain(Voice):
        async def synthesize(self, text: str | None = None, **kwargs: Any) -> Any:
            return Pieces(text or "")

    events = await spoken(Plain(), saying("Hello"))
    assert (spoken_texts(events), failures(events)) == (["Hello"], [])


async def test_a_reply_inside_of_another_does_not_wait_for_its_voice() -> None:
    middleware = TTSMiddleware(LiveVoice())
    inner = Agent("inner", Scripted(delta(TextBlock(text="Inside."))), [middleware])
    inner_events: list[Event] = []

    async def ask() -> str:
        inner_events.extend(await steps(inner))
        return "asked"

    async with ScriptedServer([calling(("1", "ask", "{}"), text="One moment."), saying("Done.")]) as server:
        agent = Agent("outer", chat(server.base_url), [middleware], tools=[ask])
        async with asyncio.timeout(30):
            events = await steps(agent)
            again = await steps(inner)
    assert spoken_texts(events) == ["One moment.", "Done."]
    assert (text_of(inner_events), spoken_texts(inner_events)) == ("Inside.", [])
    (failure,) = failures(inner_events)
    assert failure["type"] == "InvalidRequestError" and "a TTSMiddleware of its own" in failure["message"]
    assert spoken_texts(again) == ["Inside."]


@pytest.mark.parametrize("wrong", [{"tts_model": "voice"}, {"tts_model": LiveVoice}, {"most_pending_audio": 0}])
def test_what_a_middleware_cannot_speak_with(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match=next(iter(wrong))):
        TTSMiddleware(**{"tts_model": Voice(), **wrong})
