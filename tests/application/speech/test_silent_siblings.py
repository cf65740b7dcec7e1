"""A server that says nothing: every class that speaks over HTTP treats it alike, whatever form nothing has."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from modelport import Modelport
from modelport.credential import DashScopeCredential, GeminiCredential, OpenAICredential, XAICredential
from modelport.domain.message.wav import streaming_header
from modelport.error import ModelError, ServerError, StreamTruncatedError
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tts import (
    DashScopeTTSModel,
    GeminiTTSModel,
    OpenAITTSModel,
    TTSModelBase,
    TTSResponse,
    XAITTSModel,
)
from tests.planted import KEY

Build = Callable[..., TTSModelBase[Any]]
PCM = bytes(range(200))
HEADER = streaming_header(24_000)


def of_profile(name: str) -> Build:
    """A provider that is only data."""

    def build(url: str, **options: Any) -> TTSModelBase[Any]:
        hub = Modelport.from_mapping({"credentials": {name: {"api_key": KEY, "base_url": url}}}, {})
        credential = hub.credential(name)
        (cls,) = credential.get_tts_model_classes()
        made: TTSModelBase[Any] = cls(credential, "m", **options)
        return made

    return build


MODELS: dict[str, Build] = {
    "openai": lambda url, **options: OpenAITTSModel(OpenAICredential(api_key=KEY, base_url=url), "tts-1", **options),
    "openai events": lambda url, **options: OpenAITTSModel(
        OpenAICredential(api_key=KEY, base_url=url), "gpt-4o-mini-tts", **options
    ),
    "xai": lambda url, **options: XAITTSModel(XAICredential(api_key=KEY, base_url=url), "grok-tts", **options),
    "gemini": lambda url, **options: GeminiTTSModel(
        GeminiCredential(api_key=KEY, base_url=url), "gemini-2.5-flash-preview-tts", **options
    ),
    "dashscope": lambda url, **options: DashScopeTTSModel(
        DashScopeCredential(api_key=KEY, base_url=url), "qwen3-tts-flash", **options
    ),
    **{name: of_profile(name) for name in ("groq", "mistral", "openrouter", "together")},
}
OF_OPENAI = sorted(set(MODELS) - {"gemini", "dashscope"})


def events(*values: Any) -> ScriptedAnswer:
    return ScriptedAnswer.sse(*map(json.dumps, values))


def spoken(data: bytes) -> Any:
    """Gemini's candidate with these samples."""
    inline = {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": base64.b64encode(data).decode()}
    return {"candidates": [{"content": {"parts": [{"inlineData": inline}]}, "finishReason": "STOP"}]}


def of_dashscope(data: bytes) -> Any:
    audio = {"data": base64.b64encode(data).decode(), "id": "a", "expires_at": 1_790_000_000}
    return {"output": {"audio": audio, "finish_reason": "stop"}, "request_id": "r", "usage": {"characters": 5}}


DONE = {"type": "speech.audio.done", "usage": {"input_tokens": 1, "output_tokens": 0, "total_tokens": 1}}
STOPPED = {"candidates": [{"content": {"role": "model"}, "finishReason": "STOP"}]}
NOTHING: dict[str, dict[str, ScriptedAnswer]] = {
    "openai": {
        "no bytes": ScriptedAnswer.whole(b"", "audio/pcm"),
        "only a header": ScriptedAnswer.whole(HEADER, "audio/wav"),
        "half a sample": ScriptedAnswer.whole(HEADER + b"\0", "audio/wav"),
        "json": ScriptedAnswer.json({"audio": ""}),
        "no delta": events(DONE),
        "an empty delta": events({"type": "speech.audio.delta", "audio": ""}, DONE),
    },
    "gemini": {
        "no part": ScriptedAnswer.json(STOPPED),
        "no part in events": events(STOPPED),
        "no samples": ScriptedAnswer.json(spoken(b"")),
        "no samples in events": events(spoken(b"")),
        "only a header": events(spoken(HEADER)),
    },
    "dashscope": {
        "no samples": ScriptedAnswer.json(of_dashscope(b"")),
        "no samples in events": events(of_dashscope(b"")),
        "only a header": events(of_dashscope(HEADER)),
    },
}
CASES = [
    *(
        (model, nothing)
        for model in OF_OPENAI
        for nothing in NOTHING["openai"]
        if nothing != "half a sample" or model not in ("xai", "mistral")  # which deliver files as they come
    ),
    *((model, nothing) for model in ("gemini", "dashscope") for nothing in NOTHING[model]),
]
SOUND = {
    "gemini": events(spoken(PCM)),
    "dashscope": events(of_dashscope(PCM)),
    "openai events": events({"type": "speech.audio.delta", "audio": base64.b64encode(PCM).decode()}, DONE),
}


def nothing_of(model: str, nothing: str) -> ScriptedAnswer:
    return NOTHING[model if model in NOTHING else "openai"][nothing]


async def said(model: TTSModelBase[Any], text: str) -> list[TTSResponse]:
    answer = await model.synthesize(text)
    return [answer] if isinstance(answer, TTSResponse) else [response async for response in answer]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("model", "nothing"), CASES)
async def test_nothing_is_an_error_after_its_retries(model: str, nothing: str, stream: bool) -> None:
    async with ScriptedServer([nothing_of(model, nothing)] * 3) as server:
        subject = MODELS[model](server.base_url, stream=stream, max_retries=2, retry_delay=0)
        with pytest.raises(ModelError) as caught:
            await said(subject, "Hello")
        assert isinstance(caught.value, ServerError | StreamTruncatedError)
        assert len(caught.value.attempts) == len(server.requests) == 3


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("model", MODELS)
async def test_audio_that_comes_with_a_retry_is_no_error(model: str, stream: bool) -> None:
    nothing = next(name for of_model, name in CASES if of_model == model)
    sound = SOUND.get(model, ScriptedAnswer.whole(HEADER + PCM, "audio/wav"))
    silent = events(DONE) if model == "openai events" else nothing_of(model, nothing)
    async with ScriptedServer([silent, sound]) as server:
        responses = await said(MODELS[model](server.base_url, stream=stream, retry_delay=0), "Hello")
    audio = b"".join(base64.b64decode(one.content.source.data) for one in responses if one.content is not None)  # type: ignore[union-attr]
    assert audio.endswith(PCM) and len(responses[-1].attempts) == 2


@pytest.mark.parametrize("text", ["...", "?!", "🎉"])
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("model", MODELS)
async def test_a_text_with_nothing_to_pronounce_is_warned_of(model: str, stream: bool, text: str) -> None:
    nothing = {"gemini": "no part", "dashscope": "no samples"}.get(model, "no delta")
    async with ScriptedServer([nothing_of(model, nothing)]) as server:
        responses = await said(MODELS[model](server.base_url, stream=stream, retry_delay=0), text)
        assert len(server.requests) == 1
    (warning,) = [warning for warning in responses[-1].warnings if warning.kind == "other"]
    assert warning.setting == "text" and "pronounce" in warning.message
