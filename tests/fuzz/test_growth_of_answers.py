"""Streamed and whole answers with many of anything take linear time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from modelport.error import ModelError
from tests.contract.samples import ANTHROPIC, DASHSCOPE, GEMINI, OLLAMA, OPENAI, OPENAI_RESPONSES, Sample, question
from tests.contract.samples.sample import line, sse
from tests.fuzz.growth import Json, Run, assert_linear
from tests.fuzz.test_decoders import Transport

pytestmark = pytest.mark.usefixtures("small_heap")  # whose collections are not counted, but last


def chat(sample: Sample, event: Callable[[int], bytes], *, size: int = 4096) -> Run:
    """A streamed answer of many such events, through the public class."""

    def make(count: int) -> Callable[[], Any]:
        body = b"".join([*sample.opening, *map(event, range(count)), *sample.ending])
        transport = Transport(200, {"content-type": sample.content_type}, body, size)
        model = sample.model("http://127.0.0.1:9", stream=True, max_retries=0, transport=transport)

        async def run() -> None:
            with suppress(ModelError):
                async for _ in await model(question()):  # type: ignore[union-attr]  # a stream
                    pass

        return lambda: asyncio.run(run())

    return make


def whole(sample: Sample, change: Callable[[Json, int], None]) -> Run:
    """A whole answer with many of something."""

    def make(count: int) -> Callable[[], Any]:
        answer = json.loads(json.dumps(sample.body))
        change(answer, count)
        transport = Transport(200, {"content-type": "application/json"}, json.dumps(answer).encode(), 1 << 20)
        model = sample.model("http://127.0.0.1:9", stream=False, max_retries=0, transport=transport)

        async def run() -> None:
            with suppress(ModelError):
                await model(question())

        return lambda: asyncio.run(run())

    return make


def openai(delta: Callable[[int], Json], **more: Any) -> Callable[[int], bytes]:
    return lambda number: sse({"id": "1", "choices": [{"index": 0, "delta": delta(number)}], **more})


def call_of(number: int, **place: Any) -> Json:
    return {"tool_calls": [{**place, "function": {"name": "f", "arguments": "{}"}}]}


def gemini(part: Callable[[int], Json], **more: Any) -> Callable[[int], bytes]:
    return lambda number: sse({"candidates": [{"content": {"parts": [part(number)]}, **more}]})


def gemini_cites(number: int) -> bytes:
    sources = {"citationSources": [{"uri": f"https://example.com/{number}"}]}
    return sse({"candidates": [{"content": {"parts": [{"text": "a"}]}, "citationMetadata": sources}]})


def anthropic(**event: Any) -> Callable[[int], bytes]:
    return lambda number: sse(json.loads(json.dumps(event).replace('"@"', str(number + 1))), event=event["type"])


def anthropic_call(number: int) -> bytes:
    block = {"type": "tool_use", "id": f"t{number}", "name": "f", "input": {}}
    start = sse({"type": "content_block_start", "index": number + 1, "content_block": block})
    return start + sse({"type": "content_block_stop", "index": number + 1})


def response_item(number: int) -> bytes:
    item = {"type": "function_call", "id": f"i{number}", "call_id": f"c{number}", "name": "f", "arguments": "{}"}
    return sse({"type": "response.output_item.added", "item": item}) + sse(
        {"type": "response.output_item.done", "item": {**item, "status": "completed"}}
    )


def response_text(number: int) -> bytes:
    item = {"type": "message", "id": f"m{number}", "content": [{"type": "output_text", "text": "ab"}]}
    return sse({"type": "response.output_text.delta", "item_id": f"m{number}", "delta": "a"}) + sse(
        {"type": "response.output_item.done", "item": item}
    )


def detail(number: int) -> Json:
    return {"reasoning_details": [{"index": 0, "type": "reasoning.text", "text": "thought "}]}


def many_calls(answer: Json, count: int) -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": "{}"}}
    answer["choices"][0]["message"]["tool_calls"] = [{"id": f"c{number % 2}", **call} for number in range(count)]


def many_items(answer: Json, count: int) -> None:
    item = {"type": "function_call", "name": "f", "arguments": "{}"}
    answer["output"] = [{**item, "call_id": f"c{number}"} for number in range(count)]


def many_parts(answer: Json, count: int) -> None:
    part = {"text": "a", "thoughtSignature": "c2ln"}
    answer["candidates"][0]["content"]["parts"] = [part] * count


def many_blocks(answer: Json, count: int) -> None:
    block = {"type": "tool_use", "name": "f", "input": {}}
    answer["content"] = [{**block, "id": f"t{number}"} for number in range(count)]


STREAMS: dict[str, Run] = {
    "openai: texts": chat(OPENAI, openai(lambda number: {"content": "word "})),
    "openai: small pieces": chat(OPENAI, openai(lambda number: {"content": "word "}), size=7),
    "openai: calls": chat(OPENAI, openai(lambda number: call_of(number, index=number, id=f"c{number}"))),
    "openai: calls without index": chat(OPENAI, openai(lambda number: call_of(number, id=f"c{number}"))),
    "openai: calls of one index": chat(OPENAI, openai(lambda number: call_of(number, index=0, id=f"c{number}"))),
    "openai: calls of one id": chat(OPENAI, openai(lambda number: call_of(number, index=number, id="c"))),
    "openai: pieces of a call": chat(OPENAI, openai(lambda number: call_of(number, index=0))),
    "openai: usage": chat(OPENAI, lambda number: sse({"choices": [], "usage": {f"k{number}": 1}})),
    "openai: facts": chat(OPENAI, openai(lambda number: {"content": "a", "annotations": [{"n": number}]})),
    "openai: details": chat(OPENAI, openai(detail)),
    "openai: thinking and text": chat(
        OPENAI, openai(lambda number: {"reasoning_content" if number % 2 else "content": "a"})
    ),
    "dashscope: texts": chat(DASHSCOPE, openai(lambda number: {"content": "word "})),
    "gemini: signatures": chat(GEMINI, gemini(lambda number: {"text": "a", "thoughtSignature": "c2ln"})),
    "gemini: calls": chat(GEMINI, gemini(lambda number: {"functionCall": {"name": "f", "args": {}}})),
    "gemini: citations": chat(GEMINI, gemini_cites),
    "gemini: usage": chat(GEMINI, lambda number: sse({"usageMetadata": {f"k{number}": 1}})),
    "gemini: code": chat(GEMINI, gemini(lambda number: {"executableCode": {"code": "1"}})),
    "gemini: pictures": chat(GEMINI, gemini(lambda number: {"inlineData": {"mimeType": "image/png", "data": "AAAA"}})),
    "gemini: facts": chat(GEMINI, gemini(lambda number: {"text": "a"}, groundingMetadata={"queries": ["a"]})),
    "anthropic: texts": chat(
        ANTHROPIC, anthropic(type="content_block_delta", index=0, delta={"type": "text_delta", "text": "a"})
    ),
    "anthropic: calls": chat(ANTHROPIC, anthropic_call),
    "anthropic: citations": chat(
        ANTHROPIC,
        anthropic(type="content_block_delta", index=0, delta={"type": "citations_delta", "citation": {"n": "@"}}),
    ),
    "anthropic: usage": chat(
        ANTHROPIC, lambda number: sse({"type": "message_delta", "delta": {}, "usage": {f"k{number}": 1}})
    ),
    "anthropic: blocks": chat(
        ANTHROPIC, anthropic(type="content_block_start", index="@", content_block={"type": "text", "text": "a"})
    ),
    "anthropic: signatures": chat(
        ANTHROPIC,
        anthropic(type="content_block_start", index="@", content_block={"type": "thinking", "signature": "a"}),
    ),
    "responses: calls without index": chat(OPENAI_RESPONSES, response_item),
    "responses: messages without index": chat(OPENAI_RESPONSES, response_text),
    "ollama: texts": chat(OLLAMA, lambda number: line({"message": {"content": "word "}, "done": False})),
    "ollama: calls": chat(
        OLLAMA,
        lambda number: line({"message": {"tool_calls": [{"function": {"name": "f", "arguments": {}}}]}, "done": False}),
    ),
    "whole: openai calls": whole(OPENAI, many_calls),
    "whole: responses items": whole(OPENAI_RESPONSES, many_items),
    "whole: gemini parts": whole(GEMINI, many_parts),
    "whole: anthropic blocks": whole(ANTHROPIC, many_blocks),
}


@pytest.mark.parametrize("case", STREAMS)
def test_nothing_is_worse_than_linear(case: str) -> None:
    assert_linear(STREAMS[case])
