"""An agent that talks: what is spoken and when, and that the text never waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest

from modelport.agent import Agent
from modelport.credential import CredentialBase, DashScopeCredential
from modelport.event import (
    CustomEvent,
    DataBlockDeltaEvent,
    DataBlockEndEvent,
    DataBlockStartEvent,
    Event,
    ReplyEndEvent,
    ReplyStartEvent,
    TextBlockDeltaEvent,
    TextBlockEndEvent,
)
from modelport.message import TextBlock, UserMsg
from modelport.middleware import TTSMiddleware
from modelport.model import ChatModelBase, ChatResponse, FinishReason
from modelport.testing.clock import VirtualClock
from modelport.testing.server import CLOSE, HANG, ScriptedAnswer, ScriptedServer
from modelport.transport import RetryPolicy, Timeouts
from modelport.tts import DashScopeTTSModel, TTSResponse
from tests.application.agent_support import (
    PCM,
    calling,
    chat,
    collect,
    leaked,
    saying,
    speaking,
    steps,
    talker,
    text_of,
    turns_of_the_loop,
    types,
)
from tests.application.voices import ArrivingVoice, LiveVoice, Voice, heard
from tests.contract.runtimes import runtime_with

WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog"]
SOUND = (DataBlockStartEvent, DataBlockDeltaEvent, DataBlockEndEvent, CustomEvent)


def failures(events: list[Event]) -> list[Any]:
    return [event.value for event in events if isinstance(event, CustomEvent) and event.name == "speech_failed"]


def lookup() -> str:
    return "here"


async def spoken(voice: Voice, *answers: ScriptedAnswer) -> list[Event]:
    async with ScriptedServer(answers) as server:
        return await steps(Agent("assistant", chat(server.base_url), [TTSMiddleware(voice)], tools=[lookup]))


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
    (wav,) = [text.encode("utf-16-le") for text in heard(events)]
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
    assert heard(events) == ["One moment. ", "It is here."]
    assert failures(events) == []
    spoken_of = [event.metadata["text_block_id"] for event in events if isinstance(event, DataBlockStartEvent)]
    assert spoken_of == [event.block_id for event in events if isinstance(event, TextBlockEndEvent)]
    assert isinstance(events[0], ReplyStartEvent) and isinstance(events[-1], ReplyEndEvent)
    assert {event.reply_id for event in events if not isinstance(event, CustomEvent)} == {events[0].reply_id}


@pytest.mark.parametrize("voice", [Voice, LiveVoice])
async def test_a_voice_that_does_not_stream(voice: type[Voice]) -> None:
    assert heard(await spoken(voice(stream=False), saying("Hello"))) == ["Hello"]


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
    assert [text.strip() for text in heard(events)] == ["Two"]
    assert len([line for line in speaker.log if line.startswith("synthesize")]) == 1


def order(events: list[Event]) -> tuple[int, int]:
    """The places of the first audio and of the last text."""
    first = next(index for index, event in enumerate(events) if isinstance(event, DataBlockDeltaEvent))
    return first, max(index for index, event in enumerate(events) if isinstance(event, TextBlockDeltaEvent))


@pytest.mark.parametrize("voice", [LiveVoice, ArrivingVoice])
async def test_the_first_audio_leaves_before_the_last_text(voice: type[Voice]) -> None:
    """The server says its last word only once audio was read."""
    begun, spoken = asyncio.Event(), asyncio.Event()
    async with ScriptedServer([saying("Hello ", begun, "you ", spoken, "there.")]) as server:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(voice())])
        events = []
        async with asyncio.timeout(10):
            async for event in agent.reply_stream("Hi"):
                events.append(event)
                if isinstance(event, TextBlockDeltaEvent):
                    begun.set()
                elif isinstance(event, DataBlockDeltaEvent):
                    spoken.set()
    first, last = order(events)
    assert first < last
    assert heard(events) == ["Hello you there."]


async def test_audio_flows_while_the_text_pauses() -> None:
    spoken = asyncio.Event()
    async with ScriptedServer([saying("Hello ", spoken, "there.")]) as server:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(ArrivingVoice())])
        events = []
        async with asyncio.timeout(10):
            async for event in agent.reply_stream("Hi"):
                events.append(event)
                if isinstance(event, DataBlockDeltaEvent):
                    spoken.set()
    assert heard(events) == ["Hello there."]


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
    assert len(heard(events)) == 2 and text_of(events) == "One moment.Here."


class Paced(ChatModelBase):
    """Says a word each second of the clock, in two blocks."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(CredentialBase(), "paced")
        self.clock = clock

    async def _call_api(self, *_: Any, **__: Any) -> AsyncGenerator[ChatResponse, None]:
        for index, word in enumerate(WORDS):
            await self.clock.sleep(1)
            yield ChatResponse([TextBlock(id=f"b{index // 5}", text=word)], is_last=False)
        yield ChatResponse([], is_last=False, finish_reason=FinishReason.STOP)


def slow(kind: type[Voice], clock: VirtualClock, seconds: float, error: Exception | None = None) -> Voice:
    class Slow(kind):  # type: ignore[valid-type, misc]
        async def pause(self) -> None:
            await clock.sleep(seconds)
            if error:
                raise error

    made: Voice = Slow()
    return made


async def timed(clock: VirtualClock, *middlewares: TTSMiddleware) -> list[tuple[float, Event]]:
    """The events, and the virtual time at which each was read."""
    seen: list[tuple[float, Event]] = []

    async def read() -> None:
        start = clock.monotonic()
        async for event in Agent("assistant", Paced(clock), middlewares).reply_stream("Hi"):
            seen.append((round(clock.monotonic() - start, 3), event))

    task = asyncio.create_task(read())
    while not task.done():
        await turns_of_the_loop(60)
        clock.advance(0.25)
    await task
    return seen


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
        assert heard(events) == ["thequickbrownfoxjumps", "overthelazydog"]


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
        assert heard(events) == []
        clock.advance(20)
        async with asyncio.timeout(10):
            await task
        await speech.closed(0)
        assert await leaked(before) == set()
    (failure,) = failures(events)
    assert (failure["type"], failure["provider"]) == ("ModelTimeoutError", "dashscope")
    assert types(events)[-2:] == ["CUSTOM", "REPLY_END"]


async def test_a_refused_key_ends_the_speech_only() -> None:
    refused = ScriptedAnswer.json({"code": "InvalidApiKey", "message": "Invalid sk-secret-key."}, status=401)
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
    assert len(heard(events)) == 1
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
    assert heard(events) == ["x" * 100, "0123456789"]


async def test_a_realtime_voice_speaks_one_reply_at_a_time() -> None:
    voice = LiveVoice()
    middleware = TTSMiddleware(voice)
    async with ScriptedServer([saying("One ", "and one."), saying("Two ", "and two.")]) as server:
        agents = [Agent(name, chat(server.base_url), [middleware]) for name in ("a", "b")]
        replies = await asyncio.gather(*(steps(agent) for agent in agents))
    assert sorted(text for events in replies for text in heard(events)) == ["One and one.", "Two and two."]
    assert [heard(events)[0] for events in replies] == [text_of(events) for events in replies]
    assert [line for line in voice.log if line in ("connect", "close")] == ["connect", "close"] * 2


async def test_a_middleware_serves_successive_event_loops() -> None:
    async with ScriptedServer([saying("Hello"), saying("Hello")]) as server:
        agent = Agent("assistant", chat(server.base_url), [TTSMiddleware(LiveVoice())])

        def in_another_loop() -> list[Event]:
            return asyncio.run(collect(agent.reply_stream("Hi")))

        for _ in range(2):
            assert heard(await asyncio.to_thread(in_another_loop)) == ["Hello"]


async def test_events_that_lack_an_end_are_spoken_to_theirs() -> None:
    async def cut(events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        async for event in events:
            if not isinstance(event, ReplyEndEvent):
                yield event

    async with ScriptedServer([saying("Hello")]) as server:
        agent = Agent("assistant", chat(server.base_url))
        events = await collect(TTSMiddleware(Voice()).on_reply(agent, cut(agent.reply_stream("Hi"))))
    assert heard(events) == ["Hello"]
