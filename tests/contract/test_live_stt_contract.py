"""The contract of live transcription on the four protocols, and on protocols that break it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from modelport.composition.defaults import build_runtime
from modelport.credential import DashScopeCredential, GeminiCredential, OpenAICredential
from modelport.domain.transcription.live import LiveSignal, SegmentUpdate
from modelport.ports.codec.live_transcription import LiveProtocol, LiveRequest
from modelport.ports.websocket import Frame, WebSocketConnector
from modelport.stt import (
    DashScopeTranscriptionModel,
    GeminiTranscriptionModel,
    OpenAITranscriptionModel,
    STTModelBase,
)
from modelport.testing import LiveSTTContract, Status, VirtualClock

Json = dict[str, Any]
ITEM = "conversation.item.input_audio_transcription."


def server(*frames: Json) -> list[Json]:
    return [{"dir": "server", "json": frame} for frame in frames]


def client(*kinds: str) -> list[Json]:
    return [{"dir": "client", "json": {"type": kind}} for kind in kinds]


def item(kind: str, name: str, **fields: Any) -> Json:
    return {"type": kind, "item_id": name, **fields}


AUDIO: list[Json] = [{"dir": "client", "audio": True}]
UPDATED = {"type": "session.updated", "session": {}}
OPENAI = [
    *server({"type": "session.created", "session": {}}),
    *client("session.update"),
    *server(UPDATED),
    *client("input_audio_buffer.append"),
    *server(
        item("input_audio_buffer.committed", "u1"),
        item(ITEM + "delta", "u1", delta="Hello"),
        item(ITEM + "delta", "u1", delta=" there."),
    ),
    *client("input_audio_buffer.commit"),
    *server(item("input_audio_buffer.committed", "u2", previous_item_id="u1")),
    *client("session.update"),
    *server(UPDATED, item(ITEM + "completed", "u2", transcript="Bye.")),
    *server(item(ITEM + "completed", "u1", transcript="Hello there.")),
]
QWEN = [
    *server({"type": "session.created", "session": {}}),
    *client("session.update"),
    *server(UPDATED),
    *client("input_audio_buffer.append"),
    *server(
        item(ITEM + "text", "u1", text="Hello", stash=" the"), item(ITEM + "completed", "u1", transcript="Hello there.")
    ),
    *client("session.finish"),
    *server({"type": "session.finished"}),
]


def sentence(text: str, over: bool, number: int = 1) -> Json:
    said = {"sentence_id": number, "begin_time": 0, "end_time": 900 if over else None, "text": text}
    return {"header": {"event": "result-generated"}, "payload": {"output": {"sentence": said}}}


TASK = [
    {"dir": "client", "json": {"header": {"action": "run-task"}}},
    *server({"header": {"event": "task-started"}}),
    *AUDIO,
    *server(sentence("Hello", False), sentence("Hello there.", True)),
    {"dir": "client", "json": {"header": {"action": "finish-task"}}},
    *server(sentence("Bye.", True, 2), {"header": {"event": "task-finished"}}),
]
GEMINI = [
    {"dir": "client", "json": {"setup": {}}},
    *server({"setupComplete": {}}),
    *AUDIO,
    *server(
        {"serverContent": {"inputTranscription": {"text": " Hello"}}},
        {"serverContent": {"turnComplete": True}},
        {"serverContent": {"inputTranscription": {"text": " Bye."}}},
    ),
]


class _Contract(LiveSTTContract):
    kind_of_model: ClassVar[Callable[..., STTModelBase]] = OpenAITranscriptionModel
    credential: ClassVar[Any] = OpenAICredential(api_key="sk-of-the-contract")
    name: ClassVar[str] = "gpt-live-transcribe"
    conversations: ClassVar[dict[str, Sequence[Json]]] = {"two sentences": OPENAI}

    def build(self, connector: WebSocketConnector, clock: VirtualClock) -> STTModelBase:
        runtime = dataclasses.replace(build_runtime(), websockets=connector, clock=clock)
        return type(self).kind_of_model(self.credential, self.name, runtime=runtime, max_retries=0)


class TestOpenAI(_Contract):
    pass


class TestDashScopeTasks(_Contract):
    kind_of_model = DashScopeTranscriptionModel
    credential = DashScopeCredential(api_key="sk-of-the-contract")
    name = "paraformer-realtime-v2"
    conversations: ClassVar = {"two sentences": TASK}


class TestQwen(TestDashScopeTasks):
    name = "qwen3-asr-flash-realtime"
    conversations: ClassVar = {"a sentence": QWEN}


class TestGemini(_Contract):
    kind_of_model = GeminiTranscriptionModel
    credential = GeminiCredential(api_key="sk-of-the-contract")
    name = "gemini-3.5-transcribe-live"
    conversations: ClassVar = {"two sentences": GEMINI}
    ends_quietly = True


class _Faulty:
    """A protocol that is right but for what `change` does to its signals."""

    def __init__(self, inner: LiveProtocol, change: Callable[[list[LiveSignal]], list[LiveSignal]]) -> None:
        self._inner = inner
        self._change = change

    def receive(self, frame: Frame) -> list[LiveSignal]:
        return self._change(self._inner.receive(frame))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def never_final(signals: list[LiveSignal]) -> list[LiveSignal]:
    return [
        dataclasses.replace(signal, final=False) if isinstance(signal, SegmentUpdate) else signal for signal in signals
    ]


def other_ids(signals: list[LiveSignal]) -> list[LiveSignal]:
    return [
        dataclasses.replace(signal, id=signal.id + "!")
        if isinstance(signal, SegmentUpdate) and not signal.final
        else signal
        for signal in signals
    ]


@pytest.mark.parametrize("change", [never_final, other_ids])
async def test_a_broken_protocol_is_found(change: Callable[[list[LiveSignal]], list[LiveSignal]]) -> None:
    class Codec:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def new_protocol(self, request: LiveRequest) -> Any:
            return _Faulty(self._inner.new_protocol(request), change)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    class Broken(TestQwen):
        def build(self, connector: WebSocketConnector, clock: VirtualClock) -> STTModelBase:
            subject = super().build(connector, clock)
            subject.live_codec = Codec(subject.live_codec)  # type: ignore[misc]  # for this one
            return subject

    report = await Broken().run()
    assert [outcome.case for outcome in report.outcomes if outcome.status is Status.BROKEN] == ["final_once"]


async def test_what_is_missing_is_said() -> None:
    class Empty(LiveSTTContract):
        pass

    with pytest.raises(TypeError, match="needs `conversations`"):
        await Empty().run()
