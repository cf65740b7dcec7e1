"""Qwen's session protocol: frames in, frames and events out."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.dashscope.speech.qwen_protocol import QwenRealtimeProtocol
from modelport.adapters.dashscope.speech.realtime import QwenRealtimeCodec
from modelport.domain.card.speech_card import TTSModelCard
from modelport.domain.ids import set_id_factory
from modelport.domain.message.wav import streaming_header
from modelport.domain.speech.audio import AudioFormat
from modelport.domain.speech.spoken import SpokenAudio
from modelport.error import (
    AuthenticationError,
    InvalidRequestError,
    ModelError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.realtime_speech import (
    AudioReceived,
    RealtimeRequest,
    SegmentFinished,
    ServerReady,
    UtteranceFinished,
)

CARD = TTSModelCard(name="m", label="m", realtime=True, voices=["Cherry", "Serena"])
AT = Endpoint("ws://host/api-ws/v1", {"authorization": "Bearer sk-secret-key-PlantedWord7"})


@pytest.fixture(autouse=True)
def _ids() -> Iterator[None]:
    numbers = iter(range(1000))
    set_id_factory(lambda: f"{next(numbers)}")
    yield
    set_id_factory(None)


def request(**fields: Any) -> RealtimeRequest:
    return RealtimeRequest(AT, "m", CARD, **fields)


def event(kind: str, **fields: Any) -> str:
    return json.dumps({"event_id": "e", "type": kind, **fields})


def sent(protocol: QwenRealtimeProtocol) -> list[Any]:
    return [json.loads(frame) for frame in protocol.frames_to_send()]


def kinds(protocol: QwenRealtimeProtocol) -> list[str]:
    return [frame["type"] for frame in sent(protocol)]


def speaking(**fields: Any) -> QwenRealtimeProtocol:
    protocol = QwenRealtimeProtocol()
    protocol.receive(event("session.created"))
    protocol.start(request(**fields))
    protocol.frames_to_send()
    return protocol


def test_nothing_leaves_before_the_greeting_and_then_the_settings_come_first() -> None:
    protocol = QwenRealtimeProtocol()
    protocol.start(request(parameters={"speech_rate": 1.5}, overrides={"enable_tn": True}))
    protocol.push("Hello. ")
    protocol.finish()
    assert not protocol.ready and sent(protocol) == []
    assert protocol.receive(event("session.created", session={"id": "s"})) == ServerReady()
    assert protocol.ready
    session = {
        "mode": "server_commit",
        "response_format": "pcm",
        "sample_rate": 24000,
        "speech_rate": 1.5,
        "voice": "Cherry",
        "enable_tn": True,
    }
    assert sent(protocol) == [
        {"event_id": "event_0", "type": "session.update", "session": session},
        {"event_id": "event_1", "type": "input_text_buffer.append", "text": "Hello. "},
        {"event_id": "event_2", "type": "session.finish"},
    ]
    assert sent(protocol) == []
    assert protocol.receive(event("session.finished")) == UtteranceFinished(None, {"session_id": "s"})
    assert protocol.ended and not protocol.reusable


def test_after_the_greeting_text_leaves_as_it_comes() -> None:
    protocol = QwenRealtimeProtocol()
    protocol.receive(event("session.created"))
    assert sent(protocol) == []
    protocol.start(request())
    protocol.push("a")
    assert kinds(protocol) == ["session.update", "input_text_buffer.append"]
    protocol.push("b")
    assert [frame["text"] for frame in sent(protocol)] == ["b"]
    protocol.finish()
    assert kinds(protocol) == ["session.finish"]


def test_a_response_is_not_the_end() -> None:
    protocol = speaking()
    protocol.push("One. Two. ")
    protocol.finish()
    done = event("response.done", response={"id": "r", "status": "completed", "usage": {"characters": 5}})
    for _ in range(2):
        assert protocol.receive(event("response.created", response={"id": "r"})) is None
        segment = protocol.receive(done)
        assert type(segment) is SegmentFinished and segment.usage is not None
        assert (segment.usage.characters, segment.usage.raw, segment.facts) == (
            5,
            {"characters": 5},
            {"response_id": "r"},
        )
        assert not protocol.ended
    protocol.receive(event("session.finished"))
    assert protocol.ended


@pytest.mark.parametrize(
    ("mode", "pushed", "expected"),
    [
        ("commit", True, ["input_text_buffer.commit", "session.finish"]),
        ("commit", False, ["session.finish"]),
        ("server_commit", True, ["session.finish"]),
    ],
)
def test_who_commits(mode: str, pushed: bool, expected: list[str]) -> None:
    protocol = speaking(parameters={"mode": mode})
    if pushed:
        protocol.push("a")
        sent(protocol)
    protocol.finish()
    assert kinds(protocol) == expected


def test_what_is_not_known_does_no_harm() -> None:
    protocol = speaking()
    for frame in (
        event("session.updated", session={"x": 1}),
        event("response.output_item.added", item=None),
        event("response.text.delta", delta="x"),
        event("something.new", a=[1]),
        event("session.created"),
        "{}",
        b'{"type": "something.in.bytes"}',
    ):
        assert protocol.receive(frame) is None
    assert sent(protocol) == []
    assert protocol.receive(event("response.audio.delta", delta="AAA=", unknown=1)) == AudioReceived("AAA=")
    assert protocol.receive(event("response.done")) == SegmentFinished(None, {"response_id": None})


@pytest.mark.parametrize("frame", ["", "[]", "5", "no json", b"\xff\x00"])
def test_what_is_no_event(frame: Any) -> None:
    with pytest.raises(ResponseDecodeError):
        speaking().receive(frame)


@pytest.mark.parametrize("delta", ["A", "%%%%", 5, ["x"]])
def test_what_is_no_audio(delta: Any) -> None:
    with pytest.raises(ResponseDecodeError, match="base64"):
        speaking().receive(event("response.audio.delta", delta=delta))


@pytest.mark.parametrize(
    ("code", "cls", "retryable"),
    [
        ("invalid_value", InvalidRequestError, False),
        ("invalid_request_error", InvalidRequestError, False),
        ("InvalidParameter", InvalidRequestError, False),
        ("InvalidApiKey", AuthenticationError, False),
        ("server_error", ServerError, True),
        ("rate_limit", RateLimitError, True),
        ("Throttling", RateLimitError, True),
        ("something_new", ServerError, True),
    ],
)
def test_error_events(code: str, cls: type[ModelError], retryable: bool) -> None:
    with pytest.raises(ModelError) as caught:
        speaking().receive(event("error", error={"code": code, "message": "it failed", "type": "x", "param": None}))
    error = caught.value
    assert (type(error), error.retryable, error.code, error.message) == (cls, retryable, code, "it failed")


def test_a_response_that_failed() -> None:
    details = {"error": {"code": "rate_limit", "message": "slow down"}}
    with pytest.raises(RateLimitError, match="slow down"):
        speaking().receive(event("response.done", response={"status": "failed", "status_details": details}))


@pytest.mark.parametrize(
    ("code", "cls", "retryable"),
    [
        (1000, StreamTruncatedError, True),
        (1006, StreamTruncatedError, True),
        (1007, InvalidRequestError, True),
        (1008, PermissionDeniedError, False),
        (1011, ServerError, True),
        (1013, OverloadedError, True),
        (4001, StreamTruncatedError, True),
    ],
)
def test_ends_of_the_connection(code: int, cls: type[ModelError], retryable: bool) -> None:
    error = speaking().closed(code, "InvalidParameter")
    assert (type(error), error.retryable, error.code) == (cls, retryable, str(code))
    assert "InvalidParameter" in error.message


def test_a_session_that_ends_too_early_is_told() -> None:
    protocol = speaking()
    protocol.push("Hello")
    with pytest.raises(StreamTruncatedError, match="before the text"):
        protocol.receive(event("session.finished"))


def test_taking_leave() -> None:
    unused = QwenRealtimeProtocol()
    unused.cancel()
    assert sent(unused) == []
    unused.receive(event("session.created"))
    unused.cancel()
    assert kinds(unused) == ["session.finish"]
    quiet = speaking()
    quiet.cancel()
    assert kinds(quiet) == []
    quiet.receive(event("response.created"))
    quiet.cancel()
    assert kinds(quiet) == ["response.cancel"]


def test_handshake_and_format() -> None:
    codec = QwenRealtimeCodec()
    asked = codec.handshake(RealtimeRequest(AT, "a/b c", CARD, extra_headers={"x-mine": "1"}))
    assert asked.url == "ws://host/api-ws/v1/realtime?model=a%2Fb%20c"
    assert asked.headers == {"authorization": "Bearer sk-secret-key-PlantedWord7", "x-mine": "1"}
    assert "secret" not in repr(asked) + repr(request())
    assert codec.audio_format(request()) == AudioFormat("audio/wav", 24_000)
    mp3 = request(parameters={"response_format": "mp3", "sample_rate": 16_000})
    assert codec.audio_format(mp3) == AudioFormat("audio/mpeg", 16_000)
    assert codec.audio_format(request(overrides={"response_format": "opus"})).media_type == "audio/ogg"
    bare = AudioFormat("audio/pcm;rate=16000", 16_000)
    chosen = {"response_format": "pcm", "sample_rate": 16_000}
    assert codec.audio_format(request(parameters=chosen)) == codec.audio_format(request(overrides=chosen)) == bare
    error = codec.map_error(401, {}, b'{"code": "InvalidApiKey", "message": "no"}')
    assert (type(error), error.status_code, error.retryable) == (AuthenticationError, 401, False)


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=12), st.booleans())
def test_any_cut_of_the_audio_gives_the_same_samples(pcm: bytes, cuts: list[int], header: bool) -> None:
    """Each piece is base64 of its own, and may end inside a sample."""
    protocol, spoken = speaking(), SpokenAudio(AudioFormat())
    data = (streaming_header(24_000) if header else b"") + pcm
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    heard, taken = b"", 0
    for start, end in pairwise(places):
        got = protocol.receive(event("response.audio.delta", delta=base64.b64encode(data[start:end]).decode()))
        assert isinstance(got, AudioReceived)
        spoken.feed(got.data)
        if start % 3 == 0:
            block = spoken.take()
            piece = base64.b64decode(block.source.data) if block else b""  # type: ignore[union-attr]  # base64 always
            heard += piece
            taken += bool(piece)
    block = spoken.take()
    heard += base64.b64decode(block.source.data) if block else b""  # type: ignore[union-attr]  # as above
    expected = pcm[: len(pcm) - len(pcm) % 2]
    held_back = b"RIFF".startswith(data[:4]) and not header  # too short to tell from a header
    assert heard == (streaming_header(24_000) + expected if expected else b"") or held_back
