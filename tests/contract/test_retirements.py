"""A model whose end is announced warns once in each call, with the successor: models of every family."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from modelport.credential import GeminiCredential, OpenAICredential
from modelport.domain.card.checks import card_warnings
from modelport.embedding import GeminiEmbeddingModel, OpenAIEmbeddingModel
from modelport.message import UserMsg
from modelport.model import ModelWarning, OpenAIChatModel
from modelport.realtime import GeminiRealtimeModel, OpenAIRealtimeModel
from modelport.stt import OpenAITranscriptionModel
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tts import GeminiTTSModel, OpenAITTSModel
from tests.adapters.transcription.support import said

CHAT = {"choices": [{"index": 0, "message": {"content": "Hi."}, "finish_reason": "stop"}]}
SPEECH = ScriptedAnswer(200, {"content-type": "audio/pcm"}, [bytes(400)])
TEXT = ScriptedAnswer.json({"text": "Hi.", "usage": {"type": "duration", "seconds": 1}})
Call = Callable[[Any], Awaitable[Any]]  # Any: a model of any family; a response


async def last(answer: Any) -> Any:  # Any: a response, or a stream of them
    return [step async for step in answer][-1] if hasattr(answer, "__aiter__") else answer


async def chat(model: Any) -> Any:  # Any: as above
    return await last(await model([UserMsg("user", "Hi")]))


async def embed(model: Any) -> Any:
    return await model([f"text {number}" for number in range(30)])


async def speak(model: Any) -> Any:
    return await last(await model.synthesize("Hi. " * 2000))


async def listen(model: Any) -> Any:
    return (await said(model))[-1]


async def converse(model: Any) -> Any:
    return model.connect()


def vectors(request: Any) -> ScriptedAnswer:
    rows = [{"index": index, "embedding": [0.5, 0.5]} for index in range(len(request.json()["input"]))]
    return ScriptedAnswer.json({"data": rows, "usage": {"prompt_tokens": 3, "total_tokens": 3}})


@pytest.mark.parametrize(
    ("cls", "name", "answer", "call", "requests"),
    [
        pytest.param(OpenAIChatModel, "gpt-4.1", lambda _: ScriptedAnswer.json(CHAT), chat, 1, id="chat"),
        pytest.param(OpenAIEmbeddingModel, "text-embedding-3-small", vectors, embed, 3, id="embedding"),
        pytest.param(OpenAITTSModel, "tts-1", lambda _: SPEECH, speak, 2, id="tts"),
        pytest.param(OpenAITranscriptionModel, "whisper-1", lambda _: TEXT, listen, 1, id="stt"),
        pytest.param(OpenAIRealtimeModel, "gpt-realtime", lambda _: TEXT, converse, 0, id="realtime"),
    ],
)
async def test_a_call_warns_once_with_the_successor(
    cls: type[Any], name: str, answer: Any, call: Call, requests: int
) -> None:
    async with ScriptedServer(answer) as server:
        options = {"batch_size": 10} if cls is OpenAIEmbeddingModel else {}
        credential = OpenAICredential(api_key="k", base_url=server.base_url)
        model = cls(credential, name, **options)
        ending = {"status": "deprecated", "sunset_on": date(2027, 1, 6), "successor": "the-next-one"}
        model.__dict__["card"] = model.card.model_copy(update=ending)
        found = await call(model)
        assert len(server.requests) == requests
    (warning,) = [each for each in found.warnings if each.kind == "deprecated"]
    assert "2027-01-06" in warning.message and "the-next-one" in warning.message


def ends(cls: Any, credential: Any, name: str) -> ModelWarning:  # Any: a class of any family, its credential
    (warning,) = card_warnings(cls(credential, name).card)
    return warning


@pytest.mark.parametrize(
    ("cls", "name", "when", "follows"),
    [
        (OpenAITTSModel, "tts-1", "2027-01-06", "gpt-realtime-2.1-mini"),
        (OpenAITTSModel, "gpt-4o-mini-tts", "2027-01-06", "gpt-realtime-2.1-mini"),
        (OpenAITranscriptionModel, "whisper-1", "2027-02-26", "gpt-transcribe"),
        (OpenAITranscriptionModel, "gpt-4o-transcribe-diarize", "2027-02-26", "gpt-transcribe"),
        (OpenAIRealtimeModel, "gpt-realtime", "2027-01-20", ""),
        (OpenAIChatModel, "gpt-4.1", "2027-01-14", ""),
        (GeminiTTSModel, "gemini-2.5-flash-preview-tts", "2026-11-17", ""),
        (GeminiRealtimeModel, "gemini-3.1-flash-live-preview", "2026-11-17", ""),
        (GeminiEmbeddingModel, "gemini-embedding-001", "2028-05-14", ""),
    ],
)
def test_dates_and_successors_that_are_known(cls: Any, name: str, when: str, follows: str) -> None:
    credential = GeminiCredential(api_key="k") if "Gemini" in cls.__name__ else OpenAICredential(api_key="k")
    warning = ends(cls, credential, name)
    assert warning.kind == "deprecated" and when in warning.message and follows in warning.message
