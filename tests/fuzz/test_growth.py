"""Nothing takes more than linear time: for each reader and writer, inputs that grow, and the growth of the CPU time.

Each case is measured at a size that takes a few milliseconds, and at thirty-two times that size. Linear is an
exponent of 1, a square 2; at most 1.2 is allowed, in the best of several measurements.
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any

import pytest

from modelport.adapters.cassettes.found_secrets import body_secrets
from modelport.adapters.rate_limit.headers import remaining
from modelport.adapters.wire.errors import read_error
from modelport.adapters.wire.framing import NDJSONFramer, SSEFramer
from modelport.adapters.wire.json_text import parse_json
from modelport.adapters.wire.words.think_tags import ThinkTags
from modelport.adapters.wire.yaml_text import YamlFault, read_yaml
from modelport.application.structured.output_spec import OutputSpec
from modelport.application.structured.reading import InvalidAnswerError, read_object
from modelport.cli.console.terminal import printable
from modelport.domain.chat.history import escape_history_tags
from modelport.domain.chat.tokens import estimate_tokens
from modelport.domain.embedding.dedupe import deduplicate
from modelport.domain.embedding.packing import RequestLimits, pack
from modelport.domain.message.urls import encoded_url
from modelport.domain.retry import parse_retry_after
from modelport.domain.secrets import SecretFilter, hide_url_secrets
from modelport.domain.speech.text import ColdStart, Sentences, cut_text, split_text
from modelport.domain.structured.json_text import PartialJson
from modelport.domain.structured.schema_adapt import adapt
from modelport.domain.structured.schema_repair import repaired
from modelport.domain.structured.schema_restore import restored
from modelport.domain.structured.schema_rules import GEMINI as GEMINI_RULES
from modelport.domain.structured.schema_rules import OPENAI_STRICT
from modelport.domain.structured.schema_values import fitted
from modelport.domain.unicode import well_formed_value
from modelport.error import ModelError
from modelport.formatter import (
    AnthropicChatFormatter,
    GeminiChatFormatter,
    OpenAIChatFormatter,
    OpenAIMultiAgentFormatter,
    OpenAIResponseFormatter,
)
from modelport.message import AssistantMsg, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock, UserMsg
from tests.contract.samples import ANTHROPIC, DASHSCOPE, GEMINI, OLLAMA, OPENAI, OPENAI_RESPONSES, Sample, question
from tests.contract.samples.sample import line, sse
from tests.fuzz.test_decoders import Transport

Json = dict[str, Any]  # Any: JSON
Run = Callable[[int], Callable[[], Any]]
"""Makes the work on an input of a size, so that the making is not measured."""

LEAST_SECONDS, FACTOR, MOST = 0.0015, 32, 1.2


def seconds(work: Callable[[], Any]) -> float:
    gc.collect()
    gc.disable()
    try:
        started = time.thread_time()
        work()
        return time.thread_time() - started
    finally:
        gc.enable()


def exponent(make: Run) -> float:
    """The growth of the time with the size."""
    size = 1024 if make in WINDOWS else 16
    while (least := seconds(make(size))) < LEAST_SECONDS and size < 100_000:
        size *= 2
    if least < LEAST_SECONDS:  # does not depend on the size
        return 0.0
    middle = seconds(make(4 * size))
    for _ in range(4):
        if middle < 10 * least:
            break
        least, middle = min(least, seconds(make(size))), min(middle, seconds(make(4 * size)))
    else:  # do not wait for what would take minutes
        return math.log(middle / least, 4)
    most = found = math.inf
    for _ in range(10):
        least, most = min(least, seconds(make(size))), min(most, seconds(make(FACTOR * size)))
        found = math.log(most / least, FACTOR)
        if found <= MOST:
            break
    return found


def text_case(work: Callable[[str], Any], unit: str, before: str = "", after: str = "") -> Run:
    return lambda size: partial(work, before + unit * size + after)


def fed(new: Callable[[], Any], unit: str, before: str = "") -> Run:
    """Many pieces for one reader."""

    def make(size: int) -> Callable[[], Any]:
        def work() -> None:
            reader = new()
            if before:
                reader.feed(before)
            for _ in range(size):
                reader.feed(unit)
            (getattr(reader, "finish", None) or getattr(reader, "flush", None) or (lambda: None))()

        return work

    return make


def quiet(work: Callable[[str], Any]) -> Callable[[str], Any]:
    def run(text: str) -> None:
        with suppress(InvalidAnswerError, YamlFault, ModelError, ValueError):
            work(text)

    return run


def pieces(new: Callable[[], Any], unit: bytes, size: int) -> Callable[[int], Callable[[], Any]]:
    def make(count: int) -> Callable[[], Any]:
        data = unit * count

        def work() -> None:
            framer = new()
            for start in range(0, len(data), size):
                framer.feed(data[start : start + size])
            framer.tail()

        return work

    return make


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

SECRETS = SecretFilter(["sk-0123456789abcdef", "another-secret-key", "a" * 40])
READERS: dict[str, Run] = {
    "sse: events": pieces(SSEFramer, b"data: a\n\n", 4096),
    "sse: one long event": pieces(SSEFramer, b"data: a\n", 64),
    "sse: one long line": pieces(SSEFramer, b"aaaaaaa", 64),
    "sse: carriage returns": pieces(SSEFramer, b"data: a\r\n\r\n", 3),
    "sse: comments": pieces(SSEFramer, b": a\n", 5),
    "ndjson: lines": pieces(NDJSONFramer, b"{}\n", 4096),
    "ndjson: one long line": pieces(NDJSONFramer, b"[1,2],", 64),
    "ndjson: blank lines": pieces(NDJSONFramer, b" \n", 3),
    "json: lists": text_case(parse_json, "[],", "[", "0]"),
    "json: quotes": text_case(quiet(parse_json), '"\\', "[" * 300),
    "json: deep": text_case(quiet(parse_json), "["),
    "json: vectors": text_case(parse_json, "[0.12345],", "[", "0]"),
    "errors: text": text_case(lambda text: read_error(text.encode()), "no "),
    "errors: tags": text_case(lambda text: read_error(text.encode()), "<script "),
    "errors: list": text_case(lambda text: read_error(text.encode()), '{"msg": "a"},', '{"detail": [', "{}]}"),
    "errors: events": text_case(lambda text: read_error(text.encode()), "data: a\n\n"),
    "object: blanks": text_case(quiet(read_object), " ", "<think"),
    "object: fence": text_case(quiet(read_object), "\t ", "```"),
    "object: fences": text_case(quiet(read_object), "``` "),
    "object: thoughts": text_case(quiet(read_object), "<think>"),
    "object: brackets": lambda size: lambda: quiet(read_object)("[" * size + "}" * size),
    "object: braces": text_case(quiet(read_object), "{}"),
    "object: words": text_case(quiet(read_object), "a ", '{"a": "', '"}'),
    "object: escapes": text_case(quiet(read_object), '\\"', '{"a": "', '"}'),
    "object: fields": text_case(quiet(read_object), '"a": 1,', "{", '"b": 1}'),
    "partial: words": fed(PartialJson, "word ", '{"a": "'),
    "partial: fields": fed(PartialJson, '1, "k": ', '{"k": '),
    "partial: blanks": fed(PartialJson, " "),
    "partial: thoughts": fed(PartialJson, "hm ", "<think>"),
    "partial: halves": fed(PartialJson, "\\ud83d", '{"a": "'),
    "tags: blanks": fed(ThinkTags, " "),
    "tags: line breaks": fed(ThinkTags, "\n", "<think>a"),
    "tags: signs": fed(ThinkTags, "</", "<think>a"),
    "tokens: words": text_case(estimate_tokens, "word, "),
    "tokens: signs": text_case(estimate_tokens, "-", after="\x00"),
    "tokens: blanks": text_case(estimate_tokens, " ", after="a"),
    "speech: stops": text_case(lambda text: split_text(text, 500), "."),
    "speech: stops in one": text_case(lambda text: split_text(text, len(text) - 1), "."),
    "speech: words": text_case(lambda text: split_text(text, 500), "word "),
    "speech: accents": text_case(lambda text: cut_text(text, 500), "\u0301"),
    "speech: blanks": text_case(lambda text: split_text(text, 500), " ", "a", "b"),
    "sentences: words": fed(Sentences, "word "),
    "sentences: stops": fed(Sentences, "!"),
    "sentences: line breaks": fed(Sentences, "\n"),
    "cold start: words": fed(lambda: ColdStart(words=10**9), "word "),
    "cold start: one word": fed(lambda: ColdStart(words=2), "word"),
    "cold start: blanks": fed(ColdStart, " "),
    "history: tags": text_case(escape_history_tags, "<history "),
    "secrets: near misses": text_case(SECRETS.hide, "sk-0123456789abcde "),
    "secrets: one letter": text_case(SECRETS.hide, "a", "b"),
    "secrets: escapes": text_case(SECRETS.hide, "%61\\u0061"),
    "secrets: urls": text_case(hide_url_secrets, "http://a:"),
    "secrets: body": text_case(lambda text: body_secrets(text.encode()), 'name="key"\r\n'),
    "secrets: form": text_case(lambda text: body_secrets(text.encode()), "--a\r\nname: key\r\n"),
    "terminal": text_case(printable, "\x9b[0m"),
    "url: blanks": text_case(quiet(encoded_url), " ", "https://a.example/"),
    "url: signs": text_case(quiet(encoded_url), "@", "https://"),
    "yaml: list": text_case(lambda text: read_yaml(text.encode()), "- a\n"),
    "yaml: keys": lambda size: lambda: read_yaml("".join(f"k{n}: 1\n" for n in range(size)).encode()),
    "yaml: deep": text_case(quiet(lambda text: read_yaml(text.encode())), "["),
    "yaml: tabs": text_case(quiet(lambda text: read_yaml(text.encode())), "a: 'b'\t\n"),
    "yaml: aliases": text_case(quiet(lambda text: read_yaml(text.encode())), "- *a\n", "- &a b\n"),
    "headers: reset": text_case(lambda text: list(remaining({"x-ratelimit-reset-requests": text}, 0.0)), "9"),
    "headers: retry after": text_case(lambda text: parse_retry_after({"retry-after": text}, 0.0), "9"),
    "headers: date": text_case(lambda text: parse_retry_after({"retry-after": text}, 0.0), "Fri, "),
    "unicode": lambda size: lambda: well_formed_value({"a": ["\ud83d"] * size}),
}


def properties(size: int) -> Json:
    names = {f"p{number}": {"type": ["integer", "null"]} for number in range(size)}
    return {"type": "object", "properties": names, "required": list(names)[: size // 2]}


def all_of(size: int) -> Json:
    """Each definition is two of the next one, which read one by one would be a power of two."""
    pairs = {f"n{number}": {"allOf": [{"$ref": f"#/$defs/n{number + 1}"}] * 2} for number in range(size)}
    return {"type": "object", "allOf": [{"$ref": "#/$defs/n0"}], "$defs": {**pairs, f"n{size}": {"type": "object"}}}


def references(size: int) -> Json:
    names = {f"p{number}": {"$ref": f"#/$defs/n{number // 2}"} for number in range(size)}
    made = {f"n{number}": {"type": "object", "properties": {"a": {}}} for number in range(size)}
    return {"type": "object", "properties": names, "$defs": made}


def union(size: int) -> Json:
    branches = [{"type": "object", "properties": {"k": {"const": f"v{number}"}}} for number in range(size)]
    return {"type": "object", "properties": {"a": {"anyOf": branches}}}


def schema_case(work: Callable[[Json], Any], schema: Callable[[int], Json]) -> Run:
    return lambda size: partial(work, schema(size))


def quiet_schema(schema: Json) -> None:
    with suppress(ModelError):
        OutputSpec(schema)


def restore(schema: Json) -> Any:
    schema = repaired(schema)[0]
    value = {name: None for name in schema.get("properties", {})}
    return restored(value, schema, adapt(schema, OPENAI_STRICT))


SHAPES = {"properties": properties, "pairs": all_of, "references": references, "union": union}
WALKERS = {
    "adapt strictly": lambda schema: adapt(repaired(schema)[0], OPENAI_STRICT),
    "adapt for Gemini": lambda schema: adapt(repaired(schema)[0], GEMINI_RULES),
    "specify": quiet_schema,
    "repair": repaired,
    "fit": lambda schema: fitted(dict.fromkeys(schema.get("properties", {}), "7"), repaired(schema)[0]),
    "restore": restore,
}
SCHEMAS: dict[str, Run] = {
    f"{walker}: {shape}": schema_case(work, schema)
    for walker, work in WALKERS.items()
    for shape, schema in SHAPES.items()
}


@cache
def turns(count: int) -> list[Any]:
    made: list[Any] = []
    for number in range(count):
        call = ToolCallBlock(id=f"c{number}", name="f", input="{}")
        made += [
            UserMsg("user", f"question {number}"),
            AssistantMsg("assistant", [ThinkingBlock(thinking="hm"), call]),
            AssistantMsg("assistant", [ToolResultBlock(id=f"c{number}", name="f", output="1")]),
            AssistantMsg("assistant", "answer"),
        ]
    return made


@cache
def same_ids(count: int) -> list[Any]:
    calls = [ToolCallBlock(id="c", name="f", input="{}") for _ in range(count)]
    results = [ToolResultBlock(id="c", name="f", output="1") for _ in range(count)]
    return [UserMsg("user", "q"), AssistantMsg("assistant", [*calls]), AssistantMsg("assistant", [*results])]


@cache
def blocks(count: int) -> list[Any]:
    return [UserMsg("user", [TextBlock(text=f"part {number}") for number in range(count)])]


@cache
def names(count: int) -> list[Any]:
    return [UserMsg(f"user {number}", "a\nb: c") for number in range(count)]


def formatter_case(formatter: Any, messages: Callable[[int], list[Any]]) -> Run:  # Any: any of the classes
    def make(size: int) -> Callable[[], Any]:
        given = messages(size)
        return lambda: asyncio.run(_formatted(formatter.format(given)))

    return make


async def _formatted(rendering: Awaitable[Any]) -> Any:  # Any: wire messages
    return await rendering


HISTORIES = {"turns": turns, "one id": same_ids, "blocks": blocks, "names": names}
FORMATTERS: dict[str, Run] = {
    f"{made.__name__}: {name}": formatter_case(made(), messages)
    for made in (
        OpenAIChatFormatter,
        OpenAIMultiAgentFormatter,
        OpenAIResponseFormatter,
        AnthropicChatFormatter,
        GeminiChatFormatter,
    )
    for name, messages in HISTORIES.items()
}

INPUTS: dict[str, Run] = {
    "pack": lambda size: lambda: pack(["word"] * size, RequestLimits(max_items=7), lambda item: 1),
    "deduplicate": lambda size: lambda: deduplicate([f"word {number}" for number in range(size)]),
}

WINDOWS = {READERS["sentences: stops"], READERS["sentences: words"]}
"""A few hundred characters are looked at again and again, whatever the size."""
CASES = {**STREAMS, **READERS, **SCHEMAS, **FORMATTERS, **INPUTS}


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_worse_than_linear(case: str) -> None:
    found = exponent(CASES[case])
    assert found <= MOST, f"the time grows with the power {found:.2f} of the size"


def test_a_square_is_found() -> None:
    assert exponent(lambda size: lambda: [0 for _ in range(size) for _ in range(size)]) > 1.7
