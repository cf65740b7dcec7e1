"""What realtime speech does when its server, its network or its caller misbehaves."""

from __future__ import annotations

import asyncio
import gc
import json
from http import HTTPStatus
from typing import Any

import pytest

from modelport.application.speech.realtime.model import RealtimeTTSModel
from modelport.domain.message.wav import streaming_header
from modelport.error import (
    AuthenticationError,
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from modelport.model import ChatResponse
from modelport.testing.clock import VirtualClock
from modelport.transport import Timeouts
from tests.adapters.dashscope.speech_servers import DROP, STALL, SpeechServer, Trouble, closing, saying, voice
from tests.adapters.dashscope.speech_support import (
    COSYVOICE,
    EACH,
    QWEN,
    SAMBERT,
    Kind,
    audio,
    bytes_of,
    nothing_left,
    opened,
    read,
    whole,
)

TEXT = "Hello, world. How are you today?"
PCM = voice(TEXT)
HEADER = streaming_header(24_000)
DUPLEX = pytest.mark.parametrize("kind", [QWEN, COSYVOICE], ids=["qwen", "cosyvoice"])


def came(error: ModelError) -> bytes:
    """The audio that an error kept, which must be a finished WAV."""
    assert isinstance(error.partial, ChatResponse) and not error.partial.is_last
    if not error.partial.content:
        return b""
    wav = bytes_of(error.partial.content[0])
    assert wav[:44] == streaming_header(24_000, size=len(wav) - 44)
    return wav[44:]


def failure(kind: Kind, code: str, message: str = "it failed") -> Any:
    """The error event of this protocol. Any: JSON."""
    if kind is QWEN:
        return saying({"type": "error", "error": {"code": code, "message": message}})
    return saying_failed(code, message)


def saying_failed(code: str, message: str) -> Any:
    async def say(connection: Any) -> None:  # Any: the server's connection
        header = {"event": "task-failed", "error_code": code, "error_message": message}
        await saying({"header": header, "payload": {}})(connection)

    return say


async def speak(kind: Kind, server: Any, way: str, **options: Any) -> tuple[bytes, Any]:
    """The samples of the text and the last response, by each way to have it spoken."""
    if way == "whole":
        response = await whole(kind.model(server, stream=False, **options), TEXT)
        return audio(response)[44:], response
    if way == "stream":
        responses = await read(await opened(kind.model(server, **options), TEXT))
        return b"".join(map(audio, responses))[44:], responses[-1]
    async with kind.model(server, **options) as model:
        heard = audio(await model.push(TEXT[:20])) + audio(await model.push(TEXT[20:]))
        responses = await read(await opened(model))
        return (heard + b"".join(map(audio, responses)))[44:], responses[-1]


WAYS = pytest.mark.parametrize("way", ["whole", "stream", "push"])


POINTS = [(kind, point) for kind in (QWEN, COSYVOICE) for point in ("connected", "started", "text")]


@WAYS
@pytest.mark.parametrize(("kind", "point"), [*POINTS, (SAMBERT, "started")])
@pytest.mark.parametrize(
    "do", [DROP, closing(1011), closing(1000), closing(1013, "full")], ids=["drop", "1011", "1000", "1013"]
)
async def test_a_connection_that_ends_before_the_audio_is_begun_anew(kind: Kind, way: str, point: str, do: Any) -> None:
    async with kind.server(Trouble(point, do), Trouble(point, do)) as server, nothing_left(server):
        heard, last = await speak(kind, server, way)
        assert heard == PCM and server.utterances == [TEXT]
        assert last.attempts[-1].error is None and len(last.attempts) <= 3


@EACH
@WAYS
async def test_one_budget(kind: Kind, way: str) -> None:
    async with kind.server(*[Trouble("started", DROP)] * 9) as server, nothing_left(server):
        with pytest.raises(StreamTruncatedError) as caught:
            await speak(kind, server, way, max_retries=2)
        assert [one.error for one in caught.value.attempts] == ["StreamTruncatedError"] * 3
        assert server.connections == 3, "the connection that `connect` opened was given the text too"
        assert came(caught.value) == b""


async def test_the_waits_double() -> None:
    clock = VirtualClock(skip_sleeps=True)
    async with QWEN.server(*[Trouble("started", DROP)] * 9) as server:
        with pytest.raises(StreamTruncatedError):
            await whole(QWEN.model(server, clock, stream=False), TEXT)
    assert len(clock.sleeps) == 3
    assert all(slept <= most for slept, most in zip(clock.sleeps, (5, 10, 20), strict=True))


@EACH
@WAYS
@pytest.mark.parametrize("do", [DROP, closing(1011)], ids=["drop", "1011"])
async def test_a_connection_that_ends_between_two_pieces(kind: Kind, way: str, do: Any) -> None:
    async with kind.server(Trouble("audio", do)) as server, nothing_left(server):
        with pytest.raises((StreamTruncatedError, ServerError)) as caught:
            await speak(kind, server, way)
        assert server.connections == 1 and len(caught.value.attempts) == 1
        kept = came(caught.value)
        assert kept and PCM.startswith(kept)
        assert (caught.value.provider, caught.value.model) == ("dashscope", kind.name)


@EACH
async def test_a_connection_that_ends_while_it_is_finished(kind: Kind) -> None:
    async with kind.server(Trouble("finish", DROP)) as server, nothing_left(server):
        with pytest.raises(StreamTruncatedError) as caught:
            async with kind.model(server) as model:
                await model.push("One. ")
                if kind is not SAMBERT:
                    assert await model.arrived() is not None
                await read(await opened(model, "Two"))
        assert came(caught.value) == (voice("OneTwo") if kind is SAMBERT else voice("One"))


@DUPLEX
async def test_a_connection_that_ends_while_it_is_finished_before_audio(kind: Kind) -> None:
    async with kind.server(Trouble("finish", DROP)) as server, nothing_left(server):
        assert (await speak(kind, server, "stream"))[0] == PCM


@DUPLEX
@pytest.mark.parametrize(
    ("code", "cls"), [("Throttling", RateLimitError), ("InternalError", ServerError), ("rate_limit", RateLimitError)]
)
async def test_an_error_that_may_pass(kind: Kind, code: str, cls: type[ModelError]) -> None:
    async with kind.server(Trouble("text", failure(kind, code))) as server, nothing_left(server):
        heard, last = await speak(kind, server, "push")
        assert heard == PCM
        assert [one.error for one in last.attempts] == [cls.__name__, None]


@EACH
@WAYS
async def test_an_error_that_stays(kind: Kind, way: str) -> None:
    async with kind.server(Trouble("started", failure(kind, "InvalidParameter"))) as server, nothing_left(server):
        with pytest.raises(InvalidRequestError, match="it failed") as caught:
            await speak(kind, server, way)
        assert (server.connections, len(caught.value.attempts), caught.value.code) == (1, 1, "InvalidParameter")


@EACH
@WAYS
async def test_an_error_after_audio(kind: Kind, way: str) -> None:
    async with kind.server(Trouble("audio", failure(kind, "Throttling"))) as server, nothing_left(server):
        with pytest.raises(RateLimitError) as caught:
            await speak(kind, server, way)
        assert server.connections == 1 and PCM.startswith(came(caught.value)) and came(caught.value)


async def test_a_close_that_blames_the_request_is_tried_once_more() -> None:
    async with QWEN.server(*[Trouble("started", closing(1007, "InvalidParameter"))] * 5) as server:
        with pytest.raises(InvalidRequestError, match=r"1007 .*: InvalidParameter"):
            await speak(QWEN, server, "stream")
        assert server.connections == 2


@EACH
@WAYS
async def test_a_key_that_is_refused_is_asked_for_once(kind: Kind, way: str) -> None:
    async with kind.server(refusals=9) as server, nothing_left(server):
        with pytest.raises(AuthenticationError) as caught:
            await speak(kind, server, way)
        assert (len(server.requests), caught.value.status_code, caught.value.code) == (1, 401, "InvalidApiKey")
        assert "sk-secret-key-PlantedWord7" not in str(caught.value) + str(caught.value.body)
        assert [one.status_code for one in caught.value.attempts] == [401]


@EACH
@WAYS
async def test_a_handshake_that_is_refused_for_now(kind: Kind, way: str) -> None:
    async with kind.server(refusals=2, status=HTTPStatus.SERVICE_UNAVAILABLE) as server, nothing_left(server):
        heard, _ = await speak(kind, server, way)
        assert heard == PCM and len(server.requests) == 3


async def test_nobody_there() -> None:
    async with QWEN.server() as server:
        model = QWEN.model(server, max_retries=1, stream=False)
    for call in (model.connect(), model.synthesize("Hi")):
        with pytest.raises(ModelConnectionError) as caught:
            await call
        assert len(caught.value.attempts) == 2


@pytest.mark.parametrize("frame", ["not json", "[1]", json.dumps({"type": "response.audio.delta", "delta": "%"})])
async def test_what_is_not_the_protocol(frame: str) -> None:
    async def say(connection: Any) -> None:  # Any: the server's connection
        await connection.send(frame)
        await STALL(connection)

    async with QWEN.server(Trouble("text", say)) as server, nothing_left(server):
        with pytest.raises(ResponseDecodeError):
            await speak(QWEN, server, "stream")


async def sentence_spoken_while_silent(model: RealtimeTTSModel, server: SpeechServer, clock: VirtualClock) -> bytes:
    """Push a sentence and wait for 20 seconds, so that the task is finished early; returns its audio."""
    received = audio(await model.push("One. "))
    async with asyncio.timeout(30):
        while True:
            if any(event["header"]["action"] == "continue-task" for event in server.received):
                break
            await asyncio.sleep(0.002)
        clock.advance(20)
        while len(received) < len(HEADER + voice("One")):
            response = await model.arrived()
            assert response is not None
            received += audio(response)
    await asyncio.sleep(0.02)  # the end of the task follows its last audio at once
    return received


@pytest.mark.parametrize("more", [True, False])
@pytest.mark.parametrize("when", ["at rest", "at once"])
async def test_a_connection_that_ends_while_the_caller_is_silent(more: bool, when: str) -> None:
    """The audio before the end is complete: no error, and none of it is repeated."""
    clock = VirtualClock(skip_sleeps=True)
    async with COSYVOICE.server(clock=clock) as server, nothing_left(server):
        async with COSYVOICE.model(server, clock) as model:
            heard = await sentence_spoken_while_silent(model, server, clock)
            closing = asyncio.ensure_future(server.close_all(1011))
            if when == "at rest":
                await closing
                await asyncio.sleep(0.02)
            if more:
                heard += audio(await model.push("Two. "))
            responses = await read(await opened(model, "Three" if more else None))
            await closing
        heard += b"".join(map(audio, responses))
        assert heard == HEADER + voice("One Two Three" if more else "One")
        assert server.utterances == (["One. ", "Two. Three"] if more else ["One. "])
        assert server.connections == (2 if more else 1)
        assert len(responses[-1].attempts) == server.connections


async def test_what_follows_a_silence_may_be_tried_again() -> None:
    clock = VirtualClock(skip_sleeps=True)
    async with COSYVOICE.server(None, Trouble("text", DROP), Trouble("text", DROP)) as server, nothing_left(server):
        async with COSYVOICE.model(server, clock) as model:
            heard = await sentence_spoken_while_silent(model, server, clock)
            heard += b"".join(map(audio, responses := await read(await opened(model, "Two"))))
        assert heard == HEADER + voice("OneTwo")
        assert server.utterances == ["One. ", "Two"]
        assert [one.error for one in responses[-1].attempts] == ["StreamTruncatedError"] * 2 + [None]


# ---- clocks


def stalling(reached: asyncio.Event) -> Any:
    """Say nothing more, and tell the test so. Any: the server's connection."""

    async def stall(connection: Any) -> None:
        reached.set()
        await STALL(connection)

    return stall


async def turned(clock: VirtualClock, task: asyncio.Future[Any], seconds: float) -> None:
    """Let the task run while the clock turns this far, a second at a time."""
    for _ in range(int(seconds)):
        await asyncio.sleep(0.002)
        clock.advance(1)
    await asyncio.sleep(0.01)


TIMEOUTS = Timeouts(connect=5, first_event=20, idle=10, total=100)


@EACH
@pytest.mark.parametrize("point", ["started", "audio"])
async def test_a_server_that_falls_silent(kind: Kind, point: str) -> None:
    clock, reached = VirtualClock(), asyncio.Event()
    async with kind.server(Trouble(point, stalling(reached))) as server, nothing_left(server):
        model = kind.model(server, clock, timeouts=TIMEOUTS, max_retries=0, stream=False)
        task = asyncio.ensure_future(model.synthesize(TEXT))
        await reached.wait()
        await turned(clock, task, 9)
        assert not task.done()
        await turned(clock, task, 2)
        with pytest.raises(ModelTimeoutError) as caught:
            await task
        assert caught.value.clock == "idle"
        assert bool(came(caught.value)) == (point == "audio")
    assert clock.pending == 0


@DUPLEX
@pytest.mark.parametrize("point", ["text", "finish"])
async def test_a_server_that_falls_silent_after_the_text_was_pushed(kind: Kind, point: str) -> None:
    """The clocks begin with the end of the text, not before."""
    clock, reached = VirtualClock(), asyncio.Event()
    async with (
        kind.server(Trouble(point, stalling(reached))) as server,
        nothing_left(server),
        kind.model(server, clock, timeouts=TIMEOUTS, max_retries=0) as model,
    ):
        await model.push("Hello")
        if point == "text":
            await reached.wait()
        clock.advance(15)
        stream = await opened(model)
        await reached.wait()
        task = asyncio.ensure_future(read(stream))
        await turned(clock, task, 9)
        assert not task.done()
        await turned(clock, task, 2)
        with pytest.raises(ModelTimeoutError) as caught:
            await task
        assert caught.value.clock == "idle"
    assert clock.pending == 0


async def test_audio_that_comes_slowly_is_in_time() -> None:
    """The first-event clock is over with the first audio, however long the rest takes."""
    clock, started = VirtualClock(), asyncio.Event()

    async def drip(connection: Any) -> None:  # Any: the server's connection
        for _ in range(20):
            started.set()
            await connection.send(b"\1\2")
            await asyncio.sleep(0.01)

    async with COSYVOICE.server(Trouble("audio", drip)) as server, nothing_left(server):
        stream = await opened(COSYVOICE.model(server, clock, timeouts=TIMEOUTS, max_retries=0), "Hello.")
        task = asyncio.ensure_future(read(stream))
        await started.wait()
        await turned(clock, task, 60)
        assert len(b"".join(map(audio, await task))) == 44 + 40 + len(voice("Hello"))


async def test_signs_of_life_without_audio() -> None:
    reached = asyncio.Event()

    async def chatter(connection: Any) -> None:  # Any: the server's connection
        reached.set()
        while True:
            await connection.send(json.dumps({"type": "session.updated"}))
            await asyncio.sleep(0.001)

    clock = VirtualClock()
    async with QWEN.server(Trouble("text", chatter)) as server, nothing_left(server):
        model = QWEN.model(server, clock, timeouts=TIMEOUTS, max_retries=0)
        stream = await opened(model, TEXT)
        task = asyncio.ensure_future(read(stream))
        await reached.wait()
        await turned(clock, task, 21)
        with pytest.raises(ModelTimeoutError) as caught:
            await task
        assert caught.value.clock == "first_event"


async def test_a_server_that_does_not_greet() -> None:
    clock, reached = VirtualClock(), asyncio.Event()
    async with QWEN.server(*[Trouble("connected", stalling(reached))] * 9) as server, nothing_left(server):
        for call in ("connect", "synthesize"):
            model = QWEN.model(server, clock, timeouts=TIMEOUTS, max_retries=0)
            task = asyncio.ensure_future(getattr(model, call)(*(["Hi"] if call == "synthesize" else [])))
            await reached.wait()
            reached.clear()
            await turned(clock, task, 6)
            with pytest.raises(ModelTimeoutError) as caught:
                await task
            assert caught.value.clock == "connect"


@DUPLEX
async def test_a_caller_who_takes_time_is_not_interrupted(kind: Kind) -> None:
    """No clock but the total one runs while the text is being written."""
    clock = VirtualClock()
    async with kind.server() as server, nothing_left(server):
        async with kind.model(server, clock, timeouts=TIMEOUTS) as model:
            heard = audio(await model.push("One. "))
            for _ in range(9):
                await asyncio.sleep(0.005)
                clock.advance(10)
            responses = await read(await opened(model, "Two."))
        assert heard + b"".join(map(audio, responses)) == HEADER + voice("OneTwo")
        assert len(responses[-1].attempts) == 1


# ---- callers who leave


@EACH
@pytest.mark.parametrize("point", ["connected", "started", "text", "audio", "finish"])
@pytest.mark.parametrize("way", ["whole", "stream", "push"])
async def test_cancelling_at_every_point(kind: Kind, point: str, way: str) -> None:
    reached = asyncio.Event()
    async with kind.server(Trouble(point, stalling(reached))) as server, nothing_left(server):
        task = asyncio.ensure_future(speak(kind, server, way))
        waiting = asyncio.ensure_future(reached.wait())
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if reached.is_set():
            await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert task.cancelled()
        else:
            assert (await task)[0] == PCM, "this protocol has no such point"


@EACH
async def test_a_timeout_of_the_callers_is_his(kind: Kind) -> None:
    async with kind.server(Trouble("audio", STALL)) as server, nothing_left(server):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await speak(kind, server, "stream")


@EACH
@pytest.mark.parametrize("closed", ["aclose", "dropped"])
async def test_leaving_the_loop_closes(kind: Kind, closed: str) -> None:
    async with kind.server() as server, nothing_left(server):
        server.hold = asyncio.Event()
        stream = await opened(kind.model(server), TEXT)
        async for response in stream:
            if response.content:
                break
        if closed == "aclose":
            await stream.aclose()
            assert [task for task in asyncio.all_tasks() if "RealtimeUtterance" in repr(task)] == []
        del stream, response
        gc.collect()
        await server.emptied()
        server.hold.set()


@EACH
async def test_a_stream_that_nobody_reads_is_closed_with_the_model(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server):
        server.hold = asyncio.Event()
        async with kind.model(server) as model:
            stream = await opened(model, TEXT)
            await server.held.wait()
        await server.emptied()
        server.hold.set()
        with pytest.raises(StreamTruncatedError, match="stopped before its end"):
            await read(stream)


@EACH
async def test_closing_while_text_is_written(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server):
        model = kind.model(server)
        await model.connect()
        await model.push("Hel")
        await model.close()
        await server.emptied()
        await model.connect()
        await model.push("Hello.")
        listening = asyncio.ensure_future(model.arrived())
        await model.close()
        await listening


@DUPLEX
async def test_after_an_error_the_next_text_begins_another_utterance(kind: Kind) -> None:
    async with kind.server(Trouble("audio", failure(kind, "Throttling"))) as server, nothing_left(server):
        async with kind.model(server) as model:
            with pytest.raises(RateLimitError):
                for _ in range(1000):
                    await model.push("One. ")
                    await asyncio.sleep(0.001)
            heard = audio(await model.push("Two. "))
            responses = await read(await opened(model, "Three."))
        assert heard + b"".join(map(audio, responses)) == HEADER + voice("TwoThree")
