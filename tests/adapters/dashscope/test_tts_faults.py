"""What DashScope's speech does when its server, its network or its caller misbehaves."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import gc
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from modelport.credential import DashScopeCredential
from modelport.domain.message.responses import AttemptRecord, ChatUsage
from modelport.domain.message.wav import streaming_header
from modelport.error import (
    AuthenticationError,
    ContentFilterError,
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from modelport.message import Base64Source, DataBlock
from modelport.model import ChatResponse
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ABORT, CLOSE, HANG, ScriptedAnswer, ScriptedServer
from modelport.transport import RetryPolicy, Timeouts
from modelport.tts import DashScopeTTSModel, TTSResponse
from tests.contract.runtimes import runtime_with

PCM = b"\x01\x00\x02\x00"
LONG = "a" * 599 + ". " + "b" * 10
Stream = AsyncGenerator[TTSResponse, None]


def event(data: bytes = b"", reason: str = "null") -> str:
    audio = {"data": base64.b64encode(data).decode(), "id": "audio_1"}
    return json.dumps({"output": {"audio": audio, "finish_reason": reason}, "usage": {"characters": 2}})


GOOD = ScriptedAnswer.sse(event(PCM), event(reason="stop"))
BUSY = ScriptedAnswer.json({"code": "Throttling", "message": "slow down"}, status=429)


def model(server: ScriptedServer, clock: VirtualClock | None = None, **options: Any) -> DashScopeTTSModel:
    runtime = runtime_with(clock or VirtualClock(skip_sleeps=True))
    credential = DashScopeCredential(api_key="sk-secret-key-PlantedWord7", base_url=server.base_url)
    return DashScopeTTSModel(credential, "qwen3-tts-flash", runtime=runtime, **options)


async def opened(subject: DashScopeTTSModel, text: str = "Hi") -> Stream:
    stream = await subject.synthesize(text)
    assert isinstance(stream, AsyncGenerator)
    return stream


async def read(stream: Stream) -> list[TTSResponse]:
    return [response async for response in stream]


def came(error: ModelError) -> bytes:
    """The audio that an error kept, which must be a finished WAV."""
    assert isinstance(error.partial, ChatResponse) and not error.partial.is_last
    if not error.partial.content:
        return b""
    (block,) = error.partial.content
    assert isinstance(block, DataBlock) and isinstance(block.source, Base64Source)
    wav = base64.b64decode(block.source.data)
    assert wav[:44] == streaming_header(24_000, size=len(wav) - 44)
    return wav[44:]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "InvalidApiKey", AuthenticationError),
        (400, "InvalidParameter", InvalidRequestError),
        (400, "DataInspectionFailed", ContentFilterError),
        (429, "Throttling.RateQuota", RateLimitError),
        (500, "InternalError", ServerError),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_is_an_error(status: int, code: str, kind: type[ModelError], stream: bool) -> None:
    answer = ScriptedAnswer.json(
        {"code": code, "message": "no: sk-secret-key-PlantedWord7", "request_id": "r-1"}, status=status
    )
    async with ScriptedServer([answer]) as server:
        with pytest.raises(kind) as caught:
            await model(server, stream=stream, max_retries=0).synthesize("Hi")
    error = caught.value
    assert (error.status_code, error.code, error.provider, error.request_id) == (status, code, "dashscope", "r-1")
    assert len(error.attempts) == 1 and came(error) == b""
    assert "sk-secret-key-PlantedWord7" not in f"{error} {error.body}"


async def test_a_busy_server_is_asked_again() -> None:
    clock = VirtualClock(skip_sleeps=True)
    async with ScriptedServer([BUSY, BUSY, GOOD]) as server:
        responses = await read(await opened(model(server, clock)))
    assert [one.status_code for one in responses[-1].attempts] == [429, 429, 200]
    assert len(clock.sleeps) == 2


async def test_an_error_in_the_stream_keeps_what_came() -> None:
    failed = json.dumps({"code": "Throttling", "message": "too fast sk-secret-key-PlantedWord7", "request_id": "r-2"})
    async with ScriptedServer([ScriptedAnswer.sse(event(PCM), failed)]) as server:
        stream = await opened(model(server))
        assert (await anext(stream)).content is not None
        with pytest.raises(RateLimitError, match="too fast") as caught:
            await read(stream)
        assert len(server.requests) == 1, "audio was delivered, so nothing is spoken twice"
    assert came(caught.value) == PCM and "sk-secret-key-PlantedWord7" not in str(caught.value)


async def test_an_error_before_any_audio_is_tried_again() -> None:
    failed = json.dumps({"code": "Throttling", "message": "too fast", "output": {}})
    async with ScriptedServer([ScriptedAnswer.sse(event(), failed), GOOD]) as server:
        responses = await read(await opened(model(server)))
        assert len(server.requests) == 2
    assert len(responses) == 2 and len(responses[-1].attempts) == 2


@pytest.mark.parametrize("end", [b"", CLOSE, ABORT])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_truncated_stream(end: Any, stream: bool) -> None:
    async with ScriptedServer([ScriptedAnswer.sse(event(PCM), end)]) as server:
        subject = model(server, stream=stream, max_retries=0)
        with pytest.raises((StreamTruncatedError, ModelConnectionError)) as caught:
            answer = await subject.synthesize("Hi")
            assert isinstance(answer, AsyncGenerator)
            await read(answer)
    if end is not ABORT:  # a reset may overtake what was sent before it
        assert isinstance(caught.value, StreamTruncatedError) and came(caught.value) == PCM


async def test_an_error_in_a_later_part_keeps_all_that_was_spoken() -> None:
    async with ScriptedServer([GOOD, ScriptedAnswer.sse(event(PCM), CLOSE)]) as server:
        with pytest.raises(StreamTruncatedError) as caught:
            await read(await opened(model(server), LONG))
    assert came(caught.value) == PCM * 2
    assert [one.number for one in caught.value.attempts] == [1, 2]


async def test_the_parts_share_one_retry_budget() -> None:
    async with ScriptedServer([BUSY, GOOD, BUSY, BUSY, GOOD]) as server:
        with pytest.raises(RateLimitError) as caught:
            await read(await opened(model(server, max_retries=2), LONG))
        assert len(server.requests) == 4
    assert came(caught.value) == PCM and len(caught.value.attempts) == 4
    async with ScriptedServer([BUSY, GOOD, BUSY, GOOD]) as server:
        policy = RetryPolicy(max_retries=2, retry_delay=0)
        assert len(await read(await opened(model(server, retry_policy=policy), LONG))) == 3


@pytest.mark.parametrize(
    "answer",
    [
        ScriptedAnswer.sse("{"),
        ScriptedAnswer.sse('{"output": {"audio": {"data": "not base64!"}}}'),
        ScriptedAnswer.sse('{"output": {"audio": {"data": "AA!!AA=="}}}'),
        ScriptedAnswer.sse('{"output": {"audio": [1]}}'),
        ScriptedAnswer.whole(b"<html>hello</html>", "text/html"),
    ],
)
async def test_what_is_not_the_protocol(answer: ScriptedAnswer) -> None:
    async with ScriptedServer([answer]) as server:
        with pytest.raises(ResponseDecodeError):
            await read(await opened(model(server)))


async def test_a_silent_server_ends_by_the_clock() -> None:
    clock = VirtualClock()
    async with ScriptedServer([ScriptedAnswer.sse(event(PCM), HANG)]) as server:
        stream = await opened(model(server, clock, timeouts=Timeouts(idle=5), max_retries=0))
        assert (await anext(stream)).content is not None
        reading = asyncio.create_task(anext(stream))
        for _ in range(3):
            await asyncio.sleep(0)
        clock.advance(6)
        with pytest.raises(ModelTimeoutError) as caught:
            await reading
        await server.closed()
    assert caught.value.clock == "idle" and came(caught.value) == PCM
    assert clock.pending == 0


@pytest.mark.parametrize("how", ["close", "drop", "unread", "cancel"])
async def test_leaving_early_closes_the_connection(how: str) -> None:
    async with ScriptedServer([ScriptedAnswer.sse(event(PCM), HANG)]) as server:
        stream = await opened(model(server))
        if how != "unread":
            await anext(stream)
        if how == "cancel":
            reading = asyncio.create_task(anext(stream))
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        elif how == "drop":
            del stream
            gc.collect()
        else:
            await stream.aclose()
        async with asyncio.timeout(30):
            await server.closed()


async def test_audio_leaves_before_the_server_has_finished() -> None:
    gate = asyncio.Event()
    async with ScriptedServer([ScriptedAnswer.sse(event(PCM), gate, event(reason="stop"))]) as server:
        stream = await opened(model(server))
        assert (await anext(stream)).content is not None
        gate.set()
        assert [response.is_last for response in await read(stream)] == [True]


async def test_the_connection_is_used_again_for_the_next_part() -> None:
    async with ScriptedServer([GOOD, GOOD]) as server:
        await read(await opened(model(server), LONG))
        assert server.requests[0].client_closed is server.requests[1].client_closed


class Observer:
    """Telemetry that remembers."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def attempt_ended(self, provider: str, model: str, attempt: AttemptRecord) -> None:
        self.seen.append(f"attempt {attempt.status_code}")

    def call_ended(self, provider: str, model: str, usage: ChatUsage | None, error: BaseException | None) -> None:
        self.seen.append(f"call {type(error).__name__ if error else 'ok'}")


@pytest.mark.parametrize(("answers", "end"), [([GOOD, GOOD], "call ok"), ([GOOD, BUSY], "call RateLimitError")])
async def test_an_observer_hears_of_one_call(answers: list[ScriptedAnswer], end: str) -> None:
    observer = Observer()
    async with ScriptedServer(answers) as server:
        subject = model(server, max_retries=0)
        subject.attach(dataclasses.replace(subject.runtime, telemetry=observer))
        try:
            await read(await opened(subject, LONG))
        except RateLimitError:
            assert end != "call ok"
    assert observer.seen[-1] == end
    assert [what.split()[0] for what in observer.seen] == ["attempt", "attempt", "call"]


async def test_two_models_with_different_keys_at_once() -> None:
    async with ScriptedServer([GOOD] * 40) as server:
        models = [
            DashScopeTTSModel(
                DashScopeCredential(api_key=f"sk-key-{key}-PlantedWord7", base_url=server.base_url), "qwen3-tts-flash"
            )
            for key in "ab"
        ]
        streams = await asyncio.gather(*(opened(models[number % 2], f"text {number}") for number in range(40)))
        answers = await asyncio.gather(*map(read, streams))
        sent = {request.json()["input"]["text"]: request.headers["authorization"] for request in server.requests}
    assert all(len(answer) == 2 for answer in answers)
    assert sent == {f"text {number}": f"Bearer sk-key-{'ab'[number % 2]}-PlantedWord7" for number in range(40)}
