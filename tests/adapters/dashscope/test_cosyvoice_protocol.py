"""The task protocols of CosyVoice and Sambert: frames in, frames and events out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.dashscope.speech.cosyvoice_protocol import CosyVoiceProtocol
from modelport.adapters.dashscope.speech.realtime import CosyVoiceCodec
from modelport.adapters.dashscope.speech.sambert_protocol import SambertProtocol
from modelport.adapters.dashscope.speech.task_protocol import TaskProtocol
from modelport.domain.card.speech_card import TTSModelCard
from modelport.domain.ids import set_id_factory
from modelport.domain.speech.audio import AudioFormat
from modelport.error import (
    InvalidRequestError,
    ModelError,
    ModelTimeoutError,
    QuotaExceededError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
)
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.realtime_speech import (
    AudioReceived,
    RealtimeRequest,
    SegmentFinished,
    ServerReady,
    UtteranceFinished,
)

CARD = TTSModelCard(name="m", label="m", realtime=True, voices=["longanyang"])
WHOLE = TTSModelCard(name="m", label="m", realtime=True, takes_whole_text=True)
AT = Endpoint("ws://host/api-ws/v1", {"authorization": "Bearer sk-secret-key-PlantedWord7"})


@pytest.fixture(autouse=True)
def _ids() -> Iterator[None]:
    numbers = iter(range(10_000))
    set_id_factory(lambda: f"task{next(numbers)}")
    yield
    set_id_factory(None)


def begun(cls: type[TaskProtocol] = CosyVoiceProtocol, **fields: Any) -> TaskProtocol:
    protocol = cls()
    assert protocol.ready
    protocol.start(RealtimeRequest(AT, "m", CARD if cls is CosyVoiceProtocol else WHOLE, **fields))
    return protocol


def tell(protocol: TaskProtocol, name: str, task: str = "task0", usage: Any = None, **header: Any) -> Any:
    payload = {"usage": usage} if usage else {}
    return protocol.receive(
        json.dumps({"header": {"task_id": task, "event": name, **header, "attributes": {}}, "payload": payload})
    )


def sent(protocol: TaskProtocol) -> list[Any]:
    return [json.loads(frame) for frame in protocol.frames_to_send()]


def said(protocol: TaskProtocol) -> list[tuple[str, str, Any]]:
    """Action, task and text of what was sent."""
    frames = sent(protocol)
    return [(one["header"]["action"], one["header"]["task_id"], one["payload"]["input"].get("text")) for one in frames]


def test_text_waits_for_the_task() -> None:
    protocol = begun(parameters={"rate": 1.5}, overrides={"seed": 7})
    assert sent(protocol) == []
    protocol.push("Hello")
    (run,) = sent(protocol)
    assert run == {
        "header": {"action": "run-task", "task_id": "task0", "streaming": "duplex"},
        "payload": {
            "task_group": "audio",
            "task": "tts",
            "function": "SpeechSynthesizer",
            "model": "m",
            "parameters": {
                "text_type": "PlainText",
                "voice": "longanyang",
                "format": "pcm",
                "sample_rate": 24000,
                "rate": 1.5,
                "seed": 7,
            },
            "input": {},
        },
    }
    protocol.push(", world")
    protocol.finish()
    assert sent(protocol) == []
    assert tell(protocol, "task-started") == ServerReady()
    assert said(protocol) == [
        ("continue-task", "task0", "Hello"),
        ("continue-task", "task0", ", world"),
        ("finish-task", "task0", None),
    ]
    assert not protocol.reusable
    ended = tell(protocol, "task-finished", usage={"characters": 12})
    assert type(ended) is UtteranceFinished and ended.usage is not None and ended.usage.characters == 12
    assert protocol.ended and protocol.reusable


def test_a_further_utterance_is_a_further_task() -> None:
    protocol = begun()
    for number in range(3):
        protocol.start(RealtimeRequest(AT, "m", CARD))
        assert not protocol.ended
        protocol.push("Hi")
        protocol.finish()
        tell(protocol, "task-started", f"task{number}")
        tell(protocol, "task-finished", f"task{number}")
        assert protocol.ended
        assert {task for _, task, _ in said(protocol)} == {f"task{number}"}


def test_every_binary_frame_is_audio() -> None:
    """Also on models whose events have no type, and before anything else was said."""
    protocol = begun()
    protocol.push("Hi")
    assert protocol.receive(b"\x01") == AudioReceived(b"\x01")
    tell(protocol, "task-started")
    assert tell(protocol, "result-generated") is None
    assert protocol.receive(b'{"header": 1}') == AudioReceived(b'{"header": 1}')


def test_the_last_count_of_a_task_counts_where_its_end_has_none() -> None:
    protocol = begun()
    protocol.push("Hi")
    protocol.finish()
    tell(protocol, "task-started")
    tell(protocol, "result-generated", usage={"characters": 3})
    tell(protocol, "result-generated", usage={"characters": 5})
    tell(protocol, "result-generated")
    ended = tell(protocol, "task-finished")
    assert ended.usage.characters == 5


def test_what_is_not_known_does_no_harm() -> None:
    protocol = begun()
    protocol.push("Hi")
    sent(protocol)
    for frame in ("{}", '{"header": 5}', '{"header": {"event": "new", "task_id": "task0"}, "payload": 3}'):
        assert protocol.receive(frame) is None
    assert tell(protocol, "task-started", "another") is None
    assert tell(protocol, "task-failed", "another", error_code="x") is None
    assert sent(protocol) == []
    assert tell(protocol, "task-started") == ServerReady()
    assert tell(protocol, "task-started") is None
    assert said(protocol) == [("continue-task", "task0", "Hi")]
    for frame in ("[]", "", "x"):
        with pytest.raises(ResponseDecodeError):
            protocol.receive(frame)


def test_a_silent_caller_ends_the_task_and_the_next_text_begins_another() -> None:
    protocol = begun()
    protocol.keep_alive()
    assert sent(protocol) == [], "there is no task to keep"
    protocol.push("One")
    protocol.keep_alive()
    assert [one[0] for one in said(protocol)] == ["run-task"], "the task has not started"
    tell(protocol, "task-started")
    protocol.keep_alive()
    assert said(protocol) == [("continue-task", "task0", "One"), ("finish-task", "task0", None)]
    protocol.push("Two")
    assert said(protocol) == [], "the last task is still speaking"
    segment = tell(protocol, "task-finished", usage={"characters": 3})
    assert type(segment) is SegmentFinished and not protocol.ended
    assert said(protocol) == [("run-task", "task1", None)]
    protocol.finish()
    tell(protocol, "task-started", "task1")
    assert said(protocol) == [("continue-task", "task1", "Two"), ("finish-task", "task1", None)]
    assert type(tell(protocol, "task-finished", "task1")) is UtteranceFinished


def test_nothing_more_after_a_silence_is_the_end_at_once() -> None:
    protocol = begun()
    protocol.push("One")
    tell(protocol, "task-started")
    protocol.keep_alive()
    assert type(tell(protocol, "task-finished")) is SegmentFinished
    assert not protocol.ended
    protocol.finish()
    assert protocol.ended


def test_long_text_goes_out_in_messages_and_tasks_that_the_server_takes() -> None:
    protocol = begun()
    sentence = "word " * 199 + "end. "
    text = sentence * 250
    protocol.push(text)
    protocol.finish()
    tasks: dict[str, list[str]] = {}
    for number in range(10):
        tell(protocol, "task-started", f"task{number}")
        for action, task, said_text in said(protocol):
            if action == "continue-task":
                tasks.setdefault(task, []).append(said_text)
        if type(tell(protocol, "task-finished", f"task{number}")) is UtteranceFinished:
            break
    assert protocol.ended and len(tasks) == 2
    assert all(len(piece) <= 20_000 and piece.strip().endswith(".") for pieces in tasks.values() for piece in pieces)
    assert all(sum(map(len, pieces)) <= 200_000 for pieces in tasks.values())
    assert "".join(piece for pieces in tasks.values() for piece in pieces) == text


def test_chinese_characters_count_twice() -> None:
    protocol = begun(max_characters=30_000)
    protocol.push("字" * 9_999 + "。" + "字" * 9_999 + "。")
    protocol.finish()
    tell(protocol, "task-started")
    assert [len(text) for action, _, text in said(protocol) if action == "continue-task"] == [10_000]


def test_markup_goes_out_in_one_message() -> None:
    protocol = begun(overrides={"enable_ssml": True})
    protocol.push("<speak>a")
    protocol.push("b</speak>")
    assert sent(protocol) == []
    protocol.finish()
    (run,) = sent(protocol)
    assert run["payload"]["parameters"]["text_type"] == "SSML"
    tell(protocol, "task-started")
    assert said(protocol) == [("continue-task", "task0", "<speak>ab</speak>"), ("finish-task", "task0", None)]


@pytest.mark.parametrize(
    ("code", "message", "cls", "retryable"),
    [
        ("InvalidParameter", "[tts:]Engine return error code: 418", InvalidRequestError, False),
        ("InvalidTask", "no such task", InvalidRequestError, False),
        ("CLIENT_ERROR", "request timeout after 23 seconds.", ModelTimeoutError, True),
        ("CLIENT_ERROR", "bad frame", InvalidRequestError, False),
        ("Throttling", "slow down", RateLimitError, True),
        ("Throttling.SomethingNew", "slow down", RateLimitError, True),
        ("Arrearage", "pay", QuotaExceededError, False),
        ("InternalError", "oops", ServerError, True),
        ("InternalError.Algo", "oops", ServerError, True),
        ("InternalError.Algo.InvalidParameter", "no", InvalidRequestError, False),
        ("ModelServingError", "oops", ServerError, True),
        ("", "", ServerError, True),
    ],
)
def test_a_task_that_fails(code: str, message: str, cls: type[ModelError], retryable: bool) -> None:
    protocol = begun()
    protocol.push("Hi")
    tell(protocol, "task-started")
    with pytest.raises(ModelError) as caught:
        tell(protocol, "task-failed", error_code=code, error_message=message)
    error = caught.value
    assert (type(error), error.retryable, error.code) == (cls, retryable, code or None)
    assert message in error.message and not protocol.reusable
    assert ("voice" in error.message) == ("418" in message)


def test_taking_leave() -> None:
    protocol = begun()
    protocol.cancel()
    assert sent(protocol) == []
    protocol.push("Hi")
    sent(protocol)
    protocol.cancel()
    assert sent(protocol) == [], "the task has not started"
    tell(protocol, "task-started")
    sent(protocol)
    protocol.cancel()
    (frame,) = sent(protocol)
    assert (frame["header"]["action"], frame["payload"]) == ("finish-task", {"input": {"directive": "cancel"}})


def test_handshake_and_format() -> None:
    codec = CosyVoiceCodec()
    request = RealtimeRequest(AT, "m", CARD, parameters={"format": "opus", "sample_rate": 48_000})
    assert codec.handshake(request).url == "ws://host/api-ws/v1/inference"
    assert codec.audio_format(request) == AudioFormat("audio/ogg", 48_000)
    assert isinstance(codec.new_protocol(request), CosyVoiceProtocol)
    assert isinstance(codec.new_protocol(RealtimeRequest(AT, "m", WHOLE)), SambertProtocol)


# ---- Sambert


def test_the_whole_text_is_one_task() -> None:
    protocol = begun(SambertProtocol)
    protocol.push("Hello, ")
    protocol.push("world.")
    protocol.keep_alive()
    assert sent(protocol) == []
    protocol.finish()
    (run,) = sent(protocol)
    assert (run["header"]["streaming"], run["payload"]["input"]) == ("out", {"text": "Hello, world."})
    assert "voice" not in run["payload"]["parameters"]
    assert tell(protocol, "task-started") == ServerReady()
    assert protocol.receive(b"\x01\x02") == AudioReceived(b"\x01\x02")
    assert sent(protocol) == []
    assert type(tell(protocol, "task-finished", usage={"characters": 13})) is UtteranceFinished
    assert protocol.ended and protocol.reusable


def test_a_long_text_takes_several_tasks() -> None:
    protocol = begun(SambertProtocol, max_characters=10)
    protocol.push("One one. Two two. Three.")
    protocol.finish()
    for number, text in enumerate(("One one.", "Two two.", "Three.")):
        assert said(protocol) == [("run-task", f"task{number}", text)]
        tell(protocol, "task-started", f"task{number}")
        assert protocol.ended is False
        tell(protocol, "task-finished", f"task{number}")
    assert protocol.ended


@given(st.lists(st.tuples(st.sampled_from(["push", "silence", "started", "finished"]), st.integers(1, 9)), max_size=40))
def test_no_order_of_calls_and_events_loses_or_repeats_text(steps: list[tuple[str, int]]) -> None:
    protocol = begun()
    pushed = heard = ""
    task = ""
    steps = [*steps, ("finish", 0), *[("started", 0), ("finished", 0)] * 3]
    for step, number in steps:
        if step == "push":
            pushed += str(number)
            protocol.push(str(number))
        elif step == "silence":
            protocol.keep_alive()
        elif step == "finish":
            protocol.finish()
        elif task:
            tell(protocol, f"task-{step}", task)
        for action, current, text in said(protocol):
            assert (action == "run-task") == (current != task)
            task = current
            heard += text or ""
    assert heard == pushed and protocol.ended
