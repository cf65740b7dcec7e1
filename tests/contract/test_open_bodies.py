"""Whole answers and errors whose connection stays open: whole JSON is the answer, a moment after its last byte."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from modelport.error import AuthenticationError, ModelError
from modelport.model import ChatModelBase, ChatResponse, ChatStream
from modelport.testing import HANG, ScriptedAnswer, ScriptedServer, VirtualClock
from tests.contract.runtimes import runtime_with
from tests.contract.samples import OPENAI, SAMPLES, Sample, question
from tests.contract.test_stream_ends import TRANSPORTS, until

JSON = {"content-type": "application/json"}
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)
both_ways = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


async def last_of(model: ChatModelBase) -> ChatResponse:
    answer = await model(question())
    if isinstance(answer, ChatResponse):
        return answer
    assert isinstance(answer, ChatStream)
    return [response async for response in answer][-1]


async def ended(reading: asyncio.Task[Any], clock: VirtualClock, timers: int) -> Any:  # Any: what it gives
    """The result: time passes from when so many timers run, the call's among them, until it is there."""
    await until(lambda: clock.pending >= timers)
    for _ in range(500):
        if reading.done():
            break
        clock.advance(0.2)
        await asyncio.sleep(0.005)
    return await asyncio.wait_for(reading, 30)


@every_sample
@both_ways
async def test_a_whole_answer(sample: Sample, stream: bool) -> None:
    clock, body = VirtualClock(), json.dumps(sample.body).encode()
    async with ScriptedServer([ScriptedAnswer(200, JSON, [body[:9], body[9:], HANG])]) as server:
        model = sample.model(server.base_url, stream=stream, max_retries=0, runtime=runtime_with(clock))
        response = await ended(asyncio.create_task(last_of(model)), clock, 2)
        assert response.text == "Hello world" and response.usage is not None and response.usage.output_tokens == 2
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)
    assert clock.pending == 0


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
@both_ways
async def test_over_every_transport(transport: Any, stream: bool) -> None:  # Any: a class of transports
    clock, body = VirtualClock(), json.dumps(OPENAI.body).encode()
    async with ScriptedServer([ScriptedAnswer(200, JSON, [body, b"\r\n", HANG])]) as server, transport() as own:
        model = OPENAI.model(server.base_url, stream=stream, max_retries=0, runtime=runtime_with(clock), transport=own)
        response = await ended(asyncio.create_task(last_of(model)), clock, 2)
        assert response.text == "Hello world"
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)


@both_ways
async def test_a_pause_in_the_middle_is_no_end(stream: bool) -> None:
    """A piece that ends with a bracket is not the end of what is no whole JSON yet."""
    clock, pause = VirtualClock(), asyncio.Event()
    body = json.dumps(OPENAI.body).encode()
    cut = body.rindex(b"}}") + 1
    async with ScriptedServer([ScriptedAnswer(200, JSON, [body[:cut], pause, body[cut:]])]) as server:
        model = OPENAI.model(server.base_url, stream=stream, max_retries=0, runtime=runtime_with(clock))
        reading = asyncio.create_task(last_of(model))
        await until(lambda: clock.pending >= 2)
        clock.advance(5)
        await asyncio.sleep(0.02)
        assert not reading.done()
        pause.set()
        assert (await asyncio.wait_for(reading, 30)).text == "Hello world"
    assert clock.pending == 0


@every_sample
@pytest.mark.parametrize("status", [200, 401])
async def test_the_words_of_an_error_whose_body_does_not_end(sample: Sample, status: int) -> None:
    clock, refusal = VirtualClock(), json.dumps({"error": {"message": "Incorrect API key", "code": 401}}).encode()
    async with ScriptedServer([ScriptedAnswer(status, JSON, [refusal, HANG])]) as server:
        model = sample.model(server.base_url, runtime=runtime_with(clock))
        with pytest.raises(ModelError, match="Incorrect API key") as caught:
            await ended(asyncio.create_task(last_of(model)), clock, 2 if status == 200 else 3)
        assert isinstance(caught.value, AuthenticationError) or status == 200
        assert len(server.requests) == 1


async def test_what_came_of_an_error_that_is_no_json_is_kept() -> None:
    clock = VirtualClock()
    async with ScriptedServer([ScriptedAnswer(403, {}, [b"Blocked by the firewall", HANG])]) as server:
        model = OPENAI.model(server.base_url, runtime=runtime_with(clock))
        with pytest.raises(ModelError, match="Blocked by the firewall"):
            await ended(asyncio.create_task(last_of(model)), clock, 2)
