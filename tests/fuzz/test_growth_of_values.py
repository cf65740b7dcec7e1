"""Schemas are walked, messages formatted and inputs packed in linear time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any

import pytest

from modelport.application.structured.output_spec import OutputSpec
from modelport.domain.embedding.dedupe import deduplicate
from modelport.domain.embedding.packing import RequestLimits, pack
from modelport.domain.structured.schema_adapt import adapt
from modelport.domain.structured.schema_repair import repaired
from modelport.domain.structured.schema_restore import restored
from modelport.domain.structured.schema_rules import GEMINI as GEMINI_RULES
from modelport.domain.structured.schema_rules import OPENAI_STRICT
from modelport.domain.structured.schema_values import fitted
from modelport.error import ModelError
from modelport.formatter import (
    AnthropicChatFormatter,
    GeminiChatFormatter,
    OpenAIChatFormatter,
    OpenAIMultiAgentFormatter,
    OpenAIResponseFormatter,
)
from modelport.message import AssistantMsg, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock, UserMsg
from tests.fuzz.growth import Json, Run, assert_linear

pytestmark = pytest.mark.usefixtures("small_heap")  # whose collections are not counted, but last


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

CASES = {**SCHEMAS, **FORMATTERS, **INPUTS}


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_worse_than_linear(case: str) -> None:
    assert_linear(CASES[case])
