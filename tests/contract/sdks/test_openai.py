"""OpenAI's SDK and our classes at the same server: speech and speech-to-text, both ways.

Facts: docs/protocols/openai-tts.md#answer-as-events, docs/protocols/speech-to-text.md#openai-files.
"""

from __future__ import annotations

import base64
from typing import Any

import openai
import pytest

from modelport.credential import OpenAICredential
from modelport.domain.message.wav import pcm_of_wav, streaming_header
from modelport.error import InvalidRequestError, ModelConnectionError, ModelError, RateLimitError
from modelport.stt import OpenAITranscriptionModel, Transcript
from modelport.testing.servers.http import ABORT, ScriptedAnswer, ScriptedServer
from modelport.tts import OpenAITTSModel, TTSResponse
from tests.contract.sdks.support import FILE, KEY, PCM, TEXT, Json, Spoken, fields_of, played_twice, said, sse

TOKENS: Json = {"type": "tokens", "input_tokens": 37, "output_tokens": 8, "total_tokens": 45}
SEGMENTS: list[Json] = [
    {"type": "transcript.text.segment", "id": "seg_0", "start": 0.0, "end": 3.25, "text": " The train", "speaker": "A"},
    {"type": "transcript.text.segment", "id": "seg_1", "start": 3.25, "end": 4.0, "text": " leaves.", "speaker": "B"},
]
SURE: Json = {"temperature": 0.0, "avg_logprob": -0.387, "compression_ratio": 0.98, "no_speech_prob": 0.0003}
VERBOSE: Json = {
    "task": "transcribe",
    "language": "english",
    "duration": 5.49,
    "text": TEXT,
    "usage": {"type": "duration", "seconds": 6},
    "segments": [{"id": 0, "seek": 0, "start": 0.0, "end": 4.8, "text": f" {TEXT}", "tokens": [1], **SURE}],
    "words": [{"word": "The", "start": 0.0, "end": 0.2}, {"word": "train", "start": 0.2, "end": 0.5}],
}


def client_at(server: ScriptedServer) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key=KEY, base_url=server.base_url, max_retries=0)


async def heard(server: ScriptedServer, name: str, stream: bool = False, **parameters: Any) -> Transcript:
    credential = OpenAICredential(api_key=KEY, base_url=server.base_url)
    given = OpenAITranscriptionModel.Parameters(**parameters)
    return (await said(OpenAITranscriptionModel(credential, name, given, stream, max_retries=0)))[-1]


async def spoken(server: ScriptedServer, name: str, stream: bool, **parameters: Any) -> Spoken:
    credential = OpenAICredential(api_key=KEY, base_url=server.base_url)
    model = OpenAITTSModel(credential, name, OpenAITTSModel.Parameters(**parameters), stream, max_retries=0)
    answer = await model.synthesize(TEXT)
    return Spoken([answer] if isinstance(answer, TTSResponse) else [step async for step in answer])


@pytest.mark.parametrize("voice", ["alloy", "marin"])
@pytest.mark.parametrize("stream", [False, True])
async def test_speech_with_usage(stream: bool, voice: str) -> None:
    deltas = [
        {"type": "speech.audio.delta", "audio": base64.b64encode(part).decode()}
        for part in (PCM[:7], PCM[7:30], PCM[30:])
    ]
    done = {"type": "speech.audio.done", "usage": {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}}
    async with played_twice(sse(*deltas, done)) as server:
        async with client_at(server) as client:
            theirs = await client.audio.speech.create(
                model="gpt-4o-mini-tts",
                input=TEXT,
                voice=voice,
                instructions="Whisper.",
                response_format="pcm",
                speed=1.5,
                stream_format="sse",
            )
        ours = await spoken(server, "gpt-4o-mini-tts", stream, voice=voice, instructions="Whisper.", speed=1.5)
        first, second = server.requests
    assert theirs.content.count(b"speech.audio.delta") == 3 and ours.samples == PCM
    assert ours.last.usage is not None
    assert (ours.last.usage.input_tokens, ours.last.usage.output_tokens) == (14, 101)
    assert first.json() == second.json() and first.path == second.path


@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "flac"])
async def test_files_of_each_format(name: str) -> None:
    async with played_twice(ScriptedAnswer(200, {"content-type": f"audio/{name}"}, [PCM[:5], PCM[5:]])) as server:
        async with client_at(server) as client:
            theirs = await client.audio.speech.create(model="tts-1", input=TEXT, voice="nova", response_format=name)
        ours = await spoken(server, "tts-1", True, voice="nova", response_format=name)
        first, second = server.requests
    assert theirs.content == ours.audio == PCM
    assert first.json() == second.json()


async def test_a_wav_without_sizes() -> None:
    answer = ScriptedAnswer(200, {"content-type": "audio/wav"}, [streaming_header(24_000) + PCM[:9], PCM[9:]])
    async with played_twice(answer) as server:
        async with client_at(server) as client:
            theirs = await client.audio.speech.create(model="tts-1", input=TEXT, voice="nova", response_format="wav")
        ours = await spoken(server, "tts-1", False, voice="nova")
    assert pcm_of_wav(theirs.content) == ours.samples == PCM
    assert theirs.content[4:8] == b"\xff" * 4 != ours.audio[4:8], "only ours has a size"


async def test_times_of_segments_and_words() -> None:
    async with played_twice(ScriptedAnswer.json(VERBOSE)) as server:
        async with client_at(server) as client:
            theirs = await client.audio.transcriptions.create(
                model="whisper-1",
                file=FILE,
                language="en",
                prompt="Trains.",
                temperature=0.25,
                response_format="verbose_json",
                timestamp_granularities=["word", "segment"],
            )
        ours = await heard(
            server, "whisper-1", language="en", prompt="Trains.", temperature=0.25, words=True, segments=True
        )
        first, second = server.requests
    assert theirs.text == ours.text
    assert [(1000 * each.start, 1000 * each.end, each.text.strip()) for each in theirs.segments] == [
        (each.start_ms, each.end_ms, each.text) for each in ours.segments
    ]
    assert [(1000 * each.start, 1000 * each.end, each.word) for each in theirs.words] == [
        (each.start_ms, each.end_ms, each.text) for each in ours.words
    ]
    assert ours.usage is not None and ours.usage.seconds == theirs.usage.seconds
    assert (1000 * theirs.duration, theirs.language) == (ours.duration_ms, "english") and ours.language == "en"
    assert fields_of(first) == fields_of(second)


async def test_hints_of_the_current_model() -> None:
    async with played_twice(ScriptedAnswer.json({"text": TEXT, "usage": TOKENS})) as server:
        async with client_at(server) as client:
            theirs = await client.audio.transcriptions.create(
                model="gpt-transcribe", file=FILE, extra_body={"languages": ["en", "de"], "keywords": ["nine"]}
            )
        ours = await heard(server, "gpt-transcribe", languages=["en", "de"], keywords=["nine"])
        first, second = server.requests
    assert theirs.text == ours.text and ours.usage is not None
    assert (ours.usage.input_tokens, ours.usage.output_tokens) == (
        theirs.usage.input_tokens,
        theirs.usage.output_tokens,
    )
    assert fields_of(first) == fields_of(second)


@pytest.mark.parametrize("stream", [False, True])
async def test_speakers(stream: bool) -> None:
    done = {"type": "transcript.text.done", "text": TEXT, "usage": TOKENS}
    events = sse(*SEGMENTS, done, "[DONE]")
    answer = (
        events
        if stream
        else ScriptedAnswer.json({"text": TEXT, "segments": SEGMENTS, "usage": TOKENS, "duration": 4.0})
    )
    async with played_twice(answer) as server:
        async with client_at(server) as client:
            theirs: Any = await client.audio.transcriptions.create(
                model="gpt-4o-transcribe-diarize",
                file=FILE,
                response_format="diarized_json",
                chunking_strategy="auto",
                stream=stream or openai.omit,
            )
            if stream:
                found = [event async for event in theirs]
                segments, text = [each for each in found if each.type == "transcript.text.segment"], found[-1].text
            else:
                segments, text = theirs.segments, theirs.text
        ours = await heard(server, "gpt-4o-transcribe-diarize", stream, speakers=True)
        first, second = server.requests
    assert text == ours.text
    assert [(each.id, each.speaker, each.text.strip(), 1000 * each.start, 1000 * each.end) for each in segments] == [
        (each.id, each.speaker, each.text, each.start_ms, each.end_ms) for each in ours.segments
    ]
    assert fields_of(first) == fields_of(second)


async def test_a_stream_of_text() -> None:
    words = ("The train", " leaves", " at", " nine")
    deltas = [{"type": "transcript.text.delta", "delta": word} for word in words]
    done = {"type": "transcript.text.done", "text": TEXT, "usage": TOKENS}
    async with played_twice(sse(*deltas, done, "[DONE]")) as server:
        async with client_at(server) as client:
            stream = await client.audio.transcriptions.create(model="gpt-4o-transcribe", file=FILE, stream=True)
            theirs = [event async for event in stream]
        ours = await heard(server, "gpt-4o-transcribe", stream=True)
        first, second = server.requests
    assert ours.text == theirs[-1].text == TEXT, "the last event has all of it"
    assert ours.usage is not None
    assert (
        (ours.usage.input_tokens, ours.usage.output_tokens)
        == (37, 8)
        == (
            theirs[-1].usage.input_tokens,
            theirs[-1].usage.output_tokens,
        )
    )
    assert fields_of(first) == fields_of(second)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (
            400,
            {"message": "Input of 2132 tokens is over the limit", "type": "invalid_request_error"},
            InvalidRequestError,
        ),
        (
            413,
            {"message": "Maximum content size limit (26214400) exceeded", "type": "server_error"},
            InvalidRequestError,
        ),
        (429, {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}, RateLimitError),
    ],
)
async def test_errors(status: int, error: Json, kind: type[ModelError]) -> None:
    async with ScriptedServer([ScriptedAnswer.json({"error": error}, status)] * 4) as server:
        async with client_at(server) as client:
            with pytest.raises(openai.APIStatusError) as of_speech:
                await client.audio.speech.create(model="tts-1", input=TEXT, voice="nova")
            with pytest.raises(openai.APIStatusError) as of_file:
                await client.audio.transcriptions.create(model="whisper-1", file=FILE)
        with pytest.raises(kind) as our_speech:
            await spoken(server, "tts-1", True)
        with pytest.raises(kind) as our_file:
            await heard(server, "whisper-1")
    for ours, theirs in ((our_speech, of_speech), (our_file, of_file)):
        assert ours.value.status_code == theirs.value.status_code == status
        assert error["message"] in str(ours.value) and error["message"] in str(theirs.value)


async def test_a_cut_answer_is_an_error_of_both() -> None:
    cut = ScriptedAnswer(200, {"content-type": "audio/mpeg"}, [PCM, ABORT])
    async with played_twice(cut) as server:
        async with client_at(server) as client:
            with pytest.raises(Exception, match=r"(?i)closed|incomplete|connection|peer"):
                await client.audio.speech.create(model="tts-1", input=TEXT, voice="nova")
        with pytest.raises(ModelConnectionError):
            await spoken(server, "tts-1", False, response_format="mp3")
