"""What every chat class does when its server, its network or its caller misbehaves."""

from __future__ import annotations

import asyncio
import json
from email.utils import formatdate
from typing import Any

import pytest

from modelport.error import (
    AuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
    NotFoundError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from modelport.model import ChatResponse, ChatStream
from modelport.ports.runtime import Runtime
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ABORT, CLOSE, HANG, RecordedRequest, ScriptedAnswer, ScriptedServer
from modelport.transport import RetryPolicy, Timeouts
from tests.contract.runtimes import runtime_with
from tests.contract.samples import SAMPLES, Sample, question

pytestmark = pytest.mark.parametrize("sample", SAMPLES, ids=str)


def impatient() -> tuple[VirtualClock, Runtime]:
    clock = VirtualClock(skip_sleeps=True)
    return clock, runtime_with(clock)


async def stream_of(model: Any, **options: Any) -> ChatStream:
    stream = await model(question(), **options)
    assert isinstance(stream, ChatStream)
    return stream


async def read(stream: ChatStream) -> tuple[str, ChatResponse]:
    text, last = "", None
    async for response in stream:
        assert last is None
        if response.is_last:
            last = response
        else:
            text += response.text
    assert last is not None
    return text, last


async def test_a_good_stream(sample: Sample) -> None:
    async with ScriptedServer([sample.whole_stream]) as server:
        text, last = await read(await stream_of(sample.model(server.base_url)))
    assert text == last.text == "Hello world"
    assert last.finish_reason == "stop"
    assert last.usage is not None and (last.usage.input_tokens, last.usage.output_tokens) == (5, 2)
    assert [attempt.status_code for attempt in last.attempts] == [200]


async def test_a_good_body(sample: Sample) -> None:
    async with ScriptedServer([ScriptedAnswer.json(sample.body)]) as server:
        response = await sample.model(server.base_url, stream=False)(question())
    assert isinstance(response, ChatResponse)
    assert (response.text, response.is_last, response.finish_reason) == ("Hello world", True, "stop")
    assert response.usage is not None and response.usage.time > 0


async def test_a_server_that_ignores_stream_true(sample: Sample) -> None:
    async with ScriptedServer([ScriptedAnswer.json(sample.body)]) as server:
        text, last = await read(await stream_of(sample.model(server.base_url)))
    assert text == last.text == "Hello world"


async def test_a_server_that_streams_unasked(sample: Sample) -> None:
    async with ScriptedServer([sample.whole_stream]) as server:
        response = await sample.model(server.base_url, stream=False)(question())
    assert isinstance(response, ChatResponse) and response.text == "Hello world"


@pytest.mark.parametrize("end", [None, CLOSE, ABORT], ids=["eof", "close", "reset"])
async def test_a_stream_cut_before_its_end_is_an_error_with_what_came(sample: Sample, end: Any) -> None:
    steps = [*sample.opening, end] if end else [*sample.opening]
    async with ScriptedServer([sample.stream(*steps)]) as server:
        stream = await stream_of(sample.model(server.base_url))
        with pytest.raises(StreamTruncatedError) as caught:
            await read(stream)
        assert len(server.requests) == 1, "content was delivered, so nothing is sent again"
    partial = caught.value.partial
    assert partial is not None and partial.text == stream.partial.text == "Hello world"
    assert not partial.is_last


@pytest.mark.parametrize("began", [False, True])
async def test_a_stream_without_content_is_sent_again(sample: Sample, began: bool) -> None:
    _, runtime = impatient()
    events = sample.opening[:-2] if began else ()
    async with ScriptedServer([sample.stream(*events, CLOSE), sample.whole_stream]) as server:
        text, last = await read(await stream_of(sample.model(server.base_url, runtime=runtime)))
        assert len(server.requests) == 2
    assert text == "Hello world"
    assert [attempt.error for attempt in last.attempts] == ["StreamTruncatedError", None]


async def test_an_error_object_in_the_stream(sample: Sample) -> None:
    async with ScriptedServer([sample.stream(*sample.opening, sample.error_event)]) as server:
        stream = await stream_of(sample.model(server.base_url))
        with pytest.raises(ModelError) as caught:
            await read(stream)
        assert len(server.requests) == 1
    assert isinstance(caught.value, ServerError)
    assert caught.value.partial is not None and caught.value.partial.text == "Hello world"
    assert (caught.value.provider, caught.value.model) != (None, None)


async def test_length_is_reported(sample: Sample) -> None:
    async with ScriptedServer([sample.stream(*sample.opening, *sample.length_ending)]) as server:
        _, last = await read(await stream_of(sample.model(server.base_url)))
    assert last.finish_reason == "length"


@pytest.mark.parametrize("streaming", [True, False])
async def test_503_for_ever_costs_four_requests(sample: Sample, streaming: bool) -> None:
    clock, runtime = impatient()
    async with ScriptedServer(lambda _: ScriptedAnswer.json({"error": {"message": "busy"}}, 503)) as server:
        model = sample.model(server.base_url, stream=streaming, max_retries=3, runtime=runtime)
        with pytest.raises(ServerError) as caught:
            await model(question())
        assert len(server.requests) == 4
    assert [attempt.status_code for attempt in caught.value.attempts] == [503] * 4
    assert len(clock.sleeps) == 3
    assert all(0 <= slept <= 2**n for n, slept in enumerate(clock.sleeps))


async def test_401_costs_one_request_and_keeps_the_key_secret(sample: Sample) -> None:
    _, runtime = impatient()
    key = "sk-secret-key-PlantedWord7"

    def refuse(request: RecordedRequest) -> ScriptedAnswer:
        sent = key if any(key in value for value in request.headers.values()) else "none"
        return ScriptedAnswer.json({"error": {"message": f"bad key {sent}", "code": "invalid"}}, 401)

    async with ScriptedServer(refuse) as server:
        with pytest.raises(AuthenticationError) as caught:
            await sample.model(server.base_url, runtime=runtime)(question())
        assert len(server.requests) == 1
    assert key not in str(caught.value) + repr(caught.value) + str(caught.value.body)
    assert caught.value.status_code == 401 and not caught.value.retryable


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after-ms": "1500", "retry-after": "60"}, 1.5),
        ({"retry-after": formatdate(1_000_020, usegmt=True)}, 20),
    ],
    ids=["seconds", "milliseconds", "date"],
)
async def test_429_waits_as_long_as_the_server_asks(sample: Sample, headers: dict[str, str], waits: float) -> None:
    clock, runtime = impatient()
    busy = ScriptedAnswer.json({"error": {"message": "slow down"}}, 429, headers)
    async with ScriptedServer([busy, sample.whole_stream]) as server:
        await read(await stream_of(sample.model(server.base_url, runtime=runtime)))
    assert clock.sleeps == [waits]


async def test_a_wait_above_the_ceiling_raises_at_once(sample: Sample) -> None:
    clock, runtime = impatient()
    busy = ScriptedAnswer.json({"error": {"message": "slow down"}}, 429, {"retry-after": "3600"})
    async with ScriptedServer([busy]) as server:
        with pytest.raises(RateLimitError) as caught:
            await sample.model(server.base_url, runtime=runtime)(question())
    assert caught.value.retry_after == 3600 and clock.sleeps == []


@pytest.mark.parametrize(("word", "requests"), [("false", 1), ("true", 2)])
async def test_x_should_retry_outranks_the_status(sample: Sample, word: str, requests: int) -> None:
    _, runtime = impatient()
    status = 503 if word == "false" else 400
    refused = ScriptedAnswer.json({"error": {"message": "no"}}, status, {"x-should-retry": word})
    async with ScriptedServer([refused, refused]) as server:
        with pytest.raises(ModelError):
            await sample.model(server.base_url, max_retries=1, runtime=runtime)(question())
        assert len(server.requests) == requests


def expire(scope: asyncio.Timeout) -> None:
    """Let a timeout run out now."""
    scope.reschedule(asyncio.get_running_loop().time())


async def test_asyncio_timeout_ends_a_hanging_stream(sample: Sample) -> None:
    async with ScriptedServer([sample.stream(*sample.opening, HANG)]) as server:
        stream = await stream_of(sample.model(server.base_url))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(None) as scope:
                async for _ in stream:
                    if stream.partial.text == "Hello world":
                        expire(scope)
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)


async def test_asyncio_timeout_ends_a_hanging_request(sample: Sample) -> None:
    async with ScriptedServer([ScriptedAnswer(before=[HANG])]) as server:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(None) as scope, asyncio.TaskGroup() as group:
                group.create_task(sample.model(server.base_url)(question()))
                await server.request(0)
                expire(scope)
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)


async def test_a_task_group_cancels_a_hanging_stream(sample: Sample) -> None:
    seen = asyncio.Event()

    async def consume(url: str) -> None:
        async for _ in await stream_of(sample.model(url)):
            seen.set()

    async def fail() -> None:
        await seen.wait()
        raise LookupError

    async with ScriptedServer([sample.stream(*sample.opening, HANG)]) as server:
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.TaskGroup() as group:
                consumer = group.create_task(consume(server.base_url))
                group.create_task(fail())
        assert caught.value.split(LookupError)[1] is None
        assert consumer.cancelled()
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)


@pytest.mark.parametrize("how", ["aclose", "with", "break", "unread"])
async def test_leaving_a_stream_closes_its_connection(sample: Sample, how: str) -> None:
    async with ScriptedServer([sample.stream(*sample.opening, HANG)]) as server:
        model = sample.model(server.base_url)
        if how == "aclose":
            stream = await stream_of(model)
            await anext(stream)
            await stream.aclose()
        elif how == "with":
            async with await stream_of(model) as stream:
                await anext(stream)
        elif how == "break":
            async for _ in await stream_of(model):
                break
        else:
            await stream_of(model)
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)


@pytest.mark.parametrize(
    ("limits", "expires"),
    [(Timeouts(first_event=60, idle=30), "idle"), (Timeouts(total=20), "total")],
    ids=["idle", "total"],
)
async def test_clocks_in_the_middle_of_a_stream(sample: Sample, limits: Timeouts, expires: str) -> None:
    clock = VirtualClock()
    async with ScriptedServer([sample.stream(*sample.opening, HANG)]) as server:
        stream = await stream_of(sample.model(server.base_url, timeouts=limits, runtime=runtime_with(clock)))
        text = ""
        while text != "Hello world":
            text += (await anext(stream)).text
        reading = asyncio.create_task(read(stream))
        await asyncio.sleep(0)
        clock.advance(19.9)
        await asyncio.sleep(0)
        assert not reading.done()
        clock.advance(10.2)
        with pytest.raises(ModelTimeoutError) as caught:
            await reading
        assert caught.value.clock == expires
        assert caught.value.partial is not None and caught.value.partial.text == "Hello world"
        await asyncio.wait_for(server.requests[0].client_closed.wait(), 30)
    assert clock.pending == 0


async def test_the_first_event_clock_counts_from_the_request(sample: Sample) -> None:
    clock = VirtualClock()
    limits = Timeouts(first_event=60, idle=None)
    async with ScriptedServer([sample.stream(HANG)]) as server:
        model = sample.model(server.base_url, timeouts=limits, max_retries=0, runtime=runtime_with(clock))
        stream = await stream_of(model)
        clock.advance(100)  # the caller's own time does not count
        reading = asyncio.create_task(read(stream))
        await asyncio.sleep(0)
        clock.advance(59)
        await asyncio.sleep(0)
        assert not reading.done()
        clock.advance(1.5)
        with pytest.raises(ModelTimeoutError) as caught:
            await reading
    assert caught.value.clock == "first_event"


async def test_a_slow_reader_is_never_interrupted(sample: Sample) -> None:
    clock = VirtualClock()
    async with ScriptedServer([sample.whole_stream]) as server:
        stream = await stream_of(sample.model(server.base_url, runtime=runtime_with(clock)))
        await anext(stream)
        clock.advance(100_000)
        _, last = await read(stream)
    assert last.text == "Hello world"


async def test_the_error_of_an_unreachable_host_names_the_setting_to_check(sample: Sample) -> None:
    _, runtime = impatient()
    async with ScriptedServer([]) as server:
        url = server.base_url
    with pytest.raises(ModelConnectionError, match="base_url"):
        await sample.model(url, runtime=runtime)(question())


@pytest.mark.parametrize("status", [200, 502, 404])
async def test_an_html_page(sample: Sample, status: int) -> None:
    page = b"<html><head><title>Bad gateway</title></head><body>nginx</body></html>"
    async with ScriptedServer([ScriptedAnswer.whole(page, "text/html", status)]) as server:
        with pytest.raises(ModelError, match="HTML page") as caught:
            stream = await stream_of(sample.model(server.base_url, max_retries=0))
            await read(stream)
    expected = {200: ResponseDecodeError, 502: ServerError, 404: NotFoundError}
    assert isinstance(caught.value, expected[status])


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_body_that_is_not_json(sample: Sample, streaming: bool) -> None:
    async with ScriptedServer([ScriptedAnswer.whole(b'{"choices": [', "application/json")]) as server:
        with pytest.raises(ResponseDecodeError):
            await sample.model(server.base_url, stream=streaming, max_retries=0)(question())


async def test_garbage_in_the_stream_comes_after_what_was_good(sample: Sample) -> None:
    garbage = b"data: {nope\n\n" if "event" in sample.content_type else b"{nope\n"
    async with ScriptedServer([sample.stream(*sample.opening, garbage)]) as server:
        with pytest.raises(ResponseDecodeError) as caught:
            await read(await stream_of(sample.model(server.base_url)))
    assert caught.value.partial is not None and caught.value.partial.text == "Hello world"


async def test_every_cut_of_the_bytes_gives_the_same(sample: Sample) -> None:
    data = b"".join([*sample.opening, *sample.ending])
    answers = [sample.stream(data[:cut], data[cut:]) for cut in range(1, len(data))]
    async with ScriptedServer(answers) as server, sample.model(server.base_url) as model:
        for _ in answers:
            text, last = await read(await stream_of(model))
            assert text == last.text == "Hello world" and last.finish_reason == "stop"


def test_two_event_loops_in_a_row_on_a_model_that_is_never_closed(sample: Sample) -> None:
    async def ask(url: str) -> str:
        text, _ = await read(await stream_of(model))
        return text

    with ScriptedServer([sample.whole_stream, sample.whole_stream]).in_thread() as server:
        model = sample.model(server.base_url)
        assert [asyncio.run(ask(server.base_url)) for _ in range(2)] == ["Hello world"] * 2


async def test_many_calls_at_once_share_nothing(sample: Sample) -> None:
    async with ScriptedServer(lambda _: sample.whole_stream) as server:
        model = sample.model(server.base_url)

        async def ask() -> tuple[str, ChatResponse]:
            return await read(await stream_of(model))

        results = await asyncio.gather(*(ask() for _ in range(20)))
    assert {text for text, _ in results} == {"Hello world"}
    assert len({last.content[0].id for _, last in results}) == 20


async def test_body_fields_of_the_call_win(sample: Sample) -> None:
    async with ScriptedServer([sample.whole_stream]) as server:
        model = sample.model(server.base_url)
        stream = await model(question(), extra_body={"zebra": 1}, extra_headers={"x-trace": "7"}, lion=2)
        await read(stream)  # type: ignore[arg-type]  # a stream, as asked
    body = json.loads(server.requests[0].body)
    assert (body["zebra"], body["lion"]) == (1, 2)
    assert server.requests[0].headers["x-trace"] == "7"


async def test_retry_policy_and_max_retries_together_are_refused(sample: Sample) -> None:
    with pytest.raises(ModelError, match="not both"):
        sample.model("http://127.0.0.1:1", max_retries=1, retry_policy=RetryPolicy())


@pytest.mark.parametrize("junk", [b"[]", b"7", b'{"choices": 3, "message": 3, "candidates": 3, "type": 5}', b'"x"'])
async def test_json_of_a_shape_the_protocol_does_not_have(sample: Sample, junk: bytes) -> None:
    event = b"data: " + junk + b"\n\n" if "event" in sample.content_type else junk + b"\n"
    async with ScriptedServer([sample.stream(*sample.opening, event)]) as server:
        with pytest.raises((ResponseDecodeError, StreamTruncatedError)) as caught:
            await read(await stream_of(sample.model(server.base_url)))
    assert caught.value.partial is not None and caught.value.partial.text == "Hello world"
