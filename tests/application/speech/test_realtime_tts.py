"""The engine of realtime speech, with a provider and a connector of the test's own."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from collections.abc import AsyncGenerator, Mapping
from typing import Any, ClassVar

import pytest

from modelport.application.speech.realtime.connection import RealtimeConnection
from modelport.application.speech.realtime.model import RealtimeTTSModel
from modelport.credential import CredentialBase
from modelport.domain.card.speech_card import TTSModelCard
from modelport.domain.errors import ModelError, ServerError
from modelport.domain.message.blocks import DataBlock
from modelport.domain.speech.audio import AudioFormat
from modelport.domain.speech.spoken import DELIVERED_KEPT
from modelport.error import ModelConnectionError, StreamTruncatedError
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.realtime_speech import (
    AudioReceived,
    RealtimeRequest,
    RealtimeTTSCodec,
    ServerReady,
    SpeechEvent,
    SpeechProtocol,
    UtteranceFinished,
)
from modelport.ports.websocket import Frame, WebSocketClosed, WebSocketRequest
from modelport.testing.clock import VirtualClock
from modelport.tts import TTSResponse
from tests.adapters.dashscope.speech_support import audio, opened, read
from tests.contract.runtimes import runtime_with


class Echo:
    """A minimal protocol: text is sent as it is and comes back as samples; `!` ends the utterance."""

    ready = True
    idle = False
    reusable = True
    keep_alive_after = None

    def __init__(self) -> None:
        self.ended = False
        self.out: list[Frame] = []

    def start(self, request: RealtimeRequest) -> None:
        self.ended = False

    def push(self, text: str) -> None:
        self.out.append(text)

    def finish(self) -> None:
        self.out.append("!")

    def keep_alive(self) -> None:
        raise AssertionError("not expected")

    def cancel(self) -> None:
        self.out.append("bye")

    def receive(self, frame: Frame) -> SpeechEvent | None:
        if frame == "!":
            self.ended = True
            return UtteranceFinished()
        if frame == "error":
            raise ServerError("the server failed")
        return AudioReceived(frame) if isinstance(frame, bytes) else ServerReady()

    def closed(self, code: int, reason: str) -> ModelError:
        return StreamTruncatedError(f"closed with {code}")

    def frames_to_send(self) -> list[Frame]:
        out, self.out = self.out, []
        return out


class EchoCodec:
    def handshake(self, request: RealtimeRequest) -> WebSocketRequest:
        return WebSocketRequest(request.endpoint.base_url)

    def new_protocol(self, request: RealtimeRequest) -> SpeechProtocol:
        return Echo()

    def audio_format(self, request: RealtimeRequest) -> AudioFormat:
        return AudioFormat("audio/x-echo")

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        return ServerError("refused", status_code=status)


class EchoModel(RealtimeTTSModel):
    codec: ClassVar[RealtimeTTSCodec] = EchoCodec()

    def endpoint(self) -> Endpoint:
        return Endpoint("ws://nowhere")


class Wire:
    """A connection without a server: it records what is sent, and the test puts in what arrives."""

    def __init__(self, *, blocked: bool = False) -> None:
        self.sent: list[Frame] = []
        self.arriving: asyncio.Queue[Frame] = asyncio.Queue()
        self.free = asyncio.Event()
        self.closed = False
        if not blocked:
            self.free.set()

    async def send(self, frame: Frame) -> None:
        await self.free.wait()
        if self.closed:
            raise WebSocketClosed(1000)
        self.sent.append(frame)

    async def receive(self) -> Frame:
        return await self.arriving.get()

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        self.closed = True


class Wires:
    """A connector with connections that the test has prepared."""

    def __init__(self, *wires: Wire) -> None:
        self.wires = list(wires)

    async def connect(self, request: WebSocketRequest) -> Wire:
        await asyncio.sleep(0)
        return self.wires.pop(0)

    async def aclose(self) -> None:
        """Nothing is open."""


def model(*wires: Wire, **options: Any) -> EchoModel:
    runtime = dataclasses.replace(runtime_with(VirtualClock(skip_sleeps=True)), websockets=Wires(*wires))
    return EchoModel(CredentialBase(), "echo", runtime=runtime, **options)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_provider_of_ones_own() -> None:
    wire = Wire()
    subject = model(wire)
    await subject.connect()
    await subject.push("a")
    await settle()
    wire.arriving.put_nowait(b"123")
    await settle()
    assert audio(await subject.push("b")) == b"123"
    wire.arriving.put_nowait(b"4")
    wire.arriving.put_nowait("!")
    responses = await read(await opened(subject, "c"))
    assert b"".join(map(audio, responses)) == b"4"
    assert wire.sent == ["a", "b", "c", "!"]
    wire.arriving.put_nowait(b"5")
    wire.arriving.put_nowait("!")
    await read(await opened(subject, "again"))
    assert wire.sent[4:] == ["again", "!"] and not wire.closed
    await subject.close()
    assert wire.closed and wire.sent[-1] == "bye"


async def test_push_does_not_wait_for_a_socket_that_takes_nothing() -> None:
    """A server that is busy sending may not read; audio must arrive meanwhile."""
    wire = Wire(blocked=True)
    subject = model(wire)
    await subject.connect()
    for _ in range(50):
        await subject.push("word ")
    wire.arriving.put_nowait(b"audio")
    await settle()
    assert audio(await subject.push("more")) == b"audio"
    assert wire.sent == []
    wire.free.set()
    await settle()
    assert "".join(map(str, wire.sent)) == "word " * 50 + "more"
    await subject.close()


async def test_audio_that_waits_for_its_reader_is_bounded() -> None:
    wire = Wire()
    subject = model(wire)
    await subject.connect()
    await subject.push("a")
    for _ in range(64):
        wire.arriving.put_nowait(bytes(65536))
    await settle()
    for _ in range(50):
        await settle()
    assert wire.arriving.qsize() == 48, "a mebibyte was read, the rest waits at the server"
    size = 0
    while size < 64 * 65536:
        response = await subject.arrived()
        assert response is not None
        size += len(audio(response))
    await subject.close()


async def test_half_of_a_failed_utterance_is_not_repeated() -> None:
    first, second = Wire(), Wire()
    subject = model(first, second)
    await subject.connect()
    await subject.push("one ")
    await settle()
    first.arriving.put_nowait("started")
    first.arriving.put_nowait("error")
    await settle()
    assert first.closed and second.sent == ["one "], "restarted with all its text"
    await subject.push("two")
    await settle()
    assert second.sent == ["one ", "two"]
    second.arriving.put_nowait(b"x")
    second.arriving.put_nowait("error")
    stream: AsyncGenerator[TTSResponse, None] = await opened(subject)
    received = b""
    with pytest.raises(ServerError) as caught:
        async for response in stream:
            received += audio(response)
    assert received == b"x" and second.closed
    assert [one.error for one in caught.value.attempts] == ["ServerError", "ServerError"]
    assert caught.value.partial is not None and len(caught.value.partial.content) == 1


async def test_audio_that_was_not_delivered_is_in_the_error_of_a_whole_file() -> None:
    """Also where more than is kept was delivered by `push`."""
    wire = Wire()
    subject = model(wire, stream=False)
    await subject.connect()
    await subject.push("one ")
    await settle()
    wire.arriving.put_nowait(b"a" * 2 * DELIVERED_KEPT)
    await settle()
    assert len(audio(await subject.push("two "))) == 2 * DELIVERED_KEPT
    wire.arriving.put_nowait(b"b" * 10)
    wire.arriving.put_nowait("error")
    with pytest.raises(ServerError) as caught:
        await subject.synthesize()
    (block,) = caught.value.partial.content if caught.value.partial else []
    assert isinstance(block, DataBlock) and block.to_bytes() == b"b" * 10


async def test_of_a_long_stream_the_error_has_the_beginning() -> None:
    wire = Wire()
    stream: AsyncGenerator[TTSResponse, None] = await opened(model(wire), "one")
    received = 0
    for _ in range(10):
        wire.arriving.put_nowait(b"a" * DELIVERED_KEPT)
    wire.arriving.put_nowait("error")
    with pytest.raises(ServerError) as caught:
        async for response in stream:
            received += len(audio(response))
    (block,) = caught.value.partial.content if caught.value.partial else []
    assert received == 10 * DELIVERED_KEPT
    assert isinstance(block, DataBlock) and DELIVERED_KEPT - 12 < len(block.to_bytes()) <= DELIVERED_KEPT


async def test_cancelling_push_and_close() -> None:
    wire = Wire(blocked=True)
    subject = model(wire)
    await subject.connect()
    before = asyncio.all_tasks()
    pushing = asyncio.ensure_future(subject.push("a"))
    await asyncio.sleep(0)
    pushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pushing
    await subject.close()
    assert wire.closed and asyncio.all_tasks() == before


async def test_closing_before_the_task_ran() -> None:
    wire = Wire()
    subject = model(wire)
    await subject.connect()
    (session,) = subject._sessions
    pushing = subject.push("a")
    pushing.send(None)  # up to its first wait: the task of the utterance exists and has not run
    pushing.close()
    await subject.close()
    assert wire.closed and not session.utterances


async def test_closing_before_the_task_ran_ends_all_waits() -> None:
    subject = model(Wire())
    await subject.connect()
    speaking, closing = asyncio.ensure_future(subject.synthesize("a")), asyncio.ensure_future(subject.close())
    await closing
    with pytest.raises(StreamTruncatedError, match="stopped before its end"):
        async with asyncio.timeout(30):
            await speaking


class Refusing(Wire):
    """A connector that checks what is sent, as a cassette's does, and goes on waiting for frames after a refusal."""

    async def send(self, frame: Frame) -> None:
        raise LookupError(f"{frame!r} is not expected here")


class Ending(Refusing):
    """Its `receive` ends when it is closed, and when its wait is cancelled."""

    async def receive(self) -> Frame:
        try:
            return await super().receive()
        except asyncio.CancelledError:
            raise WebSocketClosed(1006) from None


class Unclosable(Refusing):
    """Closing fails too, once."""

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        if not self.closed:
            await super().aclose()
            raise OSError("cannot be closed")


@pytest.mark.parametrize("kind", [Refusing, Ending])
async def test_the_caller_gets_the_error_of_a_failed_send(kind: type[Wire], caplog: pytest.LogCaptureFixture) -> None:
    """At once, although the socket stays silent after it, and not as a timeout."""
    wire = kind()
    subject = model(wire)
    with pytest.raises(LookupError, match="'hello' is not expected here"):
        await read(await opened(subject, "hello"))
    await subject.close()
    gc.collect()
    assert wire.closed and not caplog.records, "no task keeps an exception that was never retrieved"


async def test_a_failed_close_after_a_failed_send_is_raised_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    subject = model(Unclosable())
    with pytest.raises(ModelConnectionError, match="cannot be closed") as caught:
        await read(await opened(subject, "hello"))
    closing = caught.value.__cause__
    assert isinstance(closing, OSError) and isinstance(closing.__context__, LookupError)
    await subject.close()
    gc.collect()
    assert not caplog.records


async def test_a_farewell_that_cannot_be_sent_does_not_keep_the_connection_open() -> None:
    wire = Refusing()
    subject = model(wire)
    await subject.connect()
    await subject.close()
    assert wire.closed


async def test_a_cancellation_while_a_send_fails_is_kept() -> None:
    request = RealtimeRequest(Endpoint("ws://nowhere"), "echo", TTSModelCard.permissive("echo", {}, realtime=True))
    connection = RealtimeConnection(Refusing(), EchoCodec().new_protocol(request))
    receiving = asyncio.ensure_future(connection.receive())
    await asyncio.sleep(0)
    connection.protocol.push("hello")
    connection.flush()
    await asyncio.sleep(0)  # the send fails and interrupts `receive`
    receiving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    with pytest.raises(LookupError, match="'hello' is not expected here"):
        await connection.receive()
    await connection.aclose()
