"""google-genai and our classes at the same server: speech and speech-to-text, both ways.

Facts: docs/protocols/gemini-tts.md#request, docs/protocols/gemini-tts.md#answer,
docs/protocols/speech-to-text.md#gemini-files.
"""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from modelport.credential import GeminiCredential
from modelport.domain.message.wav import streaming_header
from modelport.error import InvalidRequestError, ModelError, RateLimitError
from modelport.stt import GeminiTranscriptionModel, Transcript
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tts import GeminiTTSModel, TTSResponse
from tests.contract.sdks.support import KEY, PCM, TEXT, WAV, Json, Spoken, played_twice, said, sse

# Warnings are the SDK's own: of connections that it leaves open.
pytestmark = pytest.mark.filterwarnings("ignore")

USED: Json = {"promptTokenCount": 11, "candidatesTokenCount": 100, "thoughtsTokenCount": 11, "totalTokenCount": 122}


def client_at(server: ScriptedServer) -> genai.Client:
    options = types.HttpOptions(
        base_url=server.base_url, api_version="v1beta", retry_options=types.HttpRetryOptions(attempts=1)
    )
    return genai.Client(api_key=KEY, http_options=options)


def piece(data: bytes, media_type: str, reason: str | None = None) -> Json:
    part = {"inlineData": {"mimeType": media_type, "data": base64.b64encode(data).decode()}}
    ended = {"finishReason": reason} if reason else {}
    return {"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0, **ended}], "usageMetadata": USED}


def audio_of(answer: types.GenerateContentResponse) -> bytes:
    parts = answer.candidates[0].content.parts if answer.candidates and answer.candidates[0].content else ()
    return b"".join(part.inline_data.data for part in parts or () if part.inline_data)


def plain(body: Json) -> Json:
    """With the default said, and names as the API's pages have them: the SDK mixes both spellings, which both count."""
    spelled: Json = camel(body)
    return {**spelled, "contents": [{"role": "user", **each} for each in spelled["contents"]]}


def camel(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict):
        return {re.sub("_([a-z])", lambda found: found[1].upper(), name): camel(each) for name, each in value.items()}
    return [camel(each) for each in value] if isinstance(value, list) else value


async def spoken(server: ScriptedServer, name: str, stream: bool, text: str = TEXT, **parameters: Any) -> Spoken:
    credential = GeminiCredential(api_key=KEY, base_url=server.base_url)
    model = GeminiTTSModel(credential, name, GeminiTTSModel.Parameters(**parameters), stream, max_retries=0)
    answer = await model.synthesize(text)
    return Spoken([answer] if isinstance(answer, TTSResponse) else [step async for step in answer])


async def heard(server: ScriptedServer, name: str, stream: bool = False, **parameters: Any) -> Transcript:
    credential = GeminiCredential(api_key=KEY, base_url=server.base_url)
    given = GeminiTranscriptionModel.Parameters(**parameters)
    return (await said(GeminiTranscriptionModel(credential, name, given, stream, max_retries=0)))[-1]


def voice(name: str) -> types.VoiceConfig:
    return types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=name))


@pytest.mark.parametrize("media_type", ["audio/L16;codec=pcm;rate=24000", "audio/l16; rate=24000; channels=1"])
async def test_samples_of_the_first_family(media_type: str) -> None:
    async with played_twice(ScriptedAnswer.json(piece(PCM, media_type, "STOP"))) as server:
        config = types.GenerateContentConfig(
            response_modalities=["AUDIO"],
            speech_config=types.SpeechConfig(voice_config=voice("Puck"), language_code="en-US"),
        )
        theirs = await client_at(server).aio.models.generate_content(
            model="gemini-2.5-flash-preview-tts", contents=f"cheerfully: {TEXT}", config=config
        )
        ours = await spoken(
            server, "gemini-2.5-flash-preview-tts", False, voice="Puck", language="en-US", style="cheerfully"
        )
        first, second = server.requests
    assert audio_of(theirs) == ours.samples == PCM
    assert ours.last.usage is not None and theirs.usage_metadata is not None
    assert ours.last.usage.output_tokens == 111 == theirs.usage_metadata.total_token_count - 11
    assert plain(first.json()) == plain(second.json()) and first.path == second.path
    assert first.headers["x-goog-api-key"] == second.headers["x-goog-api-key"]


async def test_a_file_of_the_second_family() -> None:
    wav = streaming_header(24_000, size=len(PCM)) + PCM
    async with played_twice(ScriptedAnswer.json(piece(wav, "audio/wav", "STOP"))) as server:
        parts = [types.Part(text=TEXT, speech_metadata=types.SpeechMetadata(style="cheerfully"))]
        config = types.GenerateContentConfig(
            response_modalities=["AUDIO"], speech_config=types.SpeechConfig(voice_config=voice("Kore"))
        )
        theirs = await client_at(server).aio.models.generate_content(
            model="gemini-3.8-flash-tts", contents=types.Content(role="user", parts=parts), config=config
        )
        ours = await spoken(server, "gemini-3.8-flash-tts", False, voice="Kore", style="cheerfully")
        first, second = server.requests
    assert audio_of(theirs)[44:] == ours.samples == PCM and ours.audio.count(b"RIFF") == 1
    assert plain(first.json()) == plain(second.json())


async def test_a_stream_that_cuts_samples() -> None:
    kind = "audio/l16; rate=24000; channels=1"
    events = [piece(PCM[:7], kind), piece(PCM[7:30], kind), piece(PCM[30:], kind)]
    last = {"candidates": [{"finishReason": "STOP", "index": 0}], "usageMetadata": USED}
    async with played_twice(sse(*events, last)) as server:
        config = types.GenerateContentConfig(
            response_modalities=["AUDIO"], speech_config=types.SpeechConfig(voice_config=voice("Kore"))
        )
        chunks = await client_at(server).aio.models.generate_content_stream(
            model="gemini-3.8-flash-tts", contents=TEXT, config=config
        )
        theirs = b"".join([audio_of(chunk) async for chunk in chunks])
        ours = await spoken(server, "gemini-3.8-flash-tts", True, voice="Kore")
        first, second = server.requests
    assert theirs == ours.samples == PCM
    assert plain(first.json()) == plain(second.json()) and first.path == second.path


async def test_two_speakers() -> None:
    speakers = {"Anna": "Kore", "Ben": "Puck"}
    configs = [types.SpeakerVoiceConfig(speaker=name, voice_config=voice(each)) for name, each in speakers.items()]
    config = types.GenerateContentConfig(
        response_modalities=["AUDIO"],
        speech_config=types.SpeechConfig(
            multi_speaker_voice_config=types.MultiSpeakerVoiceConfig(speaker_voice_configs=configs)
        ),
    )
    text = "Anna: Hello.\nBen: Good morning."
    turns = [
        types.Part(text=said, speech_metadata=types.SpeechMetadata(speaker=name))
        for name, said in (("Anna", "Hello."), ("Ben", "Good morning."))
    ]
    for name, contents in (
        ("gemini-2.5-pro-preview-tts", text),
        ("gemini-3.8-flash-tts", types.Content(role="user", parts=turns)),
    ):
        async with played_twice(ScriptedAnswer.json(piece(PCM, "audio/L16;rate=24000", "STOP"))) as server:
            await client_at(server).aio.models.generate_content(model=name, contents=contents, config=config)
            await spoken(server, name, False, text, speakers=speakers)
            first, second = server.requests
        assert plain(first.json()) == plain(second.json())


TURNS: list[Json] = [
    {
        "text": "Shall we start?",
        "languageCode": "en-US",
        "speakerLabel": "spk_1",
        "startOffset": "0.200s",
        "endOffset": "1.100s",
        "words": [{"word": "Shall", "startOffset": "0.200s", "endOffset": "0.450s"}],
        "finished": True,
    },
    {"text": "Yes.", "languageCode": "en-US", "speakerLabel": "spk_2", "startOffset": "2s", "endOffset": "2.5s"},
]


def answer_of(parts: list[Json], stream: bool) -> ScriptedAnswer:
    def event(shown: list[Json], reason: Json) -> Json:
        return {"candidates": [{"content": {"parts": shown}, **reason}], "usageMetadata": USED}

    if not stream:
        return ScriptedAnswer.json(event(parts, {"finishReason": "STOP"}))
    return sse(*(event([part], {}) for part in parts), event([], {"finishReason": "STOP"}))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_transcript_of_turns(stream: bool) -> None:
    asked = types.AudioTranscriptionConfig(
        language_codes=["en-US"], custom_vocabulary=["Modelport"], word_timestamp=True, diarization=True
    )
    config = types.GenerateContentConfig(audio_transcription_config=asked)
    audio = types.Part(inline_data=types.Blob(mime_type="audio/wav", data=WAV))
    async with played_twice(answer_of([{"audioTranscription": turn} for turn in TURNS], stream)) as server:
        given: Json = {"model": "gemini-3.5-transcribe", "contents": types.Content(role="user", parts=[audio])}
        models = client_at(server).aio.models
        if stream:
            chunks = [chunk async for chunk in await models.generate_content_stream(**given, config=config)]
        else:
            chunks = [await models.generate_content(**given, config=config)]
        ours = await heard(
            server,
            "gemini-3.5-transcribe",
            stream,
            languages=["en-US"],
            vocabulary=["Modelport"],
            words=True,
            speakers=True,
        )
        first, second = server.requests
    found = [
        part.audio_transcription
        for chunk in chunks
        for part in (chunk.candidates[0].content.parts if chunk.candidates and chunk.candidates[0].content else ())
        or ()
    ]
    assert [(each.text, each.speaker_label, each.language_code) for each in found if each] == [
        (each.text, each.speaker, each.language) for each in ours.segments
    ]
    assert [(each.start_ms, each.end_ms) for each in ours.segments] == [(200, 1100), (2000, 2500)]
    assert ours.text == "Shall we start? Yes."
    body, other = plain(first.json()), plain(second.json())
    assert base64.b64decode(body["contents"][0]["parts"][0]["inlineData"].pop("data")) == WAV
    assert base64.b64decode(other["contents"][0]["parts"][0]["inlineData"].pop("data")) == WAV
    assert body == other and first.path == second.path


async def test_thoughts_are_no_part_of_a_transcript() -> None:
    parts: list[Json] = [{"text": "It is English.", "thought": True}, {"text": TEXT}]
    async with played_twice(answer_of(parts, False)) as server:
        audio = types.Part(inline_data=types.Blob(mime_type="audio/wav", data=WAV))
        theirs = await client_at(server).aio.models.generate_content(model="gemini-3-flash", contents=[audio])
        ours = await heard(server, "gemini-3-flash")
    assert theirs.text == ours.text == TEXT


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [(400, "INVALID_ARGUMENT", InvalidRequestError), (429, "RESOURCE_EXHAUSTED", RateLimitError)],
)
async def test_errors(status: int, word: str, kind: type[ModelError]) -> None:
    body = {"error": {"code": status, "message": "Model tried to generate text", "status": word}}
    async with ScriptedServer([ScriptedAnswer.json(body, status)] * 3) as server:
        with pytest.raises(errors.APIError) as theirs:
            await client_at(server).aio.models.generate_content(model="gemini-2.5-flash-preview-tts", contents=TEXT)
        with pytest.raises(kind) as of_speech:
            await spoken(server, "gemini-2.5-flash-preview-tts", False)
        with pytest.raises(kind) as of_file:
            await heard(server, "gemini-3.5-transcribe")
    assert of_speech.value.status_code == of_file.value.status_code == theirs.value.code == status
