"""Parameters that a model does not have, in every family: logged once for each model, or refused before sending."""

from __future__ import annotations

import logging
import struct
from typing import Any

import pytest

from modelport import Modelport
from modelport.application.call import warning_log
from modelport.credential import DashScopeCredential, OpenAICredential
from modelport.embedding import DashScopeEmbeddingModel, OpenAIEmbeddingModel
from modelport.error import InvalidRequestError, UnsupportedFeatureError
from modelport.realtime import OpenAIRealtimeModel
from modelport.stt import OpenAITranscriptionModel
from modelport.testing import ScriptedServer
from modelport.transport import RetryPolicy
from modelport.tts import DashScopeRealtimeTTSModel, OpenAITTSModel

FORMAT = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16_000, 2, 16)
WAV = b"RIFF" + struct.pack("<I", 40) + b"WAVEfmt " + FORMAT + b"data" + struct.pack("<I", 4) + bytes(4)


def openai(server: ScriptedServer | None = None) -> OpenAICredential:
    return OpenAICredential(api_key="k", **({"base_url": server.base_url} if server else {}))


def models(credential: OpenAICredential, **options: Any) -> dict[str, tuple[Any, str]]:  # Any: a model of each family
    """A model of each family with a parameter that it does not have, and the parameter."""
    spoken, heard, talked = OpenAITTSModel, OpenAITranscriptionModel, OpenAIRealtimeModel
    vectors = OpenAIEmbeddingModel
    return {
        "tts": (spoken(credential, "tts-1", spoken.Parameters(instructions="Softly."), **options), "instructions"),
        "stt": (heard(credential, "gpt-4o-transcribe", heard.Parameters(words=True), **options), "words"),
        "realtime": (talked(credential, "gpt-realtime", talked.Parameters(temperature=0.7), **options), "temperature"),
        "embedding": (
            vectors(credential, "text-embedding-ada-002", vectors.Parameters(dimensions=256), **options),
            "dimensions",
        ),
    }


async def call(family: str, model: Any) -> None:  # Any: as above
    if family == "tts":
        await model.synthesize("Hello")
    elif family == "stt":
        await model.transcribe(WAV)
    elif family == "realtime":
        model._setup("", (), (), None, {})
    else:
        await model(["text"])


@pytest.mark.parametrize("family", ["tts", "stt", "realtime", "embedding"])
async def test_one_warning_for_each_setting_of_a_model(
    family: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warning_log, "_logged", set())
    async with ScriptedServer([]) as server:
        model, parameter = models(openai(server), retry_policy=RetryPolicy(max_retries=0))[family]
        with caplog.at_level(logging.WARNING, "modelport"):
            for _ in range(2):
                try:
                    await call(family, model)
                except Exception as error:  # the server has no answers; the warning does not wait for one
                    assert not isinstance(error, UnsupportedFeatureError)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("modelport")]
    assert len(lines) == 1 and f"openai/{model.model}: {parameter}: {parameter} was not sent" in lines[0]


@pytest.mark.parametrize("family", ["tts", "stt", "realtime", "embedding"])
async def test_what_would_be_dropped_is_refused_on_request(family: str) -> None:
    async with ScriptedServer([]) as server:
        model, parameter = models(openai(server), on_unsupported="error")[family]
        with pytest.raises(UnsupportedFeatureError, match=f"{parameter} was not sent"):
            await call(family, model)
        assert server.requests == []
        with pytest.raises(InvalidRequestError, match="on_unsupported is 'maybe'"):
            models(openai(), on_unsupported="maybe")


async def test_realtime_speech_and_embeddings_of_dashscope_refuse_too() -> None:
    credential = DashScopeCredential(api_key="k")
    speech = DashScopeRealtimeTTSModel(
        credential,
        "qwen3-tts-flash-realtime",
        DashScopeRealtimeTTSModel.Parameters(instructions="Softly."),
        on_unsupported="error",
    )
    with pytest.raises(UnsupportedFeatureError, match="instructions"):
        await speech.synthesize("Hello")
    embedding = DashScopeEmbeddingModel(
        credential,
        "multimodal-embedding-v1",
        DashScopeEmbeddingModel.Parameters(text_type="query"),
        on_unsupported="error",
    )
    with pytest.raises(UnsupportedFeatureError, match="text_type"):
        await embedding(["text"])


async def test_a_settings_file_may_ask_for_it() -> None:
    def entry(model: str) -> dict[str, Any]:
        return {"provider": "openai", "model": model, "on_unsupported": "error"}

    hub = Modelport.from_mapping(
        {
            "tts": {"it": entry("tts-1")},
            "stt": {"it": entry("whisper-1")},
            "realtime": {"it": entry("gpt-realtime")},
            "embedding": {"it": entry("text-embedding-3-small")},
            "chat": {"it": entry("gpt-4.1")},
        },
        {"OPENAI_API_KEY": "k"},
    )
    for made in (hub.tts("it"), hub.stt("it"), hub.realtime("it"), hub.embedding("it"), hub.chat("it")):
        assert made.on_unsupported == "error"
