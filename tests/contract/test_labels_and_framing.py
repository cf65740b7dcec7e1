"""Answers whose label, framing or keep-alives are not what the protocol says: read right, or refused with their words.

Facts: docs/protocols/transport.md#server-sent-events, docs/protocols/transport.md#labels.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.error import AuthenticationError, ModelError
from modelport.model import ChatResponse, ChatStream
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.contract.samples import SAMPLES, Sample, question

pytestmark = pytest.mark.parametrize("sample", SAMPLES, ids=str)

LABELS = [None, "text/plain", "application/octet-stream", "text/html", "application/problem+json", "text/event-stream"]
WRONG_KEY = json.dumps({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}).encode()


def labelled(label: str | None, *pieces: bytes) -> ScriptedAnswer:
    return ScriptedAnswer(200, {"content-type": label} if label else {}, list(pieces))


async def read(sample: Sample, url: str, *, stream: bool = True, **options: Any) -> tuple[str, ChatResponse]:
    """The text of the deltas, and the last response."""
    answer = await sample.model(url, stream=stream, retry_delay=0, **options)(question())
    if isinstance(answer, ChatResponse):
        return answer.text, answer
    assert isinstance(answer, ChatStream)
    responses = [response async for response in answer]
    return "".join(response.text for response in responses[:-1]), responses[-1]


@pytest.mark.parametrize("label", [*LABELS, "application/json", "application/x-ndjson"])
async def test_a_wrong_key_is_tried_once_whatever_the_label(sample: Sample, label: str | None) -> None:
    async with ScriptedServer(lambda _: labelled(label, WRONG_KEY)) as server:
        with pytest.raises(AuthenticationError, match="Incorrect API key provided"):
            await read(sample, server.base_url)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("label", "indent", "stream"),
    [*((label, None, True) for label in LABELS), (None, 2, True), ("text/event-stream", 2, False)],
)
async def test_a_whole_answer_whatever_the_label(
    sample: Sample, label: str | None, indent: int | None, stream: bool
) -> None:
    body = b"\xef\xbb\xbf\r\n" + json.dumps(sample.body, indent=indent).encode()
    async with ScriptedServer([labelled(label, body[:1], body[1:30], body[30:])]) as server:
        text, last = await read(sample, server.base_url, stream=stream)
    assert text == last.text == "Hello world" and last.is_last
    assert last.usage is not None and (last.usage.input_tokens, last.usage.output_tokens) == (5, 2)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("label", [None, "application/json", "text/html; charset=utf-8", "text/plain"])
async def test_a_stream_whatever_the_label(sample: Sample, label: str | None, stream: bool) -> None:
    pieces = (*sample.opening, *sample.ending)
    for sent in (pieces, (b"".join(pieces),)):
        async with ScriptedServer([labelled(label, *sent)]) as server:
            text, last = await read(sample, server.base_url, stream=stream)
        assert text == last.text == "Hello world" and last.finish_reason == "stop"


@pytest.mark.parametrize("label", [*LABELS, "application/json", "application/x-ndjson"])
async def test_a_login_page_whatever_the_label(sample: Sample, label: str | None) -> None:
    page = b"<!DOCTYPE html>\n<html><head><title>Sign in to CorpNet</title></head><body>Please log in</body></html>"
    async with ScriptedServer(lambda _: labelled(label, page)) as server:
        with pytest.raises(ModelError, match=r"HTML page.*CorpNet"):
            await read(sample, server.base_url)
        assert len(server.requests) == 1


@pytest.mark.parametrize("label", [None, "text/plain", "text/event-stream", "application/json"])
async def test_words_in_place_of_an_answer_are_in_the_error(sample: Sample, label: str | None) -> None:
    async with ScriptedServer(lambda _: labelled(label, b"Unauthorized: token expired\n")) as server:
        with pytest.raises(ModelError, match="token expired"):
            await read(sample, server.base_url)
        assert len(server.requests) == 1


KEEP_ALIVES = [
    b"data:\n\n",
    b"data: \n\n",
    b"event: ping\ndata:\n\n",
    b"data: : keepalive\n\n",
    b"data: ping\n\n",
    b'data: "ping"\n\n',
    b"data: null\n\n",
    b"data: []\n\n",
    b"data: HEARTBEAT 17\n\n",
    b": OPENROUTER PROCESSING\n\n",
    b": one\n: two\n",
    b":\n",
    b"\r\r",
    b"retry: 3000\n\n",
    b"id: 5\nevent: keepalive\n\n",
]


def is_sse(sample: Sample) -> bool:
    return "event-stream" in sample.content_type


@pytest.mark.parametrize("keep_alive", KEEP_ALIVES, ids=repr)
async def test_a_keep_alive_costs_no_answer(sample: Sample, keep_alive: bytes) -> None:
    if not is_sse(sample):
        keep_alive = b"\n \r\n"
    events = [*sample.opening, *sample.ending]
    pieces = [piece for event in events for piece in (keep_alive, event)]
    async with ScriptedServer([sample.stream(b"".join(pieces))]) as server:
        text, last = await read(sample, server.base_url)
    assert text == last.text == "Hello world" and last.finish_reason == "stop"


@pytest.mark.parametrize("end", [b"\r", b"\r\n", b"\n"], ids=repr)
@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_line_ends_a_byte_order_mark_and_cuts(sample: Sample, end: bytes, size: int) -> None:
    data = b"".join((*sample.opening, *sample.ending)).replace(b"\r\n", b"\n")
    data = b"\xef\xbb\xbf" + (data.replace(b"\n", end) if is_sse(sample) else data)
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    async with ScriptedServer([sample.stream(*pieces)]) as server:
        text, last = await read(sample, server.base_url)
    assert text == last.text == "Hello world"


@pytest.mark.parametrize(
    "done", [b"data: [DONE]\n\n", b"data:  [DONE] \n\n", b'data: "[DONE]"\n\n', b"data:[done]\n\n"]
)
async def test_a_gateways_done_after_the_end(sample: Sample, done: bytes) -> None:
    if not is_sse(sample):
        done = done.removeprefix(b"data:")
    last_event = sample.name == "AnthropicChatModel"
    ending = sample.ending[:-1] if last_event else sample.ending
    ending = tuple(event for event in ending if b"[DONE]" not in event)
    async with ScriptedServer([sample.stream(*sample.opening, *ending, done)]) as server:
        text, last = await read(sample, server.base_url, max_retries=0)
    assert text == last.text == "Hello world" and last.finish_reason == "stop"


async def test_lines_of_json_for_events_and_events_for_lines(sample: Sample) -> None:
    data = b"".join((*sample.opening, *sample.ending)).replace(b"\r\n", b"\n")
    lines = [line.removeprefix(b"data: ") for line in data.split(b"\n") if line.startswith((b"data: ", b"{"))]
    other = b"\n".join(lines) if is_sse(sample) else b"".join(b"data: " + line + b"\n\n" for line in lines)
    async with ScriptedServer([labelled("text/event-stream", other)]) as server:
        text, last = await read(sample, server.base_url)
    assert text == last.text == "Hello world"


async def test_a_list_of_events_for_a_stream(sample: Sample) -> None:
    data = b"".join((*sample.opening, *sample.ending)).replace(b"\r\n", b"\n")
    lines = [line.removeprefix(b"data: ") for line in data.split(b"\n") if line.startswith((b"data: {", b"{"))]
    async with ScriptedServer([labelled("application/json", b"[" + b",\n".join(lines) + b"]")]) as server:
        text, last = await read(sample, server.base_url)
    assert text == last.text == "Hello world"


async def test_the_words_of_an_event_are_in_the_error(sample: Sample) -> None:
    words = b"data: upstream connect error\n\n" if is_sse(sample) else b"upstream connect error\n"
    async with ScriptedServer(lambda _: sample.stream(words)) as server:
        with pytest.raises(ModelError, match="upstream connect error"):
            await read(sample, server.base_url, max_retries=0)
