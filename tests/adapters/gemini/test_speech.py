"""Gemini's speech: both families of models, types of audio, and answers without audio.

Facts: docs/protocols/gemini-tts.md#two-families-of-models, docs/protocols/gemini-tts.md#no-audio.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import wave
from typing import Any

import pytest

from modelport.credential import GeminiCredential
from modelport.domain.message.wav import streaming_header
from modelport.error import ContentFilterError, InvalidRequestError, ModelError, ServerError, StreamTruncatedError
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from modelport.tts import GeminiTTSModel, TTSResponse, join_audio

PCM = struct.pack("<200h", *range(-100, 100))
Json = dict[str, Any]  # Any: JSON
OLD, NEW = "gemini-2.5-flash-preview-tts", "gemini-3.8-flash-tts"


def event(data: bytes | None, kind: str = "audio/L16;codec=pcm;rate=24000", finish: str | None = None) -> Json:
    parts = [{"inlineData": {"mimeType": kind, "data": base64.b64encode(data).decode()}}] if data else []
    candidate: Json = {"content": {"parts": parts}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    used = {"promptTokenCount": 6, "candidatesTokenCount": 8, "thoughtsTokenCount": 3}
    return {"candidates": [candidate], "usageMetadata": used}


def streamed(*payloads: Json) -> ScriptedAnswer:
    data = "".join(f"data: {json.dumps(payload)}\r\n\r\n" for payload in payloads).encode()
    return ScriptedAnswer(200, {"content-type": "text/event-stream"}, [data])


async def speak(
    answer: ScriptedAnswer, name: str = OLD, text: str = "Hello.", stream: bool = False, **parameters: Any
) -> tuple[bytes, str, TTSResponse, RecordedRequest]:
    async with ScriptedServer([answer]) as server:
        credential = GeminiCredential(api_key="k-PlantedWord7", base_url=server.base_url)
        given = GeminiTTSModel.Parameters(**parameters)
        model = GeminiTTSModel(credential, name, given, stream=stream, max_retries=0)
        spoken = await model.synthesize(text)
        last = spoken
        if not isinstance(spoken, TTSResponse):
            steps = [step async for step in spoken]
            last, block = steps[-1], join_audio(steps)
        else:
            assert spoken.content is not None
            block = spoken.content
        assert isinstance(last, TTSResponse)
        return block.to_bytes(), block.source.media_type, last, server.requests[-1]


def samples(data: bytes) -> tuple[bytes, int, int]:
    with wave.open(io.BytesIO(data)) as opened:
        return opened.readframes(opened.getnframes()), opened.getframerate(), opened.getnchannels()


@pytest.mark.parametrize(
    ("kind", "sent", "rate", "channels"),
    [
        ("audio/L16;codec=pcm;rate=24000", PCM, 24_000, 1),
        ("audio/l16; rate=16000; channels=2", PCM, 16_000, 2),
        ("audio/wav", streaming_header(48_000) + PCM, 48_000, 1),
        ("audio/L16;rate=24000", streaming_header(48_000) + PCM, 48_000, 1),
        ("audio/l16; rate=abc", PCM, 24_000, 1),
    ],
)
async def test_the_type_and_the_bytes_say_what_the_audio_is(kind: str, sent: bytes, rate: int, channels: int) -> None:
    data, media_type, last, _ = await speak(ScriptedAnswer.json(event(sent, kind, "STOP")))
    assert (samples(data), media_type) == ((PCM, rate, channels), "audio/wav")
    assert last.usage is not None and (last.usage.input_tokens, last.usage.output_tokens) == (6, 11)


async def test_samples_keep_the_order_of_their_bytes() -> None:
    data, _, _, _ = await speak(ScriptedAnswer.json(event(struct.pack("<h", 258), finish="STOP")))
    assert data[-2:] == b"\x02\x01"


async def test_mulaw_is_delivered_as_it_came() -> None:
    data, media_type, _, _ = await speak(ScriptedAnswer.json(event(b"\x7f\xff\x00", "audio/mulaw; rate=8000", "STOP")))
    assert (data, media_type) == (b"\x7f\xff\x00", "audio/mulaw;rate=8000")


@pytest.mark.parametrize("stream", [True, False])
async def test_a_stream_of_pieces_cut_inside_a_sample(stream: bool) -> None:
    answer = streamed(event(PCM[:101]), event(PCM[101:]), event(None, finish="STOP"))
    data, _, _, request = await speak(answer, NEW, stream=stream)
    assert samples(data)[0] == PCM
    assert request.path.endswith(f"/v1beta/models/{NEW}:streamGenerateContent?alt=sse")


async def test_a_model_that_cannot_stream_is_not_asked_to() -> None:
    _, _, _, request = await speak(ScriptedAnswer.json(event(PCM, finish="STOP")), stream=True)
    assert request.path.endswith(f"/models/{OLD}:generateContent")


async def test_style_and_speakers_of_both_families() -> None:
    given: Json = {"style": "cheerfully", "speakers": {"Anna": "Kore", "Ben": "Puck"}}
    text = "Anna: Hi.\nBen: Hello: you?"
    _, _, _, old = await speak(ScriptedAnswer.json(event(PCM, finish="STOP")), text=text, **given)
    assert old.json()["contents"][0]["parts"] == [{"text": f"cheerfully: {text}"}]
    _, _, _, new = await speak(streamed(event(PCM, finish="STOP")), NEW, text=text, **given)
    assert new.json()["contents"][0]["parts"] == [
        {"text": "Hi.", "speechMetadata": {"speaker": "Anna", "style": "cheerfully"}},
        {"text": "Hello: you?", "speechMetadata": {"speaker": "Ben", "style": "cheerfully"}},
    ]
    for request in (old, new):
        config = request.json()["generationConfig"]["speechConfig"]
        named = config["multiSpeakerVoiceConfig"]["speakerVoiceConfigs"]
        assert "voiceConfig" not in config and [each["speaker"] for each in named] == ["Anna", "Ben"]


async def test_a_plain_request() -> None:
    _, _, _, request = await speak(streamed(event(PCM, finish="STOP")), NEW, voice="Puck", language="de-DE")
    assert request.json() == {
        "contents": [{"role": "user", "parts": [{"text": "Hello."}]}],
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}}, "languageCode": "de-DE"},
        },
    }


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, ContentFilterError, "PROHIBITED_CONTENT"),
        (event(None, finish="OTHER"), ServerError, "OTHER"),
        (event(None, finish="SAFETY"), ContentFilterError, "SAFETY"),
        (event(None, finish="RECITATION"), ContentFilterError, "RECITATION"),
        ({"candidates": []}, ServerError, "no audio"),
        ({"error": {"code": 400, "message": "wrong", "status": "INVALID_ARGUMENT"}}, InvalidRequestError, "wrong"),
    ],
)
@pytest.mark.parametrize("name", [OLD, NEW])
async def test_no_audio_is_an_error_that_says_why(answer: Json, kind: type[ModelError], says: str, name: str) -> None:
    with pytest.raises(kind, match=says):
        await speak(ScriptedAnswer.json(answer) if name == OLD else streamed(answer), name)


async def test_audio_that_the_limit_cut_is_marked() -> None:
    _, _, last, _ = await speak(ScriptedAnswer.json(event(PCM, finish="MAX_TOKENS")))
    assert last.metadata is not None and last.metadata["requests"][0]["truncated"] is True


async def test_a_finish_reason_that_is_no_word() -> None:
    for stream in (True, False):
        answer = event(PCM)
        answer["candidates"][0]["finishReason"] = 10**40
        sent = streamed(answer) if stream else ScriptedAnswer.json(answer)
        spoken, _, response, _ = await speak(sent, stream=stream)
        assert len(spoken) > len(PCM) and response.is_last


async def test_a_stream_without_an_end_is_cut_short() -> None:
    with pytest.raises(StreamTruncatedError):
        await speak(streamed(event(PCM)), NEW)


async def test_only_the_first_candidate_speaks() -> None:
    answer = event(PCM, finish="STOP")
    answer["candidates"].append({**answer["candidates"][0], "index": 1})
    assert samples((await speak(ScriptedAnswer.json(answer)))[0])[0] == PCM
