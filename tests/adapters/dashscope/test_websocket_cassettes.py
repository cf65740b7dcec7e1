"""DashScope's speech over WebSockets from cassettes, by the public model classes: in the process and over a socket."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from modelport.application.speech.realtime.model import RealtimeTTSModel
from modelport.credential import DashScopeCredential
from modelport.domain.message.wav import streaming_header
from modelport.error import (
    AuthenticationError,
    InvalidRequestError,
    ModelError,
    ModelTimeoutError,
    ReplayMismatchError,
    StreamTruncatedError,
)
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.cassette import CassetteServer
from modelport.transport import ReplayWebSockets, WebsocketsConnector
from modelport.tts import DashScopeCosyVoiceRealtimeTTSModel, DashScopeRealtimeTTSModel, TTSResponse
from tests.adapters.dashscope.speech_support import audio, opened, read
from tests.contract.runtimes import runtime_with

CASSETTES = Path(__file__).parents[3] / "fixtures" / "websocket"
HEADER = streaming_header(24_000)
Model = Callable[..., RealtimeTTSModel]
Playing = Callable[..., AbstractAsyncContextManager[Model]]


def tone(samples: int, hertz: int) -> bytes:
    """What the authored cassettes sound like: 16 bit at 24 kHz."""
    heights = [round(6000 * math.sin(2 * math.pi * hertz * sample / 24_000)) for sample in range(samples)]
    return struct.pack(f"<{samples}h", *heights)


@asynccontextmanager
async def in_process(cassette: str, repeat: bool = False) -> AsyncGenerator[Model, None]:
    replay = ReplayWebSockets(CASSETTES / cassette, repeat=repeat)
    yield lambda *args, **options: model("https://dashscope.aliyuncs.com", replay, *args, **options)


@asynccontextmanager
async def over_a_socket(cassette: str, repeat: bool = False) -> AsyncGenerator[Model, None]:
    async with CassetteServer(CASSETTES / cassette, repeat=repeat) as server:
        yield lambda *args, **options: model(server.http_url, WebsocketsConnector(), *args, **options)
    assert server.mismatches == []


def model(url: str, connector: Any, name: str, max_retries: int = 0, **parameters: Any) -> RealtimeTTSModel:
    """Any: either connector, and parameters of the class."""
    cls: Any = DashScopeRealtimeTTSModel if name.startswith("qwen") else DashScopeCosyVoiceRealtimeTTSModel
    runtime = dataclasses.replace(runtime_with(VirtualClock(skip_sleeps=True)), websockets=connector)
    credential = DashScopeCredential(api_key="sk-secret-key-PlantedWord7", base_url=url)
    speaker: RealtimeTTSModel = cls(
        credential, name, cls.Parameters(**parameters), max_retries=max_retries, runtime=runtime
    )
    return speaker


both = pytest.mark.parametrize("playing", [in_process, over_a_socket])
QWEN, COSYVOICE, SAMBERT = "qwen3-tts-flash-realtime", "cosyvoice-v3-flash", "sambert-zhichu-v1"


async def speech_of(speaker: RealtimeTTSModel, text: str) -> tuple[bytes, TTSResponse]:
    """The samples, and the last response."""
    responses = await read(await opened(speaker, text))
    sound = b"".join(map(audio, responses))
    assert sound.startswith(HEADER)
    return sound.removeprefix(HEADER), responses[-1]


@both
@pytest.mark.parametrize(
    ("cassette", "name"),
    [("dashscope_realtime", QWEN), ("dashscope_cosyvoice", COSYVOICE), ("dashscope_sambert", SAMBERT)],
)
async def test_speech(playing: Playing, cassette: str, name: str) -> None:
    async with playing(f"{cassette}/speech.yaml") as build:
        sound, last = await speech_of(build(name), "The bell rings.")
    assert sound == tone(1200, 440)
    assert last.usage is not None and last.usage.characters == 15


@both
@pytest.mark.parametrize(
    ("cassette", "name", "second"),
    [
        ("dashscope_realtime/two_utterances.yaml", QWEN, {"voice": "Ethan", "language_type": "English"}),
        ("dashscope_cosyvoice/two_tasks.yaml", COSYVOICE, {}),
    ],
)
async def test_one_utterance_after_the_other(
    playing: Playing, cassette: str, name: str, second: dict[str, Any]
) -> None:
    async with playing(cassette) as build, build(name) as speaker:
        first, _ = await speech_of(speaker, "One bell. Two bells.")
        other = build(name, **second) if second else speaker
        then, last = await speech_of(other, "Three bells.")
        assert (first, then) == (tone(300, 440) + tone(300, 660), tone(600, 550))
        assert last.usage is not None and last.usage.characters == 12


@both
async def test_many_at_once_hear_their_own(playing: Playing) -> None:
    """The text says which conversation it is, whatever order the connections come in."""
    async with playing("dashscope_realtime/two_utterances.yaml", repeat=True) as build:
        one, other = build(QWEN), build(QWEN, voice="Ethan", language_type="English")
        texts = [(one, "One bell. Two bells."), (other, "Three bells.")] * 25
        sounds = await asyncio.gather(*(speech_of(speaker, text) for speaker, text in texts))
    assert [sound for sound, _ in sounds] == [tone(300, 440) + tone(300, 660), tone(600, 550)] * 25


@both
async def test_the_caller_commits(playing: Playing) -> None:
    async with playing("dashscope_realtime/commit.yaml") as build, build(QWEN, mode="commit") as speaker:
        pushed = [audio(await speaker.push(text)) for text in ("The bell ", "rings.")]
        rest = b"".join(map(audio, await read(await opened(speaker))))
    assert b"".join(pushed) + rest == HEADER + tone(600, 440)


@both
async def test_a_header_of_the_servers_own(playing: Playing) -> None:
    async with playing("dashscope_cosyvoice/wav.yaml") as build:
        sound, _ = await speech_of(build(COSYVOICE, format="wav"), "The bell rings.")
    assert sound == tone(600, 440)


@both
async def test_a_throttled_task_is_tried_again(playing: Playing) -> None:
    async with playing("dashscope_cosyvoice/throttled.yaml") as build:
        sound, last = await speech_of(build(COSYVOICE, max_retries=1), "The bell rings.")
    assert sound == tone(600, 440)
    assert [attempt.error is None for attempt in last.attempts] == [False, True]


@both
@pytest.mark.parametrize(
    ("cassette", "name", "parameters", "kind", "says"),
    [
        ("dashscope_realtime/error.yaml", QWEN, {"voice": "Nobody"}, InvalidRequestError, "Voice 'Nobody'"),
        ("dashscope_realtime/unauthorized.yaml", QWEN, {}, AuthenticationError, "Invalid API-key"),
        ("dashscope_cosyvoice/task_failed.yaml", COSYVOICE, {"voice": "longxiaochun"}, InvalidRequestError, "418"),
    ],
)
async def test_errors(
    playing: Playing, cassette: str, name: str, parameters: dict[str, Any], kind: type[ModelError], says: str
) -> None:
    async with playing(cassette) as build:
        with pytest.raises(kind, match=says):
            await speech_of(build(name, **parameters), "The bell rings.")


@both
async def test_a_connection_that_was_lost(playing: Playing) -> None:
    """Delivered audio is not withdrawn."""
    async with playing("dashscope_realtime/dropped.yaml") as build:
        sound = bytearray()
        with pytest.raises(StreamTruncatedError, match="1006"):
            async for response in await opened(build(QWEN), "The bell rings."):
                sound += audio(response)
    assert bytes(sound) == HEADER + tone(1200, 440)[:800]


@both
async def test_a_task_that_got_no_text_in_time(playing: Playing) -> None:
    async with playing("dashscope_cosyvoice/timeout.yaml") as build, build(COSYVOICE) as speaker:
        await speaker.push("The bell ")
        with pytest.raises(ModelTimeoutError, match="23 seconds"):
            await speech_of(speaker, "rings.")


async def test_a_text_that_is_on_no_cassette() -> None:
    async with in_process("dashscope_cosyvoice/speech.yaml") as build:
        with pytest.raises(ReplayMismatchError, match=r"text: sent 'The dog barks\.', recorded 'The bell"):
            await speech_of(build(COSYVOICE, max_retries=3), "The dog barks.")
