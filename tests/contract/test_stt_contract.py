"""The speech-to-text contract on the built-in classes over HTTP, and recording and replay of an upload."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelport import Modelport
from modelport.credential import DashScopeCredential, GeminiCredential, OpenAICredential, XAICredential
from modelport.error import ReplayMismatchError
from modelport.stt import (
    DashScopeTranscriptionModel,
    GeminiTranscriptionModel,
    OpenAITranscriptionModel,
    Transcript,
    XAITranscriptionModel,
)
from modelport.testing.contract.transcription.contract import STTContract
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.adapters.transcription.support import WAV, Json
from tests.cassettes import CASSETTES


class TestOpenAITranscriptionModel(STTContract):
    model = OpenAITranscriptionModel
    credential = OpenAICredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "openai_stt"


class TestGeminiTranscriptionModel(STTContract):
    model = GeminiTranscriptionModel
    credential = GeminiCredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "gemini_stt"


class TestDashScopeTranscriptionModel(STTContract):
    model = DashScopeTranscriptionModel
    credential = DashScopeCredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "dashscope_stt"


class TestXAITranscriptionModel(STTContract):
    model = XAITranscriptionModel
    credential = XAICredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "xai_stt"


async def test_an_upload_is_recorded_and_replayed(tmp_path: Path) -> None:
    """The same audio gives the same bytes, so that the recording is found again; another audio is another request."""

    def settings(adapter: str, url: str) -> Json:
        return {
            "credentials": {"openai": {"api_key": "sk-secret-of-the-test-PlantedWord7", "base_url": url}},
            "stt": {"ear": {"provider": "openai", "model": "gpt-transcribe", "retry": {"max_retries": 0}}},
            "transport": {"adapter": adapter, "cassettes": str(tmp_path / "tape.yaml")},
        }

    async with ScriptedServer([ScriptedAnswer.json({"text": "Hi.", "usage": {"seconds": 1}})]) as server:
        url = server.base_url
        async with Modelport.from_mapping(settings("record", url), {}) as hub:
            recorded = await hub.stt().transcribe(WAV)
    async with Modelport.from_mapping(settings("replay", url), {}) as hub:
        replayed = await hub.stt("ear").transcribe(WAV)
        assert isinstance(recorded, Transcript) and isinstance(replayed, Transcript)
        assert recorded.text == replayed.text == "Hi."
        with pytest.raises(ReplayMismatchError):
            await hub.stt().transcribe(WAV + b"\1")
    assert "secret-of-the-test" not in (tmp_path / "tape.yaml").read_text()
