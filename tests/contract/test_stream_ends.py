"""How a stream ends: by the protocol, by its reader, by another task, or with its event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from modelport.credential import GeminiCredential, OpenAICredential
from modelport.error import ModelConnectionError, StreamTruncatedError
from modelport.message import UserMsg
from modelport.model import ChatModelBase, ChatStream, GeminiChatModel, OpenAIChatModel
from modelport.testing import HANG, ScriptedAnswer, ScriptedServer, VirtualClock
from modelport.testing.providers import answer_provider
from modelport.transport import AiohttpTransport, HttpTransport, HttpxTransport, Timeouts
from tests.contract.runtimes import runtime_with

QUESTION = [UserMsg("user", "Hello")]
TRANSPORTS = {"httpx": HttpxTransport, "httpx2": lambda: HttpxTransport("httpx2"), "aiohttp": AiohttpTransport}


def chunk(content: str = "", finish: str | None = None, **facts: object) -> bytes:
    delta = {"content": content} if content else {}
    event = {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **facts}
    return f"data: {json.dumps(event)}\n\n".encode()


def gemini_event(text: str, finish: str | None = None) -> bytes:
    candidate = {"content": {"parts": [{"text": text}]}, **({"finishReason": finish} if finish else {})}
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    return f"data: {json.dumps({'candidates': [candidate], 'usageMetadata': usage})}\n\n".encode()


def sse(*body: object) -> ScriptedAnswer:
    return ScriptedAnswer(headers={"content-type": "text/event-stream"}, body=list(body))  # type: ignore[arg-type]  # a script


def openai(url: str, transport: HttpTransport | None = None, clock: VirtualClock | None = None) -> ChatModelBase:
    credential = OpenAICredential(api_key="sk-0123456789-PlantedWord7", base_url=url)
    return OpenAIChatModel(
        credential, "gpt-4.1", max_retries=0, transport=transport, runtime=runtime_with(clock) if clock else None
    )


async def until(done: Callable[[], bool]) -> None:
    for _ in range(20_000):
        if done():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen")


async def opened(model: ChatModelBase) -> ChatStream:
    stream = await model(QUESTION)
    assert isinstance(stream, ChatStream)
    return stream


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
@pytest.mark.parametrize("usage", [True, False])
async def test_a_connection_that_stays_open_after_the_finish_reason_changes_nothing(
    transport: type, usage: bool
) -> None:
    clock = VirtualClock()
    last = [b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}\n\n'] if usage else []
    body = [chunk("Hello"), chunk(finish="stop"), *last, b": heartbeat\n\n", HANG]
    async with ScriptedServer([sse(*body)]) as server:
        stream = await opened(openai(server.base_url, transport(), clock))
        assert (await anext(stream)).text == "Hello"
        reading = asyncio.create_task(anext(stream))
        await until(lambda: clock.pending >= 2)  # the call's timer, and the grace
        for _ in range(3):
            clock.advance(0.4)
            await asyncio.sleep(0.01)
        response = await asyncio.wait_for(reading, 30)
        assert (response.text, response.finish_reason, response.is_last) == ("Hello", "stop", True)
        assert (response.usage is not None and response.usage.input_tokens == 3) == usage
        assert [step async for step in stream] == []
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)
    assert clock.pending == 0


@pytest.mark.parametrize("idle", [0.3, 0.9])
async def test_clocks_shorter_than_the_grace_leave_a_complete_answer_alone(idle: float) -> None:
    clock = VirtualClock()
    async with ScriptedServer([sse(chunk("Hello"), chunk(finish="stop"), HANG)]) as server:
        credential = OpenAICredential(api_key="sk-0123456789-PlantedWord7", base_url=server.base_url)
        timeouts = Timeouts(idle=idle)
        model = OpenAIChatModel(credential, "m", max_retries=0, timeouts=timeouts, runtime=runtime_with(clock))
        stream = await opened(model)
        assert (await anext(stream)).text == "Hello"
        reading = asyncio.create_task(anext(stream))
        await until(lambda: clock.pending >= 2)
        for _ in range(10):
            clock.advance(idle / 9)
            await asyncio.sleep(0.01)
        response = await asyncio.wait_for(reading, 30)
        assert (response.text, response.finish_reason) == ("Hello", "stop")


async def test_a_lingering_gemini_answer_ends_well() -> None:
    clock = VirtualClock()
    async with ScriptedServer([sse(gemini_event("Hello", "STOP"), HANG)]) as server:
        credential = GeminiCredential(api_key="k-0123456789-PlantedWord7", base_url=server.base_url)
        stream = await opened(GeminiChatModel(credential, "gemini-2.5-flash", runtime=runtime_with(clock)))
        assert (await anext(stream)).text == "Hello"
        reading = asyncio.create_task(anext(stream))
        await until(lambda: clock.pending >= 2)
        clock.advance(1.1)
        response = await asyncio.wait_for(reading, 30)
        assert (response.text, response.finish_reason) == ("Hello", "stop")
        assert response.usage is not None and response.usage.input_tokens == 3


async def test_a_connection_that_breaks_before_the_finish_reason_is_truncated() -> None:
    async with ScriptedServer([sse(chunk("Hello"))]) as server:
        stream = await opened(openai(server.base_url))
        with pytest.raises(StreamTruncatedError):
            async for _ in stream:
                pass


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
async def test_aclose_from_another_task_ends_the_reader(transport: type) -> None:
    async with ScriptedServer([sse(chunk("Hello"), HANG)]) as server:
        stream = await opened(openai(server.base_url, transport()))
        seen = []

        async def read() -> str:
            async for step in stream:
                seen.append(step.text)
            return "ended"

        reader = asyncio.create_task(read())
        await until(lambda: bool(seen))
        await asyncio.sleep(0.01)
        await asyncio.wait_for(stream.aclose(), 30)
        assert await asyncio.wait_for(reader, 30) == "ended"
        assert seen == ["Hello"] and stream.partial.text == "Hello"
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)


async def test_aclose_does_not_hide_another_cancellation() -> None:
    async with ScriptedServer([sse(chunk("Hello"), HANG)]) as server:
        stream = await opened(openai(server.base_url))
        await anext(stream)
        reader = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.01)
        reader.cancel()
        await stream.aclose()
        with pytest.raises(asyncio.CancelledError):
            await reader


async def test_a_cancelled_read_is_no_good_end() -> None:
    async with ScriptedServer([sse(chunk("Hello"), HANG)]) as server:
        stream = await opened(openai(server.base_url))
        await anext(stream)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 0.01)
        for _ in range(2):
            with pytest.raises(StreamTruncatedError, match="cancelled") as caught:
                await anext(stream)
            assert caught.value.partial is not None and caught.value.partial.text == "Hello"
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)


async def test_two_tasks_cannot_read_one_stream() -> None:
    async with ScriptedServer([sse(chunk("Hello"), HANG)]) as server:
        stream = await opened(openai(server.base_url))
        await anext(stream)
        reader = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="one task"):
            await anext(stream)
        await stream.aclose()
        with pytest.raises(StopAsyncIteration):
            await reader


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
def test_a_stream_read_in_the_next_event_loop_raises(transport: type) -> None:
    async def read(stream: ChatStream) -> None:
        async for _ in stream:
            pass

    with ScriptedServer(answer_provider).in_thread() as server:
        model = openai(server.base_url + "/v1", transport())
        stream = asyncio.run(opened(model))
        with pytest.raises((StreamTruncatedError, ModelConnectionError), match="event loop") as caught:
            asyncio.run(read(stream))
        assert caught.value.partial is not None
