"""Cassettes of DashScope's speech over HTTP, played to the public model class."""

from __future__ import annotations

import array
import base64
import io
import math
import sys
import wave
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from modelport.credential import DashScopeCredential
from modelport.domain.message.wav import with_true_sizes
from modelport.error import InvalidRequestError
from modelport.message import Base64Source
from modelport.tts import DashScopeTTSModel, TTSResponse
from tests.cassettes import played

A4 = [round(6000 * math.sin(2 * math.pi * 440 * sample / 24_000)) for sample in range(240)]


def model(voice: str, *, stream: bool, **parameters: Any) -> DashScopeTTSModel:  # Any: of the class
    given = DashScopeTTSModel.Parameters(voice=voice, **parameters)
    return DashScopeTTSModel(
        DashScopeCredential(api_key="sk-test-PlantedWord7"), "qwen3-tts-flash", given, stream, max_retries=0
    )


def wav(response: TTSResponse) -> bytes:
    if response.content is None:
        return b""
    assert isinstance(response.content.source, Base64Source)
    return base64.b64decode(response.content.source.data)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_stream(stream: bool) -> None:
    with played("dashscope_tts", "stream"):
        answer = await model("Ethan", stream=stream, language_type="English").synthesize("The bell rings.")
        responses = [response async for response in answer] if isinstance(answer, AsyncGenerator) else [answer]
    heard = b"".join(map(wav, responses))
    with wave.open(io.BytesIO(with_true_sizes(heard) if stream else heard)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (24_000, 1, 240)
        samples = array.array("h", file.readframes(240))
    if sys.byteorder == "big":
        samples.byteswap()
    assert samples.tolist() == A4
    last = responses[-1]
    assert last.usage is not None and last.usage.characters == 16
    assert last.attempts[0].request_id == "7c1d0e33-authored-0001"


async def test_an_error() -> None:
    with played("dashscope_tts", "error"), pytest.raises(InvalidRequestError, match="Nobody") as caught:
        await model("Nobody", stream=True).synthesize("The bell rings.")
    assert (caught.value.code, caught.value.request_id) == ("InvalidParameter", "7c1d0e33-authored-0002")
