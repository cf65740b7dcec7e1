"""The official SDKs hold a voice conversation with our loopback server, and our classes read the same frames alike."""

from __future__ import annotations

import asyncio
import base64
import gc
import importlib
import json
import queue
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from modelport.credential import DashScopeCredential, GeminiCredential, OpenAICredential
from modelport.event import DataBlockDeltaEvent, ModelCallEndEvent, TextBlockDeltaEvent, ToolCallEndEvent
from modelport.message import ToolCallBlock, ToolResultBlock, ToolResultState
from modelport.realtime import DashScopeRealtimeModel, GeminiRealtimeModel, OpenAIRealtimeModel, RealtimeModelBase
from modelport.testing.servers.realtime import RealtimeReplayServer
from tests.application.realtime.dialects import Dialect, dialects
from tests.application.realtime.support import MODELS, pcm

Json = dict[str, Any]
KEY = "sk-key-42-42"
QUESTION = "How is the weather in Bergen?"
OUTPUT = "fog until noon"
WORDS = ["There is fog", " until noon", ", says the table — 3 °C."]
AUDIO = pcm(300)
# Chunks that begin and end within samples, as servers send them.
CHUNKS = [AUDIO[start : start + 2401] for start in range(0, len(AUDIO), 2401)]

# Warnings are the SDKs' own: of pydantic, of their deprecations, of connections and threads that they leave.
pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass
class Reading:
    """What a client made of the conversation."""

    text: str = ""
    audio: bytes = b""
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    usage: list[tuple[int, int]] = field(default_factory=list)


def recording(dialect: Dialect) -> Json:
    """A question, a call, its result, and a spoken answer."""
    asked: list[Json]
    if dialect.live:
        opening = [client({"setup": {}}), server({"setupComplete": {"sessionId": "s"}})]
        asked, answered = [client({"clientContent": {}})], [client({"toolResponse": {}})]
    else:
        created, updated = ({"type": f"session.{what}", "session": {"id": "s"}} for what in ("created", "updated"))
        opening = [server(created), client({"type": "session.update"}), server(updated)]
        asked = [client({"type": "conversation.item.create"}), client({"type": "response.create"})]
        answered = asked
    call = [*dialect.begins("r1"), *dialect.calls("r1", "c1"), *dialect.ends("r1", calling=True)]
    answer = dialect.begins("r2", "f-c1")
    for index, chunk in enumerate(CHUNKS):
        answer += [*dialect.sounds("r2", chunk), *(dialect.says("r2", WORDS[index]) if index < len(WORDS) else [])]
    answer += dialect.ends("r2")
    frames = [*opening, *asked, *map(server, call), *answered, *map(server, answer)]
    return {"frames": frames, "server_opcode": "binary" if dialect.live else "text"}


def server(frame: Json) -> Json:
    return {"dir": "server", "json": frame}


def client(frame: Json) -> Json:
    return {"dir": "client", "json": frame}


@asynccontextmanager
async def loopback(dialect: Dialect) -> AsyncIterator[RealtimeReplayServer]:
    async with RealtimeReplayServer(recording(dialect)) as playing:
        yield playing
        assert playing.missed == []
        assert playing.done.is_set()


# -- our classes


def model(dialect: Dialect, url: str) -> RealtimeModelBase:
    cls = {"openai": OpenAIRealtimeModel, "dashscope": DashScopeRealtimeModel, "gemini": GeminiRealtimeModel}
    kinds = {"openai": OpenAICredential, "dashscope": DashScopeCredential, "gemini": GeminiCredential}
    base = f"{url}/compatible-mode/v1" if dialect.provider == "dashscope" else url
    credential = kinds[dialect.provider](api_key=KEY, base_url=base)
    built: RealtimeModelBase = cls[dialect.provider](credential, MODELS[dialect.provider][2])
    return built


async def ours(dialect: Dialect, url: str) -> Reading:
    reading = Reading()
    async with model(dialect, url).connect() as session:
        await session.send_text(QUESTION)
        async for event in session:
            if isinstance(event, TextBlockDeltaEvent):
                reading.text += event.delta
            elif isinstance(event, DataBlockDeltaEvent):
                reading.audio += base64.b64decode(event.data or "")
            elif isinstance(event, ToolCallEndEvent):
                blocks = [block for message in session.history for block in message.content]
                (call,) = [block for block in blocks if isinstance(block, ToolCallBlock)]
                reading.calls.append((call.id, call.name, json.loads(call.input)))
                await session.send_tool_result(
                    ToolResultBlock(id=call.id, name=call.name, output=OUTPUT, state=ToolResultState.SUCCESS)
                )
            elif isinstance(event, ModelCallEndEvent):
                reading.usage.append((event.input_tokens, event.output_tokens))
            elif event.type == "REPLY_END":
                break
    return reading


# -- the SDKs


async def by_openai(url: str) -> Reading:
    openai = pytest.importorskip("openai", reason="install openai to compare with it")
    reading = Reading()
    async with (
        openai.AsyncOpenAI(api_key=KEY, base_url=url, websocket_base_url=url.replace("http", "ws", 1)) as sdk,
        sdk.realtime.connect(model="gpt-realtime-2.1") as talk,
    ):
        await talk.session.update(session={"type": "realtime", "output_modalities": ["audio"]})
        asked = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": QUESTION}]}
        await talk.conversation.item.create(item=asked)
        await talk.response.create()
        async for event in talk:
            if event.type == "response.output_audio_transcript.delta":
                reading.text += event.delta
            elif event.type == "response.output_audio.delta":
                reading.audio += base64.b64decode(event.delta)
            elif event.type == "response.function_call_arguments.done":
                reading.calls.append((event.call_id, event.name, json.loads(event.arguments)))
                result = {"type": "function_call_output", "call_id": event.call_id, "output": OUTPUT}
                await talk.conversation.item.create(item=result)
            elif event.type == "response.done":
                reading.usage.append((event.response.usage.input_tokens, event.response.usage.output_tokens))
                if len(reading.usage) == 2:
                    break
                await talk.response.create()
    return reading


async def by_google(url: str) -> Reading:
    genai = pytest.importorskip("google.genai", reason="install google-genai to compare with it")
    from google.genai import types

    reading = Reading()
    sdk = genai.Client(api_key=KEY, http_options={"base_url": url})
    # Two fields of the SDK's own, for it speaks over TLS alone.
    sdk._api_client._websocket_base_url = lambda *args, **named: url.replace("http", "ws", 1)
    sdk._api_client._websocket_ssl_ctx = {}
    config = {"response_modalities": ["AUDIO"], "output_audio_transcription": {}, "input_audio_transcription": {}}
    async with sdk.aio.live.connect(model="gemini-3.1-flash-live-preview", config=config) as talk:
        await talk.send_client_content(turns={"role": "user", "parts": [{"text": QUESTION}]}, turn_complete=True)
        while not reading.usage:
            async for message in talk.receive():
                for call in message.tool_call.function_calls if message.tool_call else ():
                    reading.calls.append((call.id, call.name, call.args))
                    answer = types.FunctionResponse(id=call.id, name=call.name, response={"output": OUTPUT})
                    await talk.send_tool_response(function_responses=[answer])
                content, used = message.server_content, message.usage_metadata
                if content and content.output_transcription:
                    reading.text += content.output_transcription.text
                reading.audio += message.data or b""
                if used:
                    thoughts = used.thoughts_token_count or 0
                    reading.usage.append((used.prompt_token_count, used.response_token_count + thoughts))
    return reading


async def by_dashscope(url: str) -> Reading:
    pytest.importorskip("dashscope", reason="the SDK is no dependency: install dashscope to compare with it")
    return await asyncio.to_thread(_by_dashscope, url.replace("http", "ws", 1))


def _by_dashscope(url: str) -> Reading:
    dashscope: Any = importlib.import_module("dashscope")
    omni: Any = importlib.import_module("dashscope.audio.qwen_omni")
    events: queue.Queue[Json] = queue.Queue()

    class Listener(omni.OmniRealtimeCallback):  # type: ignore[misc]  # of an SDK that is not always there
        def on_event(self, message: Any) -> None:
            events.put(message if isinstance(message, dict) else json.loads(message))

    kept, dashscope.api_key = dashscope.api_key, KEY
    reading = Reading()
    try:
        name = "qwen3.5-omni-flash-realtime"
        talk = omni.OmniRealtimeConversation(model=name, callback=Listener(), url=f"{url}/api-ws/v1/realtime")
        talk.connect()
        talk.update_session(output_modalities=[omni.MultiModality.TEXT, omni.MultiModality.AUDIO], voice="Tina")
        asked = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": QUESTION}]}
        talk.create_item(asked)
        talk.create_response()
        while len(reading.usage) < 2:
            event = events.get(timeout=60)
            if event["type"] == "response.audio_transcript.delta":
                reading.text += event["delta"]
            elif event["type"] == "response.audio.delta":
                reading.audio += base64.b64decode(event["delta"])
            elif event["type"] == "response.function_call_arguments.done":
                reading.calls.append((event["call_id"], event["name"], json.loads(event["arguments"])))
                talk.create_item({"type": "function_call_output", "call_id": event["call_id"], "output": OUTPUT})
            elif event["type"] == "response.done":
                used = event["response"]["usage"]
                reading.usage.append((used["input_tokens"], used["output_tokens"]))
                if len(reading.usage) < 2:
                    talk.create_response()
        talk.close()
    finally:
        dashscope.api_key = kept
    return reading


SDKS = {"openai": by_openai, "gemini": by_google, "dashscope": by_dashscope}


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()  # warnings about what an SDK left open are raised here, where they do not count


@pytest.mark.parametrize("dialect", dialects(*SDKS), ids=str)
async def test_the_official_sdk_and_our_class_read_a_conversation_alike(dialect: Dialect) -> None:
    async with loopback(dialect) as playing:
        theirs = await SDKS[dialect.name](playing.http_url)
    async with loopback(dialect) as playing:
        mine = await ours(dialect, playing.http_url)
    assert mine == theirs
    assert mine.text == "".join(WORDS)
    assert mine.audio == AUDIO
    assert [name for _, name, _ in mine.calls] == ["look"]
    assert mine.usage
