"""Whatever a server of speech or speech-to-text answers, only our errors leave a call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given

from modelport.credential import (
    DashScopeCredential,
    GeminiCredential,
    MiniMaxCredential,
    OpenAICredential,
    VolcengineCredential,
    XAICredential,
)
from modelport.model import MiniMaxChatModel, VolcengineChatModel
from modelport.stt import (
    DashScopeTranscriptionModel,
    GeminiTranscriptionModel,
    OpenAITranscriptionModel,
    XAITranscriptionModel,
)
from modelport.tts import GeminiTTSModel, OpenAITTSModel, XAITTSModel
from tests.adapters.transcription.support import WAV
from tests.contract.samples import question
from tests.fuzz import test_decoders as decoders
from tests.fuzz.test_decoders import SIZES, STATUSES, Transport, bodies, damaged, fuzz

Make = Callable[..., Any]  # Any: a model of any capability
KEY = "k-0123456789-PlantedWord7"
JSON = "application/json"
TIMED = {
    "text": "one two",
    "language": "english",
    "duration": 1.5,
    "segments": [{"id": 0, "start": 0.0, "end": 1.5, "text": "one two", "speaker": "A"}],
    "words": [{"word": "one", "start": 0.0, "end": 0.5}, {"text": "two", "start": 0.5, "end": 1.5, "speaker": 1}],
    "usage": {"type": "duration", "seconds": 2, "prompt_tokens": 1, "completion_tokens": 2},
}
SPOKEN = {
    "id": "c",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {
                "role": "assistant",
                "content": "one two",
                "annotations": [{"type": "audio_info", "language": "en", "emotion": "neutral"}],
            },
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "seconds": 1},
}


def json_bodies(*values: Any) -> list[tuple[str, bytes]]:  # Any: JSON
    return [(JSON, json.dumps(value).encode()) for value in values]


CASES: dict[str, tuple[Make, str, Any, list[tuple[str, bytes]]]] = {
    "openai stt": (
        partial(OpenAITranscriptionModel, OpenAICredential(api_key=KEY), "gpt-transcribe"),
        "transcribe",
        WAV,
        [*bodies("openai_stt"), *json_bodies(TIMED)],
    ),
    "gemini stt": (
        partial(GeminiTranscriptionModel, GeminiCredential(api_key=KEY), "gemini-2.5-flash"),
        "transcribe",
        WAV,
        list(bodies("gemini_stt")),
    ),
    "dashscope stt": (
        partial(DashScopeTranscriptionModel, DashScopeCredential(api_key=KEY), "qwen3-asr-flash"),
        "transcribe",
        WAV,
        json_bodies(SPOKEN, {"output": {"choices": SPOKEN["choices"]}, "usage": {"seconds": 1}}),
    ),
    "xai stt": (
        partial(XAITranscriptionModel, XAICredential(api_key=KEY), "grok-stt"),
        "transcribe",
        WAV,
        json_bodies(TIMED),
    ),
    "openai tts": (
        partial(OpenAITTSModel, OpenAICredential(api_key=KEY), "gpt-4o-mini-tts"),
        "synthesize",
        "hi",
        list(bodies("openai_tts")),
    ),
    "gemini tts": (
        partial(GeminiTTSModel, GeminiCredential(api_key=KEY), "gemini-2.5-flash-preview-tts"),
        "synthesize",
        "hi",
        list(bodies("gemini_tts")),
    ),
    "xai tts": (partial(XAITTSModel, XAICredential(api_key=KEY), "grok-tts"), "synthesize", "hi", json_bodies(TIMED)),
    "minimax": (
        partial(MiniMaxChatModel, MiniMaxCredential(api_key=KEY), "MiniMax-M2"),
        "__call__",
        question(),
        list(bodies("minimax")),
    ),
    "volcengine": (
        partial(VolcengineChatModel, VolcengineCredential(api_key=KEY), "doubao-seed-1-6"),
        "__call__",
        question(),
        list(bodies("volcengine")),
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_sound_and_the_chats_of_further_providers(name: str, stream: bool) -> None:
    make, method, given_input, answers = CASES[name]

    @fuzz
    @given(damaged(answers), STATUSES, SIZES)
    def run(answer: tuple[dict[str, str], bytes], status: int, size: int) -> None:
        model = make(stream=stream, transport=Transport(status, *answer, size), max_retries=0)
        asyncio.run(decoders.call(getattr(model, method), given_input))

    run()
