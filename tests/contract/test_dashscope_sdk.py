"""DashScope's own SDK works with our loopback servers and gets the audio that our classes get, in each protocol."""

from __future__ import annotations

import asyncio
import base64
import gc
import importlib
import json
import threading
from typing import Any

import pytest

from modelport.credential import DashScopeCredential
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tts import DashScopeTTSModel, TTSResponse
from tests.adapters.dashscope.speech_servers import (
    CosyVoiceServer,
    QwenServer,
    SambertServer,
    SpeechServer,
    Trouble,
    saying,
    voice,
)
from tests.adapters.dashscope.speech_support import COSYVOICE, QWEN, SAMBERT, Kind, audio, opened, read

KEY = "sk-secret-key-PlantedWord7"
TEXT = "Hello, world. How are you today?"
PIECES = [TEXT[start : start + 5] for start in range(0, len(TEXT), 5)]
FRAMES = [7, 64, 4096]

# Warnings are the SDK's own: of threads and connections that it leaves.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def sdk() -> Any:  # Any: a module that is not always there
    dashscope = pytest.importorskip(
        "dashscope", reason="the SDK is no dependency: install dashscope to compare with it"
    )
    kept = dashscope.api_key, dashscope.base_http_api_url, dashscope.base_websocket_api_url
    dashscope.api_key = KEY
    yield dashscope
    dashscope.api_key, dashscope.base_http_api_url, dashscope.base_websocket_api_url = kept
    gc.collect()  # warnings about what it left open are raised here, where they do not count


def part(name: str) -> Any:  # Any: a module that is not always there
    return importlib.import_module(f"dashscope.audio.{name}")


def realtime_url(server: SpeechServer) -> str:
    return server.base_url.replace("http", "ws", 1) + server.path


async def ours(kind: Kind, server: SpeechServer) -> bytes:
    async with kind.model(server) as model:
        audio_bytes = b"".join([audio(await model.push(piece)) for piece in PIECES])
        return (audio_bytes + b"".join(map(audio, await read(await opened(model)))))[44:]


@pytest.mark.parametrize("stream", [True, False])
async def test_speech_over_http(sdk: Any, stream: bool) -> None:
    pcm = voice(TEXT)
    events = [
        json.dumps({"output": {"audio": {"data": base64.b64encode(piece).decode()}, "finish_reason": "null"}})
        for piece in (pcm[:7], pcm[7:30], pcm[30:])
    ]
    end = {"output": {"audio": {"data": "", "url": "http://x.aliyuncs.com/a.wav"}, "finish_reason": "stop"}}
    answer = ScriptedAnswer.sse(*events, json.dumps({**end, "usage": {"characters": 5}, "request_id": "r"}))
    async with ScriptedServer([answer, answer]) as server:

        def theirs() -> bytes:
            sdk.base_http_api_url = server.base_url + "/api/v1"
            parts = part("qwen_tts").SpeechSynthesizer.call(
                "qwen3-tts-flash", TEXT, api_key=KEY, voice="Cherry", stream=True
            )
            return b"".join(base64.b64decode(part.output.audio["data"]) for part in parts)

        audio_bytes = await asyncio.to_thread(theirs)
        credential = DashScopeCredential(api_key=KEY, base_url=server.base_url)
        answer_of_ours = await DashScopeTTSModel(credential, "qwen3-tts-flash", stream=stream).synthesize(TEXT)
        responses = [answer_of_ours] if isinstance(answer_of_ours, TTSResponse) else await read(answer_of_ours)
        first, second = server.requests
    assert audio_bytes == b"".join(map(audio, responses))[44:] == pcm
    assert first.path == second.path and first.json()["input"] == second.json()["input"]


@pytest.mark.parametrize("frame", FRAMES)
async def test_sessions(sdk: Any, frame: int) -> None:
    qwen = part("qwen_tts_realtime")
    greeted, finished, deltas = threading.Event(), threading.Event(), list[bytes]()

    class Callback(qwen.QwenTtsRealtimeCallback):  # type: ignore[misc, name-defined]  # not typed
        def on_event(self, message: Any) -> None:
            if message["type"] == "session.created":
                greeted.set()
            elif message["type"] == "response.audio.delta":
                deltas.append(base64.b64decode(message["delta"]))
            elif message["type"] == "session.finished":
                finished.set()

    async with QwenServer(frame=frame) as server:

        def theirs() -> bytes:
            client = qwen.QwenTtsRealtime(QWEN.name, callback=Callback(), url=realtime_url(server))
            client.connect()
            assert greeted.wait(5)
            client.update_session(voice="Cherry")
            for piece in PIECES:
                client.append_text(piece)
            client.finish()
            assert finished.wait(5)
            client.close()
            return b"".join(deltas)

        audio_bytes = await asyncio.to_thread(theirs)
        assert audio_bytes == await ours(QWEN, server) == voice(TEXT)
        session = [event["session"] for event in server.received if event["type"] == "session.update"]
        assert session[0] == session[1]
        kinds = [event["type"] for event in server.received]
        assert kinds[: len(kinds) // 2] == kinds[len(kinds) // 2 :], "the same events in the same order"


@pytest.mark.parametrize("frame", FRAMES)
async def test_tasks(sdk: Any, frame: int) -> None:
    tts = part("tts_v2")
    frames: list[bytes] = []

    class Callback(tts.ResultCallback):  # type: ignore[misc, name-defined]  # not typed
        def on_data(self, data: bytes) -> None:
            frames.append(data)

    async with CosyVoiceServer(frame=frame) as server:

        def theirs() -> bytes:
            client = tts.SpeechSynthesizer(
                COSYVOICE.name,
                "longanyang",
                format=tts.AudioFormat.PCM_24000HZ_MONO_16BIT,
                callback=Callback(),
                url=realtime_url(server),
            )
            for piece in PIECES:
                client.streaming_call(piece)
            client.streaming_complete()
            return b"".join(frames)

        audio_bytes = await asyncio.to_thread(theirs)
        assert audio_bytes == await ours(COSYVOICE, server) == voice(TEXT)
        actions = [event["header"]["action"] for event in server.received]
        assert actions[: len(actions) // 2] == actions[len(actions) // 2 :], "the same messages in the same order"
        first, second = (one["payload"] for one in server.received if one["header"]["action"] == "run-task")
        assert second["parameters"].items() <= first["parameters"].items()
        assert {**first, "parameters": 0} == {**second, "parameters": 0}


@pytest.mark.parametrize("frame", FRAMES)
async def test_whole_texts(sdk: Any, frame: int) -> None:
    tts = part("tts")
    async with SambertServer(frame=frame) as server:

        def theirs() -> bytes:
            sdk.base_websocket_api_url = realtime_url(server)
            result = tts.SpeechSynthesizer.call(SAMBERT.name, TEXT, format="pcm", sample_rate=24_000, api_key=KEY)
            data: bytes = result.get_audio_data()
            return data

        audio_bytes = await asyncio.to_thread(theirs)
        assert audio_bytes == await ours(SAMBERT, server) == voice(TEXT)
        first, second = (event["payload"] for event in server.received if event["header"]["action"] == "run-task")
        assert first["input"] == second["input"]


async def test_a_task_that_fails(sdk: Any) -> None:
    tts = part("tts_v2")
    failed = saying({"header": {"event": "task-failed", "error_code": "InvalidParameter", "error_message": "418"}})
    async with CosyVoiceServer(Trouble("text", failed), Trouble("text", failed)) as server:

        def theirs() -> str:
            client = tts.SpeechSynthesizer(
                COSYVOICE.name, "anyone", format=tts.AudioFormat.PCM_24000HZ_MONO_16BIT, url=realtime_url(server)
            )
            try:
                client.call(TEXT)
            except Exception as error:
                return str(error)
            return ""

        assert "418" in await asyncio.to_thread(theirs)
        with pytest.raises(Exception, match="418"):
            await ours(COSYVOICE, server)
