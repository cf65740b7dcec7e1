"""Voice conversations in this process: the real voice and recogniser; the chat model is a scripted one but in one test.

The engine of these sessions is that of all realtime models, so what is tested here is the server.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import importlib.util
import io
import json
import wave
from collections.abc import Sequence
from typing import Any

import pytest

from modelport import Modelport
from modelport.adapters.embedded.credential import EmbeddedCredential
from modelport.adapters.embedded.speech import EmbeddedTTSModel
from modelport.adapters.embedded.voice import connector
from modelport.adapters.embedded.voice.conversation import Conversation
from modelport.error import InvalidRequestError, ModelError, NotFoundError, SettingsError
from modelport.event import DataBlockDeltaEvent, TextBlockDeltaEvent
from modelport.message import AssistantMsg, Msg, UserMsg
from modelport.ports.websocket import WebSocketConnection, WebSocketConnector, WebSocketRequest
from modelport.realtime import (
    EmbeddedRealtimeModel,
    InputTranscriptEvent,
    RealtimeEvent,
    RealtimeModelBase,
    RealtimeSession,
    SessionErrorEvent,
    TurnDetection,
)
from modelport.testing import RealtimeContract, ScriptedChatModel
from modelport.testing.contract.realtime.script import Script
from modelport.tts import TTSResponse
from tests.application.realtime.test_recordings import failed, late_transcript_of_a_second_turn, limit_then_silence

pytest.importorskip("espeakng_loader")

QUESTION = "What is the capital of France?"
ANSWER = "Paris is the capital of France. It lies on the Seine."
MANUAL = TurnDetection(mode="manual")


class Dial:
    """Connects to one address, whatever is asked for."""

    def __init__(self, url: str, inner: WebSocketConnector) -> None:
        self._url = url
        self._inner = inner

    async def connect(self, request: WebSocketRequest) -> WebSocketConnection:
        return await self._inner.connect(WebSocketRequest("ws" + self._url.removeprefix("http"), request.headers))

    async def aclose(self) -> None:
        await self._inner.aclose()


class TestEmbedded(RealtimeContract):
    """The model's side of the wire, as for the providers."""

    recordings = (failed(), limit_then_silence(), late_transcript_of_a_second_turn())
    most_cuts = 3

    def build(self, script: Script, url: str, connector: WebSocketConnector) -> RealtimeModelBase:
        parameters = EmbeddedRealtimeModel.Parameters(turn_detection=script.detection, **script.parameters)
        return EmbeddedRealtimeModel(
            EmbeddedCredential(),
            parameters=parameters,
            reconnect=script.reconnects,
            chat=ScriptedChatModel(),
            connector=Dial(url, connector),
        )


def model(*answers: Any, **parameters: Any) -> EmbeddedRealtimeModel:
    return EmbeddedRealtimeModel(
        EmbeddedCredential(),
        parameters=EmbeddedRealtimeModel.Parameters(**parameters),
        chat=ScriptedChatModel(answers or [ANSWER] * 100),
    )


def asked(subject: EmbeddedRealtimeModel) -> list[list[Msg]]:
    """What the chat model was asked, call by call."""
    chat = subject._chat
    assert isinstance(chat, ScriptedChatModel)
    return [[*call.messages] for call in chat.calls]


async def until(session: RealtimeSession, kind: str) -> list[RealtimeEvent]:
    events = []
    async for event in session:
        events.append(event)
        if event.type == kind:
            return events
    raise AssertionError(f"no {kind} in {[event.type for event in events]}")


def text_of(events: Sequence[RealtimeEvent]) -> str:
    return "".join(event.delta for event in events if isinstance(event, TextBlockDeltaEvent))


def audio_of(events: Sequence[RealtimeEvent]) -> bytes:
    return b"".join(base64.b64decode(event.data or "") for event in events if isinstance(event, DataBlockDeltaEvent))


@pytest.fixture(scope="module")
def speech() -> bytes:
    """The question, at the rate of eSpeak NG."""

    async def speak() -> bytes:
        voice = EmbeddedTTSModel[TTSResponse](
            EmbeddedCredential(), stream=False, parameters=EmbeddedTTSModel.Parameters(variant="f3", rate=150)
        )
        spoken = await voice.synthesize(QUESTION)
        assert spoken.content is not None
        with wave.open(io.BytesIO(spoken.content.to_bytes())) as file:
            return bytes(file.readframes(file.getnframes()))

    return asyncio.run(speak())


async def test_typed_text_is_answered_in_speech_with_its_transcript() -> None:
    subject = model()
    async with subject.connect("Be brief.") as session:
        await session.send_text(QUESTION)
        events = await until(session, "REPLY_END")
        assert text_of(events) == ANSWER
        assert len(audio_of(events)) > 22_050 * 2
        assert [message.get_text_content() for message in session.history] == [QUESTION, ANSWER]
    assert [message.get_text_content() for message in asked(subject)[0]] == ["Be brief.", QUESTION]


async def test_a_request_and_its_cancellation_at_once_give_one_reply_that_ends() -> None:
    connection = await connector.InProcessConnector(lambda **_: ScriptedChatModel([ANSWER] * 100)).connect(
        WebSocketRequest("embedded:")
    )
    for event in ("session.update", "response.create", "response.cancel"):
        await connection.send(json.dumps({"type": event}))
    kinds = []
    while "response.done" not in kinds:
        frame = json.loads(await connection.receive())
        kinds.append(frame["type"])
    assert kinds[:2] == ["session.updated", "response.created"] and frame["response"]["status"] == "cancelled"
    await connection.aclose()
    assert len(asyncio.all_tasks()) == 1


async def test_a_copy_has_parameters_of_its_own() -> None:
    subject = model()
    copied = copy.deepcopy(subject)
    copied.parameters = EmbeddedRealtimeModel.Parameters(output="text")
    async with copied.connect() as session:
        await session.send_text(QUESTION)
        events = await until(session, "REPLY_END")
        assert (text_of(events), audio_of(events)) == (ANSWER, b"")


async def test_text_alone() -> None:
    async with model(output="text").connect() as session:
        await session.send_text(QUESTION)
        events = await until(session, "REPLY_END")
        assert (text_of(events), audio_of(events)) == (ANSWER, b"")


async def test_the_past_is_known_and_a_conversation_goes_on() -> None:
    subject = model(output="text")
    past = [UserMsg("user", "I am Ada."), AssistantMsg("assistant", "Hello, Ada.")]
    async with subject.connect(history=past) as session:
        for question in ("Who am I?", "And you?"):
            await session.send_text(question)
            await until(session, "REPLY_END")
    said = [message.get_text_content() for message in asked(subject)[1]]
    assert said[1:] == ["I am Ada.", "Hello, Ada.", "Who am I?", ANSWER, "And you?"]


async def test_an_interrupted_reply_ends_once_and_only_what_was_heard_is_known() -> None:
    subject = model("One. Two. Three. " * 30, ANSWER)
    async with subject.connect() as session:
        await session.send_text("Count.")
        await until(session, "DATA_BLOCK_DELTA")
        await session.interrupt(played_ms=300)
        events = await until(session, "REPLY_END")
        assert [str(event.type) for event in events].count("REPLY_END") == 1
        await session.send_text("Stop.")
        events = await until(session, "REPLY_END")
        assert text_of(events) == ANSWER
        heard = session.history[1].get_text_content() or ""
        assert "One. Two. Three.".startswith(heard) and len(heard) < 20
    known = asked(subject)[1]
    texts = [message.get_text_content() or "" for message in known[1:]]
    assert "".join(texts).count("Three") <= 1 and texts[-1].endswith("Stop.")


async def test_a_failing_chat_model_ends_the_reply_and_not_the_session() -> None:
    async with model(InvalidRequestError("it does not want to"), ANSWER, output="text").connect() as session:
        await session.send_text("Hello.")
        end = (await until(session, "REPLY_END"))[-1]
        assert "it does not want to" in str(getattr(end, "error", ""))
        await session.send_text("Hello?")
        assert text_of(await until(session, "REPLY_END")) == ANSWER


async def test_an_unknown_voice_is_a_refused_set_up() -> None:
    with pytest.raises(InvalidRequestError, match="unknown voice 'xx-nowhere'"):
        await model(voice="xx-nowhere").connect()


@pytest.mark.parametrize("moment", range(6))
async def test_leaving_at_any_moment_leaves_no_task(moment: int) -> None:
    before = len(asyncio.all_tasks())
    async with model("One. Two. " * 50).connect() as session:
        await session.send_text("Count.")
        for _ in range(moment):
            await anext(session)
    assert len(asyncio.all_tasks()) == before


async def test_many_sessions_at_once_are_apart() -> None:
    async def talk(number: int) -> str:
        async with model(f"I am {number}.", output="text").connect() as session:
            await session.send_text("Who are you?")
            return text_of(await until(session, "REPLY_END"))

    assert await asyncio.gather(*map(talk, range(20))) == [f"I am {number}." for number in range(20)]


async def test_without_the_recogniser_the_first_audio_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "moonshine_voice" else find(name))
    session = await model().connect()
    await session.send_audio(bytes(1000))
    with pytest.raises(ModelError, match=r"modelport\[embedded-recognition\]"):
        await until(session, "REPLY_END")
    await session.aclose()


def test_what_is_missing_is_said_when_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFoundError, match="expected voice"):
        EmbeddedRealtimeModel(EmbeddedCredential(), "other", chat=ScriptedChatModel())
    with pytest.raises(InvalidRequestError, match="stream=True"):
        EmbeddedRealtimeModel(EmbeddedCredential(), chat=ScriptedChatModel(stream=False))  # type: ignore[arg-type]
    monkeypatch.setattr("modelport.adapters.embedded.voice.model.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"xllamacpp: run pip install 'modelport\[embedded,embedded-speech\]'"):
        EmbeddedRealtimeModel(EmbeddedCredential())


async def test_speech_in_manual_turns(speech: bytes) -> None:
    pytest.importorskip("moonshine_voice", exc_type=ImportError)
    subject = model(turn_detection=MANUAL, input_sample_rate=22_050)
    async with subject.connect() as session:
        for start in range(0, len(speech), 8820):
            await session.send_audio(speech[start : start + 8820])
        await session.commit_audio()
        events = await until(session, "REPLY_END")
        assert [event.text for event in events if isinstance(event, InputTranscriptEvent)] == [QUESTION]
        assert [message.get_text_content() for message in session.history] == [QUESTION, ANSWER]
        await session.send_audio(bytes(22_050))
        await session.commit_audio()
        assert "did not catch" in text_of(await until(session, "REPLY_END"))
        await session.clear_audio()
        await session.commit_audio(respond=False)
        refused = (await until(session, "SESSION_ERROR"))[-1]
        assert isinstance(refused, SessionErrorEvent) and "no audio to commit" in refused.error
    assert len(asked(subject)) == 1


async def test_speech_interrupts_and_is_answered(speech: bytes) -> None:
    """The server notices the end of the turn by the silence behind it."""
    pytest.importorskip("moonshine_voice", exc_type=ImportError)
    subject = model("One. Two. Three. " * 20, ANSWER, input_sample_rate=22_050)
    async with subject.connect() as session:
        await session.send_text("Count.")
        await until(session, "DATA_BLOCK_DELTA")
        await session.send_audio(speech + bytes(44_100))
        events, reply = list[RealtimeEvent](), list[RealtimeEvent]()
        while (
            text_of(reply) != ANSWER
        ):  # the speech may be noticed while the first reply is made, or while it is played
            reply = await until(session, "REPLY_END")
            events += reply
        kinds = [str(event.type) for event in events]
        assert kinds.index("SPEECH_STARTED") < kinds.index("INTERRUPTED") and kinds.count("REPLY_END") == 2
        transcripts = [event for event in events if isinstance(event, InputTranscriptEvent)]
        assert transcripts[-1].is_final and transcripts[-1].text == QUESTION
    assert asked(subject)[1][-1].get_text_content() == QUESTION


async def test_settings_and_the_catalogue() -> None:
    pytest.importorskip("xllamacpp")
    settings = {"realtime": {"voice": {"provider": "embedded", "model": "voice", "parameters": {"speed": 1.5}}}}
    async with Modelport.from_mapping(settings, {}) as hub:
        subject = hub.realtime()
        assert isinstance(subject, EmbeddedRealtimeModel)
        assert subject is hub.realtime("voice") and hub.realtime("embedded/voice").model == "voice"
        assert [entry.name for entry in hub.catalogue("realtime") if entry.provider == "embedded"] == ["voice"]


def test_items_are_joined_to_messages() -> None:
    conversation = Conversation()

    def say(role: str, text: str) -> str:
        content = [{"type": "input_text", "text": text}]
        return conversation.add({"type": "message", "role": role, "content": content})[0].id

    say("user", "Weather?")
    conversation.add({"type": "function_call", "call_id": "c", "name": "weather", "arguments": "{}"})
    conversation.add({"type": "function_call_output", "call_id": "c", "output": "sun"})
    gone = say("assistant", "Rain.")
    say("assistant", "Sun.")
    say("user", " ")
    assert conversation.delete(gone) and not conversation.delete(gone)
    messages = conversation.messages("Be brief.")
    assert [message.role for message in messages] == ["system", "user", "assistant"]
    assert [block.type for block in messages[-1].content] == ["tool_call", "tool_result", "text"]
    assert json.dumps([message.get_text_content() for message in messages]) == '["Be brief.", "Weather?", "Sun."]'
