"""Live transcription over each provider's protocol, at a server on this machine that plays scripts."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.cassettes.websocket_record import RecordWebSockets
from modelport.adapters.cassettes.websocket_replay import ReplayWebSockets
from modelport.composition.defaults import build_runtime
from modelport.credential import DashScopeCredential, GeminiCredential, OpenAICredential
from modelport.domain.retry import RetryPolicy, Timeouts
from modelport.error import (
    AuthenticationError,
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
    RateLimitError,
    ResponseDecodeError,
    UnsupportedFeatureError,
)
from modelport.stt import (
    DashScopeTranscriptionModel,
    GeminiTranscriptionModel,
    LiveSegment,
    LiveTranscription,
    OpenAITranscriptionModel,
    STTModelBase,
)
from modelport.testing import VirtualClock
from modelport.testing.servers.http import HANG
from modelport.testing.servers.websocket import Close, Expect, Script, ScriptedConnection, ScriptedWebSocketServer

Json = dict[str, Any]
KEY = "sk-live-secret-4711"
ITEM = "conversation.item.input_audio_transcription."
SECOND = bytes(32_000)
ONE_RETRY = RetryPolicy(max_retries=1, retry_delay=0.0)


def model(url: str, name: str, **options: Any) -> STTModelBase:
    http = url.replace("ws://", "http://")
    options = {"retry_policy": ONE_RETRY, **options}
    if name.startswith("gpt-"):
        return OpenAITranscriptionModel(OpenAICredential(api_key=KEY, base_url=f"{http}/v1"), name, **options)
    if name.startswith("gemini-"):
        return GeminiTranscriptionModel(GeminiCredential(api_key=KEY, base_url=http), name, **options)
    credential = DashScopeCredential(api_key=KEY, base_url=f"{http}/compatible-mode/v1")
    return DashScopeTranscriptionModel(credential, name, **options)


async def everything(session: LiveTranscription, audio: bytes = SECOND) -> list[LiveSegment]:
    """Push the audio, and take what comes of it."""
    async with session:
        await session.push_audio(audio)
        await session.finish()
        return [segment async for segment in session]


def brief(segments: Sequence[LiveSegment]) -> list[tuple[str, str, bool]]:
    return [(segment.id, segment.text, segment.is_final) for segment in segments]


# -- scripts: each says "Hello there." and "Bye." ----------------------------------------------------------------------


def of(kind: str, item: str, **fields: Any) -> Json:
    return {"type": kind, "item_id": item, **fields}


def kind(name: str) -> Expect:
    return Expect(lambda frame: isinstance(frame, str) and json.loads(frame)["type"] == name)


UPDATED = {"type": "session.updated", "session": {"id": "s"}}
OPENAI: list[Any] = [
    {"type": "session.created", "session": {"id": "s"}},
    kind("session.update"),
    UPDATED,
    kind("input_audio_buffer.append"),
    of("input_audio_buffer.speech_started", "u1", audio_start_ms=40),
    of("input_audio_buffer.speech_stopped", "u1", audio_end_ms=900),
    of("input_audio_buffer.committed", "u1", previous_item_id=None),
    of(ITEM + "delta", "u1", delta="Hello"),
    kind("input_audio_buffer.commit"),
    of("input_audio_buffer.committed", "u2", previous_item_id="u1"),
    of(ITEM + "completed", "u2", transcript="Bye.", usage={"type": "tokens", "input_tokens": 9, "output_tokens": 2}),
    kind("session.update"),
    UPDATED,
    of(ITEM + "delta", "u1", delta=" there"),
    of(ITEM + "completed", "u1", transcript="Hello there.", usage={"type": "duration", "seconds": 1}),
    HANG,
]
OPENAI_SAYS = [
    ("u1", "Hello", False),
    ("u2", "Bye.", True),
    ("u1", "Hello there", False),
    ("u1", "Hello there.", True),
]


def task(event: str, **sentence: Any) -> Json:
    payload = {"output": {"sentence": sentence}} if sentence else {}
    return {"header": {"event": event}, "payload": payload}


WORDS = [{"begin_time": 170, "end_time": 520, "text": "Hello", "punctuation": "."}]
TASK: list[Any] = [
    Expect(lambda frame: json.loads(frame)["header"]["action"] == "run-task"),
    {"header": {"event": "task-started"}, "payload": {}},
    Expect(lambda frame: isinstance(frame, bytes)),
    task("result-generated", sentence_id=1, begin_time=170, end_time=None, text="Hello", sentence_end=False),
    task("result-generated", heartbeat=True, text=""),
    {
        "header": {"event": "result-generated"},
        "payload": {
            "output": {
                "sentence": {
                    "sentence_id": 1, "begin_time": 170, "end_time": 900, "text": "Hello there.", "sentence_end": True,
                    "words": WORDS, "emo_tag": "happy",
                }
            },
            "usage": {"duration": 2},
        },
    },
    Expect(lambda frame: isinstance(frame, str) and json.loads(frame)["header"]["action"] == "finish-task"),
    task("result-generated", sentence_id=2, begin_time=1000, end_time=1200, text="Bye.", sentence_end=True),
    {"header": {"event": "task-finished"}, "payload": {}},
    HANG,
]  # fmt: skip
TASK_SAYS = [("1", "Hello", False), ("1", "Hello there.", True), ("2", "Bye.", True)]
QWEN: list[Any] = [
    {"type": "session.created", "session": {"id": "s"}},
    kind("session.update"),
    UPDATED,
    kind("input_audio_buffer.append"),
    of(ITEM + "text", "u1", text="Hel", stash="low"),
    of(ITEM + "text", "u1", text="Hello", stash=" there"),
    of(ITEM + "completed", "u1", transcript="Hello there.", language="en", emotion="neutral"),
    kind("session.finish"),
    of(ITEM + "completed", "u2", transcript="Bye."),
    {"type": "session.finished", "transcript": "Hello there.Bye."},
    HANG,
]
QWEN_SAYS = [("u1", "Hellow", False), ("u1", "Hello there", False), ("u1", "Hello there.", True), ("u2", "Bye.", True)]
GEMINI: list[Any] = [
    Expect(lambda frame: "setup" in json.loads(frame)),
    b'{"setupComplete": {}}',
    Expect(lambda frame: "audio" in json.loads(frame)["realtimeInput"]),
    {"serverContent": {"inputTranscription": {"text": " Hello"}}},
    {"serverContent": {}},
    {"serverContent": {"inputTranscription": {"text": " there.", "languageCode": "en-US"}}},
    {"serverContent": {"modelTurn": {"parts": [{"text": "Hi!"}]}}},
    {"serverContent": {"turnComplete": True}, "usageMetadata": {"promptTokenCount": 7, "responseTokenCount": 1}},
    Expect(lambda frame: json.loads(frame)["realtimeInput"] == {"audioStreamEnd": True}),
    {"serverContent": {"inputTranscription": {"text": " Bye.", "finished": True}}},
    {"serverContent": {"turnComplete": True}},
    HANG,
]
GEMINI_SAYS = [" Hello", " Hello there.", "Hello there.", "Bye."]
"""The server names no segments, so their ids are made here."""
ALL: list[tuple[str, list[Any], list[tuple[str, str, bool]]]] = [
    ("gpt-live-transcribe", OPENAI, OPENAI_SAYS),
    ("paraformer-realtime-v2", TASK, TASK_SAYS),
    ("fun-asr-realtime", TASK, TASK_SAYS),
    ("qwen3-asr-flash-realtime", QWEN, QWEN_SAYS),
]


@pytest.mark.parametrize(("name", "script", "says"), ALL, ids=[name for name, _, _ in ALL])
async def test_segments_come_as_they_are_known(name: str, script: list[Any], says: list[Any]) -> None:
    async with ScriptedWebSocketServer([script]) as server:
        session = model(server.base_url, name).live()
        assert brief(await everything(session)) == says
        transcript = session.transcript
    assert transcript.text == "Hello there. Bye." and transcript.is_last
    assert [segment.text for segment in transcript.segments] == ["Hello there.", "Bye."]
    assert len(transcript.attempts) == 1 and transcript.model == name


# -- the wire ----------------------------------------------------------------------------------------------------------


async def test_what_openai_is_sent() -> None:
    parameters = OpenAITranscriptionModel.Parameters(languages=["en", "de"], prompt="Names: Ada.")
    async with ScriptedWebSocketServer([OPENAI]) as server:
        subject = model(server.base_url, "gpt-live-transcribe", parameters=parameters)
        session = subject.live(sample_rate=24_000, include=["item.input_audio_transcription.logprobs"])
        segments = await everything(session, b"\1\2" * 2400)
        connection = server.connections[0]
    assert connection.path == "/v1/realtime?intent=transcription"
    assert connection.headers["authorization"] == f"Bearer {KEY}"
    sent = [json.loads(frame) for frame in connection.frames]
    assert sent[0]["session"] == {
        "type": "transcription",
        "include": ["item.input_audio_transcription.logprobs"],
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24_000},
                "transcription": {
                    "model": "gpt-live-transcribe",
                    "languages": ["en", "de"],
                    "prompt": "Names: Ada.",
                },
                "turn_detection": None,
            }
        },
    }
    assert base64.b64decode(sent[1]["audio"]) == b"\1\2" * 2400
    assert segments[-1].start_ms == 40 and segments[-1].end_ms == 900
    usage = session.transcript.usage
    assert usage is not None and (usage.input_tokens, usage.output_tokens, usage.seconds) == (9, 2, 1.0)


async def test_a_model_that_has_to_notice_pauses_is_told_to() -> None:
    async with ScriptedWebSocketServer([OPENAI]) as server:
        await everything(model(server.base_url, "gpt-4o-transcribe").live())
        sent = json.loads(server.connections[0].frames[0])
    assert sent["session"]["audio"]["input"]["turn_detection"] == {"type": "server_vad"}


async def test_what_a_task_is_sent() -> None:
    parameters = DashScopeTranscriptionModel.Parameters(language="en", itn=True, vocabulary_id="v-1")
    async with ScriptedWebSocketServer([TASK]) as server:
        session = model(server.base_url, "fun-asr-realtime", parameters=parameters).live(
            sample_rate=8_000, max_sentence_silence=800
        )
        segments = await everything(session, b"\0\0" * 800)
        connection = server.connections[0]
    run, audio, finish = connection.frames
    header, payload = json.loads(run)["header"], json.loads(run)["payload"]
    assert connection.path == "/api-ws/v1/inference" and header["streaming"] == "duplex"
    assert (payload["task_group"], payload["task"], payload["function"]) == ("audio", "asr", "recognition")
    assert payload["model"] == "fun-asr-realtime" and payload["parameters"] == {
        "format": "pcm",
        "sample_rate": 16_000,
        "language_hints": ["en"],
        "inverse_text_normalization_enabled": True,
        "vocabulary_id": "v-1",
        "max_sentence_silence": 800,
    }
    assert isinstance(audio, bytes) and abs(len(audio) - 3200) <= 4, "8 kHz is sent as 16 kHz"
    assert json.loads(finish)["header"]["task_id"] == header["task_id"]
    assert [word.text for word in segments[1].words] == ["Hello."] and segments[1].emotion == "happy"
    assert (segments[1].start_ms, segments[1].end_ms) == (170, 900)
    usage = session.transcript.usage
    assert usage is not None and usage.seconds == 2.0


async def test_what_qwen_is_sent() -> None:
    async with ScriptedWebSocketServer([QWEN]) as server:
        segments = await everything(model(server.base_url, "qwen3-asr-flash-realtime").live())
        connection = server.connections[0]
    assert connection.path == "/api-ws/v1/realtime?model=qwen3-asr-flash-realtime"
    assert json.loads(connection.frames[0])["session"] == {
        "modalities": ["text"],
        "input_audio_format": "pcm",
        "sample_rate": 16_000,
        "input_audio_transcription": {},
        "turn_detection": {"type": "server_vad"},
    }
    assert (segments[2].language, segments[2].emotion) == ("en", "neutral")


async def test_gemini_is_told_the_languages_and_what_it_answers_is_passed_over() -> None:
    parameters = GeminiTranscriptionModel.Parameters(languages=["en-US"], vocabulary=["Ada"])
    clock = VirtualClock()
    runtime = dataclasses.replace(build_runtime(), clock=clock)
    async with ScriptedWebSocketServer([GEMINI]) as server:
        subject = model(server.base_url, "gemini-3.5-transcribe-live", parameters=parameters, runtime=runtime)
        async with subject.live() as session:
            await session.push_audio(SECOND)
            await session.finish()
            segments = [await anext(session) for _ in GEMINI_SAYS]
            rest = asyncio.create_task(anext(session, None))
            await asyncio.sleep(0.01)
            clock.advance(5)
            assert await rest is None
        connection = server.connections[0]
    assert connection.path.endswith("v1beta.GenerativeService.BidiGenerateContent")
    assert connection.headers["x-goog-api-key"] == KEY
    assert json.loads(connection.frames[0])["setup"] == {
        "model": "models/gemini-3.5-transcribe-live",
        "generationConfig": {"responseModalities": ["TEXT"]},
        "inputAudioTranscription": {"languageCodes": ["en-US"], "customVocabulary": ["Ada"]},
    }
    assert [segment.text for segment in segments] == GEMINI_SAYS
    assert [segment.is_final for segment in segments] == [False, False, True, True]
    assert segments[0].id == segments[2].id != segments[3].id
    transcript = session.transcript
    assert transcript.text == "Hello there. Bye." and transcript.language == "en-US"
    assert transcript.usage is not None and (transcript.usage.input_tokens, transcript.usage.output_tokens) == (7, 1)


async def test_gemini_is_done_when_it_is_quiet_after_the_end_of_the_audio() -> None:
    clock = VirtualClock()
    runtime = dataclasses.replace(build_runtime(), clock=clock)
    async with ScriptedWebSocketServer([[*GEMINI[:6], HANG]]) as server:
        session = model(server.base_url, "gemini-3.5-transcribe-live", runtime=runtime).live()
        await session.open()
        await session.push_audio(SECOND)
        assert [(await anext(session)).text for _ in range(2)] == GEMINI_SAYS[:2]
        waiting = asyncio.create_task(anext(session))
        await asyncio.sleep(0)
        clock.advance(60)
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await session.finish()
        await asyncio.sleep(0.01)
        clock.advance(5)
        last = await waiting
        assert (last.text, last.is_final) == ("Hello there.", True)
        assert [segment async for segment in session] == []
        await session.aclose()
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("end", [Close(1007, "invalid frame"), Close(1006)])
async def test_gemini_breaks_off(end: Close) -> None:
    async with ScriptedWebSocketServer([[*GEMINI[:4], end]]) as server:
        with pytest.raises(ModelError) as failed:
            await everything(model(server.base_url, "gemini-3.5-transcribe-live").live())
    assert failed.value.partial is not None and failed.value.partial.content
    assert len(asyncio.all_tasks()) == 1


async def test_parts_with_speakers_stand_for_their_item() -> None:
    script = [
        *OPENAI[:4],
        of("input_audio_buffer.committed", "u1"),
        of(ITEM + "segment", "u1", id="p1", start=0.1, end=0.9, speaker="A", text=" Hello."),
        of(ITEM + "segment", "u1", id="p2", start=1.0, end=1.5, speaker="B", text=" Hi."),
        of(ITEM + "completed", "u1", transcript="Hello. Hi."),
        kind("input_audio_buffer.commit"),
        {"type": "error", "error": {"code": "input_audio_buffer_commit_empty", "message": "buffer too small"}},
        kind("session.update"),
        UPDATED,
        HANG,
    ]
    async with ScriptedWebSocketServer([script]) as server:
        session = model(server.base_url, "gpt-4o-transcribe-diarize").live()
        assert brief(await everything(session)) == [("p1", " Hello.", True), ("p2", " Hi.", True)]
    assert session.transcript.text == "Hello. Hi."
    assert [(each.speaker, each.start_ms) for each in session.transcript.segments] == [("A", 100), ("B", 1000)]


async def test_an_item_that_failed_says_why_and_the_session_goes_on() -> None:
    script = [*OPENAI[:8], of(ITEM + "failed", "u1", error={"message": "too loud"}), *OPENAI[8:13], HANG]
    async with ScriptedWebSocketServer([script]) as server:
        segments = await everything(model(server.base_url, "gpt-live-transcribe").live())
    assert [(each.id, each.error) for each in segments if each.is_final] == [("u1", "too loud"), ("u2", None)]


# -- faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "script", "says"), ALL, ids=[name for name, _, _ in ALL])
async def test_a_connection_that_breaks_off_raises_with_what_was_said(name: str, script: list[Any], says: Any) -> None:
    place = next(index for index, step in enumerate(script) if isinstance(step, dict) and "Hel" in json.dumps(step))
    for end in (Close(1011, "gone away"), Close(1006)):
        async with ScriptedWebSocketServer([[*script[: place + 1], end]]) as server:
            session = model(server.base_url, name).live()
            await session.open()
            await session.push_audio(SECOND)
            segments = []
            with pytest.raises(ModelError) as failed:
                async for segment in session:
                    segments.append(segment)
            assert brief(segments) == says[:1] and len(server.connections) == 1, "nothing is sent again"
            assert failed.value.partial is not None and failed.value.partial.content
            assert KEY not in repr(failed.value)
            with pytest.raises(ModelError):
                await session.push_audio(SECOND)
            with pytest.raises(ModelError):
                await anext(session)
            await session.aclose()
    assert len(asyncio.all_tasks()) == 1


REFUSED = {"type": "error", "error": {"type": "invalid_request_error", "code": "x", "message": f"no model, {KEY}"}}


@pytest.mark.parametrize(
    ("name", "script", "error"),
    [
        ("gpt-live-transcribe", [kind("session.update"), REFUSED], InvalidRequestError),
        ("qwen3-asr-flash-realtime", [*QWEN[:2], REFUSED], InvalidRequestError),
        (
            "fun-asr-realtime",
            [TASK[0], {"header": {"event": "task-failed", "error_code": "InvalidParameter", "error_message": "no"}}],
            InvalidRequestError,
        ),
        ("gpt-live-transcribe", Script(status=401, body=b'{"error":{"message":"bad key"}}'), AuthenticationError),
        ("fun-asr-realtime", Script(status=401, body=b'{"code":"InvalidApiKey","message":"bad"}'), AuthenticationError),
        ("gpt-live-transcribe", ["no json"], ResponseDecodeError),
    ],
)
async def test_a_refused_set_up_is_raised_by_the_opening(name: str, script: Any, error: type[ModelError]) -> None:
    async with ScriptedWebSocketServer([script, script]) as server:
        with pytest.raises(error) as raised:
            await model(server.base_url, name).live()
    assert KEY not in str(raised.value) and raised.value.attempts
    assert len(asyncio.all_tasks()) == 1


async def test_a_connection_that_cannot_be_opened_is_tried_again() -> None:
    busy = Script(status=429, body=b'{"error":{"message":"slow down"}}')
    async with ScriptedWebSocketServer([busy, OPENAI, busy, busy]) as server:
        session = model(server.base_url, "gpt-live-transcribe").live()
        assert brief(await everything(session)) == OPENAI_SAYS and len(session.transcript.attempts) == 2
        with pytest.raises(RateLimitError):
            await model(server.base_url, "gpt-live-transcribe").live()


@pytest.mark.parametrize(("name", "script", "says"), ALL, ids=[name for name, _, _ in ALL])
async def test_a_server_that_never_ends_runs_into_the_idle_clock(name: str, script: list[Any], says: Any) -> None:
    """A server may be silent as long as audio is pushed; then it owes the rest."""
    clock = VirtualClock()
    runtime = dataclasses.replace(build_runtime(), clock=clock)
    place = next(index for index, step in enumerate(script) if isinstance(step, dict) and "Hel" in json.dumps(step))
    async with ScriptedWebSocketServer([[*script[: place + 1], HANG]]) as server:
        session = model(server.base_url, name, runtime=runtime, timeouts=Timeouts(idle=20, total=60)).live()
        await session.open()
        await session.push_audio(SECOND)
        assert brief([await anext(session)]) == says[:1]
        waiting = asyncio.create_task(anext(session))
        await asyncio.sleep(0)
        clock.advance(3600)
        await asyncio.sleep(0.01)
        assert not waiting.done(), "silence before the end of the audio is no fault"
        await session.finish()
        await asyncio.sleep(0.01)
        clock.advance(25)
        with pytest.raises(ModelTimeoutError):
            await waiting
        await session.aclose()
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("moment", ["opening", "reading", "pushing"])
async def test_cancelling_leaves_nothing_behind(moment: str) -> None:
    steps: list[Any] = [HANG] if moment == "opening" else [*OPENAI[:3], HANG]
    async with ScriptedWebSocketServer([steps]) as server:

        async def work() -> None:
            async with model(server.base_url, "gpt-live-transcribe").live() as session:
                if moment == "pushing":
                    while True:
                        await session.push_audio(SECOND)
                        await asyncio.sleep(0)
                async for _ in session:
                    pass

        task = asyncio.create_task(work())
        connection = await server.connection()
        if moment != "opening":
            await connection.frame()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(connection.closed.wait(), 10)
    assert len(asyncio.all_tasks()) == 1


async def test_pushing_waits_for_a_slow_server() -> None:
    released = asyncio.Event()

    async def read_nothing(connection: ScriptedConnection) -> None:
        connection._socket.transport.pause_reading()
        await released.wait()
        connection._socket.transport.resume_reading()

    async with ScriptedWebSocketServer([[*OPENAI[:3], read_nothing, HANG]]) as server:
        subject = model(server.base_url, "gpt-live-transcribe")
        async with subject.live() as session:
            pushed = 0

            async def push() -> None:
                nonlocal pushed
                while pushed < 2000:
                    await session.push_audio(SECOND)
                    pushed += 1

            pushing = asyncio.create_task(push())
            last = -1
            while pushed != last:
                last = pushed
                await asyncio.sleep(0.05)
            assert not pushing.done() and pushed < 500, "what waits is bounded"
            pushing.cancel()
            released.set()
            await asyncio.wait([pushing])


# -- use ---------------------------------------------------------------------------------------------------------------


async def test_what_is_wrongly_used_is_said() -> None:
    with pytest.raises(UnsupportedFeatureError, match="files, not live audio"):
        GeminiTranscriptionModel(GeminiCredential(api_key=KEY), "gemini-3.5-transcribe").live()
    with pytest.raises(UnsupportedFeatureError):
        OpenAITranscriptionModel(OpenAICredential(api_key=KEY), "whisper-1").live()
    with pytest.raises(InvalidRequestError, match="8,000 to 48,000"):
        model("ws://127.0.0.1:1", "gpt-live-transcribe").live(sample_rate=4_000)
    with pytest.raises(InvalidRequestError, match="live audio only"):
        await model("ws://127.0.0.1:1", "gpt-live-transcribe").transcribe(SECOND)
    with pytest.raises(ModelConnectionError):
        await model("ws://127.0.0.1:1", "gpt-live-transcribe").live()
    async with ScriptedWebSocketServer([OPENAI]) as server:
        session = await model(server.base_url, "gpt-live-transcribe").live()
        with pytest.raises(InvalidRequestError, match="16-bit samples"):
            await session.push_audio("text")  # type: ignore[arg-type]
        await session.push_audio(SECOND)
        await session.finish()
        await session.finish()
        with pytest.raises(InvalidRequestError, match="after finish"):
            await session.push_audio(SECOND)
        await session.aclose()
        await session.aclose()
        with pytest.raises(InvalidRequestError, match="closed"):
            await session.push_audio(SECOND)
        assert [segment async for segment in session] == []


@pytest.mark.parametrize(("name", "script", "says"), ALL, ids=[name for name, _, _ in ALL])
async def test_a_session_is_recorded_and_replayed(name: str, script: list[Any], says: Any, tmp_path: Path) -> None:
    file = tmp_path / "live.yaml"
    async with ScriptedWebSocketServer([script]) as server:
        recorder = RecordWebSockets(build_runtime().websockets, file)
        runtime = dataclasses.replace(build_runtime(), websockets=recorder)
        recorded = await everything(model(server.base_url, name, runtime=runtime).live())
        await recorder.aclose()
        url = server.base_url
    assert KEY not in file.read_text()
    runtime = dataclasses.replace(build_runtime(), websockets=ReplayWebSockets(file))
    assert await everything(model(url, name, runtime=runtime).live()) == recorded
    assert brief(recorded) == says


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_a_session_that_is_closed_while_it_opens_leaves_no_connection(turns: int) -> None:
    async with ScriptedWebSocketServer([OPENAI]) as server:
        session = model(server.base_url, "gpt-live-transcribe").live()
        pushing = asyncio.create_task(session.push_audio(SECOND))
        for _ in range(turns):
            await asyncio.sleep(0)
        await session.aclose()
        await asyncio.wait([pushing])
        assert isinstance(pushing.exception(), InvalidRequestError | ModelConnectionError | None)
    assert len(asyncio.all_tasks()) == 1


async def test_closing_ends_an_iteration_without_an_error() -> None:
    async with ScriptedWebSocketServer([[*OPENAI[:3], HANG]]) as server:
        session = await model(server.base_url, "gpt-live-transcribe").live()
        reading = asyncio.create_task(anext(session))
        await asyncio.sleep(0.01)
        await session.aclose()
        with pytest.raises(StopAsyncIteration):
            await reading


async def test_frames_without_news_do_not_keep_a_finished_session_open() -> None:
    clock = VirtualClock()
    ticks = [{"type": "rate_limits.updated"}] * 3
    async with ScriptedWebSocketServer([[*OPENAI[:3], kind("input_audio_buffer.commit"), *ticks, HANG]]) as server:
        runtime = dataclasses.replace(build_runtime(), clock=clock)
        session = await model(
            server.base_url, "gpt-live-transcribe", runtime=runtime, timeouts=Timeouts(idle=20)
        ).live()
        await session.finish()
        reading = asyncio.create_task(anext(session))
        await asyncio.sleep(0)
        clock.advance(19)
        await asyncio.sleep(0.05)  # the frames come
        clock.advance(2)
        with pytest.raises(ModelTimeoutError):
            await reading
        await session.aclose()
