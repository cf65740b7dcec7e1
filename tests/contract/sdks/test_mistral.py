"""Mistral's SDK and our classes at the same server: chat, speech and speech-to-text, both ways.

Facts: docs/protocols/openai-tts.md#compatible-servers, docs/protocols/speech-to-text.md#openai-files,
docs/protocols/openai-shaped-providers.md#thinking.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from modelport.error import AuthenticationError, InvalidRequestError, ModelError
from modelport.testing.servers.http import ScriptedAnswer
from tests.contract.sdks.support import FILE, KEY, PCM, TEXT, WAV, Json, fields_of, listen, named, played_twice, speak

client_module = pytest.importorskip(
    "mistralai.client", reason="the SDK is no dependency: install mistralai to compare with it"
)

USAGE: Json = {"prompt_audio_seconds": 6, "prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}
SEGMENTS: list[Json] = [
    {"type": "transcription_segment", "text": " The train", "start": 0.5, "end": 1.2, "speaker_id": "speaker_1"},
    {"type": "transcription_segment", "text": " leaves at nine.", "start": 1.2, "end": 2.0, "speaker_id": "speaker_2"},
]
VOICE = "en_paul_neutral"


def client_at(url: str) -> Any:  # Any: an SDK's
    return client_module.Mistral(api_key=KEY, server_url=url)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def test_speech_in_json() -> None:
    async with played_twice(ScriptedAnswer.json({"audio_data": encoded(b"\xff\xf3" + PCM)})) as server:
        async with client_at(server.base_url) as client:
            theirs = await client.audio.speech.complete_async(
                model="voxtral-mini-tts-latest", input=TEXT, voice_id=VOICE, response_format="mp3"
            )
        ours = await speak("mistral", server, "voxtral-mini-tts-latest", voice=VOICE, response_format="mp3")
        first, second = server.requests
    assert base64.b64decode(theirs.audio_data) == ours.audio
    assert {**first.json(), "stream": False} == {**second.json(), "stream": False} and first.path == second.path


async def test_speech_in_events() -> None:
    deltas = [{"type": "speech.audio.delta", "audio_data": encoded(part)} for part in (WAV, PCM[:7], PCM[7:])]
    done = {"type": "speech.audio.done", "usage": {**USAGE, "prompt_tokens": 8, "completion_tokens": 30}}
    async with played_twice(named(*deltas, done)) as server:
        async with client_at(server.base_url) as client:
            stream = await client.audio.speech.complete_async(
                model="voxtral-mini-tts-latest", input=TEXT, voice_id=VOICE, response_format="wav", stream=True
            )
            events = [event.data async for event in stream]
        ours = await speak("mistral", server, "voxtral-mini-tts-latest", True, voice=VOICE, response_format="wav")
    pieces = [base64.b64decode(event.audio_data) for event in events if event.type == "speech.audio.delta"]
    assert b"".join(pieces)[44:] == ours.samples
    counted = events[-1].usage
    assert ours.last.usage is not None
    assert (ours.last.usage.input_tokens, ours.last.usage.output_tokens) == (
        counted.prompt_tokens,
        counted.completion_tokens,
    )


async def test_a_transcript_with_speakers() -> None:
    answer: Json = {"model": "voxtral-mini-2507", "text": TEXT, "language": "en", "segments": SEGMENTS, "usage": USAGE}
    async with played_twice(ScriptedAnswer.json(answer)) as server:
        async with client_at(server.base_url) as client:
            theirs = await client.audio.transcriptions.complete_async(
                model="voxtral-mini-latest",
                file={"file_name": FILE[0], "content": FILE[1], "content_type": FILE[2]},
                language="en",
                temperature=0.5,
                diarize=True,
                context_bias=["Modelport", "nine"],
                timestamp_granularities=["segment"],
            )
        ours = await listen(
            "mistral",
            server,
            "voxtral-mini-latest",
            language="en",
            temperature=0.5,
            speakers=True,
            keywords=["Modelport", "nine"],
        )
        first, second = server.requests
    assert theirs.text == ours.text and theirs.language == ours.language
    assert [(each.text.strip(), each.start, each.end, each.speaker_id) for each in theirs.segments] == [
        (each.text, (each.start_ms or 0) / 1000, (each.end_ms or 0) / 1000, each.speaker) for each in ours.segments
    ]
    assert ours.usage is not None
    assert (ours.usage.input_tokens, ours.usage.output_tokens, ours.usage.seconds) == (
        theirs.usage.prompt_tokens,
        theirs.usage.completion_tokens,
        theirs.usage.prompt_audio_seconds,
    )
    assert {"stream": "false", **fields_of(first)} == {"stream": "false", **fields_of(second)}
    assert first.path == second.path


async def test_a_streamed_transcript() -> None:
    events: list[Json] = [
        {"type": "transcription.language", "audio_language": "en"},
        *({"type": "transcription.text.delta", "text": word} for word in ("The train", " leaves", " at nine.")),
        *({**segment, "type": "transcription.segment"} for segment in SEGMENTS),
        {"type": "transcription.done", "model": "m", "text": TEXT, "language": None, "usage": USAGE},
    ]
    async with played_twice(named(*events)) as server:
        async with client_at(server.base_url) as client:
            stream = await client.audio.transcriptions.stream_async(
                model="voxtral-mini-latest", file={"file_name": FILE[0], "content": FILE[1], "content_type": FILE[2]}
            )
            theirs = [event.data async for event in stream]
        ours = await listen("mistral", server, "voxtral-mini-latest", True)
        first, second = server.requests
    assert (
        "".join(each.text for each in theirs if each.type == "transcription.text.delta") == theirs[-1].text == ours.text
    )
    assert [each.text for each in ours.segments] == ["The train", "leaves at nine."]
    assert ours.language == theirs[0].audio_language == "en"
    assert fields_of(first) == {"diarize": "false", **fields_of(second)}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"detail": "Unauthorized"}, AuthenticationError),
        (
            422,
            {"detail": [{"type": "missing", "loc": ["body", "file"], "msg": "Field required", "input": None}]},
            InvalidRequestError,
        ),
        (
            400,
            {"object": "error", "message": "bad audio", "type": "invalid_request_file", "code": "3310"},
            InvalidRequestError,
        ),
    ],
)
async def test_errors(status: int, body: Json, kind: type[ModelError]) -> None:
    async with played_twice(ScriptedAnswer.json(body, status)) as server:
        async with client_at(server.base_url) as client:
            with pytest.raises(client_module.errors.MistralError) as theirs:
                await client.audio.transcriptions.complete_async(
                    model="voxtral-mini-latest", file={"file_name": FILE[0], "content": FILE[1]}
                )
        with pytest.raises(kind) as ours:
            await listen("mistral", server, "voxtral-mini-latest")
    assert ours.value.status_code == theirs.value.status_code == status
