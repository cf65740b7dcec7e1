"""A connector whose other side is the test: it takes the client's frames, and answers with frames of its own."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

from modelport.composition.defaults import build_runtime
from modelport.credential import DashScopeCredential, GeminiCredential, OpenAICredential, XAICredential
from modelport.domain.retry import RetryPolicy
from modelport.ports.websocket import Frame, WebSocketClosed, WebSocketRequest
from modelport.realtime import (
    DashScopeRealtimeModel,
    GeminiRealtimeModel,
    OpenAIRealtimeModel,
    RealtimeModelBase,
    RealtimeSession,
    XAIRealtimeModel,
)
from modelport.testing.clock import VirtualClock

Json = dict[str, Any]
MODELS: dict[str, tuple[type[RealtimeModelBase], Any, str]] = {
    "openai": (OpenAIRealtimeModel, OpenAICredential(api_key="sk-key-42-42-PlantedWord7"), "gpt-realtime-2.1"),
    "xai": (XAIRealtimeModel, XAICredential(api_key="sk-key-42-42-PlantedWord7"), "grok-voice-latest"),
    "dashscope": (
        DashScopeRealtimeModel,
        DashScopeCredential(api_key="sk-key-42-42-PlantedWord7"),
        "qwen3.5-omni-flash-realtime",
    ),
    "gemini": (
        GeminiRealtimeModel,
        GeminiCredential(api_key="sk-key-42-42-PlantedWord7"),
        "gemini-3.1-flash-live-preview",
    ),
}


class Line:
    """One connection as the server sees it."""

    def __init__(self, request: WebSocketRequest) -> None:
        self.request = request
        self.sent: list[Json] = []
        self.closed = False
        self.blocked = asyncio.Event()
        self.blocked.set()
        self.reacts: Callable[[Json], None] | None = None
        """What the server does when a frame of the client's arrives."""
        self.slow = False
        """Whether everything takes a turn of the loop, so that no two frames arrive at once."""
        self._frames: asyncio.Queue[Frame | WebSocketClosed | Exception] = asyncio.Queue()

    @property
    def kinds(self) -> list[str]:
        """What the client sent, by kind."""
        return [frame.get("type") or next(iter(frame)) for frame in self.sent]

    @property
    def waiting(self) -> int:
        """Frames of the server's that the client has not taken."""
        return self._frames.qsize()

    def named(self, kind: str) -> list[Json]:
        return [frame for frame in self.sent if (frame.get("type") or next(iter(frame))) == kind]

    def say(self, *frames: Json | str) -> None:
        for frame in frames:
            self._frames.put_nowait(frame if isinstance(frame, str) else json.dumps(frame))

    def hang_up(self, code: int = 1006, reason: str = "") -> None:
        self._frames.put_nowait(WebSocketClosed(code, reason))

    async def send(self, frame: Frame) -> None:
        await self.blocked.wait()
        if self.slow:
            await asyncio.sleep(0)
        if self.closed:
            raise WebSocketClosed(1000)
        self.sent.append(json.loads(frame))
        if self.reacts is not None:
            self.reacts(self.sent[-1])

    async def receive(self) -> Frame:
        if self.slow:
            await asyncio.sleep(0)
        frame = await self._frames.get()
        if isinstance(frame, Exception):
            self._frames.put_nowait(frame)  # an end stays one
            raise frame
        return frame

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        if not self.closed:
            self.closed = True
            self._frames.put_nowait(WebSocketClosed(code, reason))
        if self.slow:
            await asyncio.sleep(0)


class Server:
    """A `WebSocketConnector`: `greet` says what each new connection begins with."""

    def __init__(self, greet: Callable[[Line], None]) -> None:
        self.lines: list[Line] = []
        self.refuse: list[Exception] = []
        self.open = asyncio.Event()
        self.open.set()
        self.greet = greet

    @property
    def line(self) -> Line:
        return self.lines[-1]

    async def connect(self, request: WebSocketRequest) -> Line:
        await self.open.wait()
        await asyncio.sleep(0)
        if self.refuse:
            raise self.refuse.pop(0)
        self.lines.append(Line(request))
        self.greet(self.line)
        return self.line

    async def aclose(self) -> None:
        pass


def openai_greeting(line: Line) -> None:
    line.say({"type": "session.created", "session": {"id": "s"}}, {"type": "session.updated", "session": {"id": "s"}})


def gemini_greeting(line: Line) -> None:
    line.say({"setupComplete": {"sessionId": "s"}})


def greeting(provider: str) -> Callable[[Line], None]:
    return gemini_greeting if provider == "gemini" else openai_greeting


class Talk:
    """An open session of one provider, with a server of the test's and a clock that stands still."""

    def __init__(
        self, provider: str = "openai", *, greet: Callable[[Line], None] | None = None, **options: Any
    ) -> None:
        self.clock = VirtualClock(skip_sleeps=True)
        self.server = Server(greet or greeting(provider))
        runtime = dataclasses.replace(build_runtime(), websockets=self.server, clock=self.clock)
        cls, credential, name = MODELS[provider]
        connect = {key: options.pop(key) for key in ("instructions", "tools", "history") if key in options}
        self.model = cls(
            credential,
            options.pop("name", name),
            options.pop("parameters", None),
            runtime=runtime,
            retry_policy=options.pop("retry_policy", RetryPolicy(max_retries=2, retry_delay=0.0)),
            **options,
        )
        self.session: RealtimeSession = self.model.connect(**connect)
        self.events: list[Any] = []
        self._listener: asyncio.Task[None] | None = None

    @property
    def line(self) -> Line:
        return self.server.line

    async def __aenter__(self) -> Talk:
        await self.session.open()
        self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.aclose()
        if self._listener is not None:
            await asyncio.gather(self._listener, return_exceptions=True)

    def listen(self) -> None:
        """Take events from now on."""
        self._listener = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for event in self.session:
            self.events.append(event)

    async def stop_listening(self) -> None:
        assert self._listener is not None
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)

    async def say(self, *frames: Json | str) -> None:
        """The server says this, and the session takes it."""
        self.line.say(*frames)
        await settle()

    def of(self, *kinds: str) -> list[Any]:
        """The events of these types so far."""
        return [event for event in self.events if str(event.type) in kinds]

    @property
    def types(self) -> list[str]:
        return [str(event.type) for event in self.events]


async def settle() -> None:
    """Let every task do what it can."""
    for _ in range(30):
        await asyncio.sleep(0)


def pcm(milliseconds: int, rate: int = 24_000) -> bytes:
    """Audio of that length whose samples differ."""
    return b"".join((number % 3000).to_bytes(2, "little") for number in range(rate * milliseconds // 1000))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


# -- OpenAI's frames


def created(response: str = "r1") -> Json:
    return {"type": "response.created", "response": {"id": response}}


def item(item_id: str, previous: str | None, kind: str = "assistant", **fields: Any) -> Json:
    body = {"id": item_id, "type": "message", "role": kind, "content": [], **fields}
    return {"type": "conversation.item.added", "previous_item_id": previous, "item": body}


def words(text: str, item_id: str = "a1", response: str = "r1", *, spoken: bool = True, **fields: Any) -> Json:
    kind = "response.output_audio_transcript.delta" if spoken else "response.output_text.delta"
    return {"type": kind, "response_id": response, "item_id": item_id, "delta": text, **fields}


def sound(data: bytes, item_id: str = "a1", response: str = "r1", **fields: Any) -> Json:
    return {
        "type": "response.output_audio.delta",
        "response_id": response,
        "item_id": item_id,
        "delta": b64(data),
        **fields,
    }


def done(response: str = "r1", status: str = "completed", **fields: Any) -> Json:
    body = {"id": response, "status": status, "usage": {"input_tokens": 10, "output_tokens": 5}, **fields}
    return {"type": "response.done", "response": body}


def call(call_id: str, item_id: str, name: str = "look", arguments: str = "{}", response: str = "r1") -> list[Json]:
    body = {"id": item_id, "type": "function_call", "name": name, "call_id": call_id, "arguments": ""}
    return [
        {"type": "response.output_item.added", "response_id": response, "item": body},
        {
            "type": "response.function_call_arguments.done",
            "response_id": response,
            "item_id": item_id,
            "name": name,
            "call_id": call_id,
            "arguments": arguments,
        },
        {"type": "response.output_item.done", "response_id": response, "item": {**body, "arguments": arguments}},
    ]


def speech(item_id: str, at_ms: int = 0) -> Json:
    return {"type": "input_audio_buffer.speech_started", "item_id": item_id, "audio_start_ms": at_ms}


def committed(item_id: str, previous: str | None) -> Json:
    return {"type": "input_audio_buffer.committed", "item_id": item_id, "previous_item_id": previous}


def heard(item_id: str, text: str) -> Json:
    return {
        "type": "conversation.item.input_audio_transcription.completed",
        "item_id": item_id,
        "transcript": text,
    }


TOOLS: Sequence[Json] = (
    {"type": "function", "function": {"name": "look", "description": "Look.", "parameters": {"type": "object"}}},
)


# -- Gemini's frames


def content(**fields: Any) -> Json:
    return {"serverContent": fields}


def live_sound(data: bytes) -> Json:
    return content(modelTurn={"parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": b64(data)}}]})


def live_words(text: str) -> Json:
    return content(outputTranscription={"text": text})


def live_call(*ids: str) -> Json:
    return {"toolCall": {"functionCalls": [{"id": call_id, "name": "look", "args": {"at": 1}} for call_id in ids]}}


END: Json = {
    "serverContent": {"turnComplete": True},
    "usageMetadata": {"promptTokenCount": 20, "responseTokenCount": 7, "thoughtsTokenCount": 3},
}
