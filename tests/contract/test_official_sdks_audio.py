"""OpenAI's SDK as a client of the offline providers of speech and speech-to-text: they speak its protocol.

Facts: docs/protocols/openai-tts.md#answer-as-audio, docs/protocols/speech-to-text.md#openai-files.
"""

from __future__ import annotations

import openai
import pytest

from modelport.credential import OpenAICredential
from modelport.domain.message.wav import pcm_of_wav
from modelport.stt import OpenAITranscriptionModel
from modelport.testing.providers import answer_provider
from modelport.testing.servers.http import ScriptedServer
from modelport.tts import OpenAITTSModel, TTSResponse
from tests.adapters.transcription.support import WAV, form, whole

TEXT = "The train leaves at nine."


async def test_both_send_the_same_speech_request_and_get_the_same_samples() -> None:
    async with ScriptedServer(answer_provider) as server:
        async with openai.AsyncOpenAI(api_key="k-PlantedWord7", base_url=server.base_url, max_retries=0) as client:
            theirs = await client.audio.speech.create(
                model="tts-1", input=TEXT, voice="alloy", response_format="pcm", speed=1.5
            )
        credential = OpenAICredential(api_key="k-PlantedWord7", base_url=server.base_url)
        model = OpenAITTSModel(credential, "tts-1", OpenAITTSModel.Parameters(speed=1.5), stream=False)
        ours = await model.synthesize(TEXT)
        first, second = server.requests
    assert isinstance(ours, TTSResponse)
    assert ours.content is not None
    assert theirs.content == pcm_of_wav(ours.content.to_bytes())
    assert first.json() == second.json() and first.path == second.path


async def test_the_sdk_reads_the_events_of_speech() -> None:
    async with (
        ScriptedServer(answer_provider) as server,
        openai.AsyncOpenAI(api_key="k-PlantedWord7", base_url=server.base_url, max_retries=0) as client,
    ):
        answer = await client.audio.speech.create(
            model="gpt-4o-mini-tts", input=TEXT, voice="alloy", response_format="pcm", stream_format="sse"
        )
    assert answer.content.count(b"speech.audio.delta") >= 1 and b"speech.audio.done" in answer.content


async def test_both_upload_the_same_fields_and_read_the_same_transcript() -> None:
    async with ScriptedServer(answer_provider) as server:
        async with openai.AsyncOpenAI(api_key="k-PlantedWord7", base_url=server.base_url, max_retries=0) as client:
            theirs = await client.audio.transcriptions.create(
                model="whisper-1", file=("audio.wav", WAV, "audio/wav"), language="en"
            )
        credential = OpenAICredential(api_key="k-PlantedWord7", base_url=server.base_url)
        parameters = OpenAITranscriptionModel.Parameters(language="en")
        ours = await whole(OpenAITranscriptionModel(credential, "whisper-1", parameters))
        first, second = server.requests
    assert theirs.text == ours.text == TEXT
    assert sorted(form(first)) == sorted(form(second))


async def test_the_sdk_reads_a_streamed_transcript() -> None:
    async with (
        ScriptedServer(answer_provider) as server,
        openai.AsyncOpenAI(api_key="k-PlantedWord7", base_url=server.base_url, max_retries=0) as client,
    ):
        stream = await client.audio.transcriptions.create(
            model="gpt-4o-transcribe", file=("audio.wav", WAV, "audio/wav"), stream=True
        )
        events = [event async for event in stream]
    assert [event.type for event in events][-1] == "transcript.text.done"
    assert events[-1].text == TEXT


async def test_the_sdk_is_refused_without_a_file() -> None:
    async with (
        ScriptedServer(answer_provider) as server,
        openai.AsyncOpenAI(api_key="k-PlantedWord7", base_url=server.base_url, max_retries=0) as client,
    ):
        with pytest.raises(openai.BadRequestError):
            await client.post("/audio/transcriptions", cast_to=object, body={})
