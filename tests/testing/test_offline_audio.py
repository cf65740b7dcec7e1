"""The offline providers speak and write down speech for every class that does, by its usual parameters."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.composition.providers.registry import ProviderRegistry
from modelport.stt import DashScopeTranscriptionModel, Transcript
from modelport.testing.providers import answer_provider
from modelport.testing.servers.http import ScriptedServer
from modelport.tts import TTSResponse
from tests.adapters.transcription.support import WAV, said
from tests.adapters.transcription.test_dashscope import model_at

TEXT = "The train leaves at nine."
SPEAKING = ["openai", "gemini", "dashscope", "xai", "groq", "azure", "openrouter"]
LISTENING = ["openai", "gemini", "xai", "groq", "azure", "openrouter", "mistral", "vllm", "llamacpp"]


def credential(provider: str, url: str) -> Any:  # Any: a class of any provider
    cls = ProviderRegistry().get(provider).credential_class()
    path = "" if provider in ("gemini", "dashscope") else "/v1"
    return cls.model_validate({"api_key": "k", "base_url": url + path})


@pytest.mark.parametrize("provider", SPEAKING)
@pytest.mark.parametrize("stream", [False, True])
async def test_speech(provider: str, stream: bool) -> None:
    async with ScriptedServer(answer_provider) as server:
        given = credential(provider, server.base_url)
        cls = next(each for each in given.get_tts_model_classes() if not each.realtime)
        cards = cls.list_models()
        parameters = cls.Parameters() if cards else cls.Parameters(voice="alloy")
        answer = await cls(given, cards[0].name if cards else "m", parameters, stream=stream).synthesize(TEXT)
        steps = [answer] if isinstance(answer, TTSResponse) else [step async for step in answer]
    assert steps[-1].is_last and any(step.content is not None for step in steps)


@pytest.mark.parametrize("provider", LISTENING)
async def test_speech_to_text(provider: str) -> None:
    async with ScriptedServer(answer_provider) as server:
        given = credential(provider, server.base_url)
        (cls,) = given.get_stt_model_classes()
        found = (
            await said(cls(given, {"openai": "gpt-transcribe", "gemini": "gemini-3.5-transcribe"}.get(provider, "m")))
        )[-1]
    assert found.text == TEXT


@pytest.mark.parametrize("name", ["paraformer-v2", "fun-asr", "qwen3-asr-flash-filetrans"])
async def test_tasks_with_an_upload(name: str) -> None:
    async with ScriptedServer(answer_provider) as server:
        model = model_at(server, name)
        assert isinstance(model, DashScopeTranscriptionModel)
        found = await model.transcribe(WAV)
        assert isinstance(found, Transcript)
        assert (found.text, found.duration_ms, len(server.requests)) == (TEXT, 1500, 5)
