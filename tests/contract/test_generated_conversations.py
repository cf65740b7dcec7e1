"""The conversations that contracts generate: odd, always the same, and legal for the SDKs' types too."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest

from modelport.message import (
    DataBlock,
    HintBlock,
    Msg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from modelport.testing import FormatterContract
from modelport.testing.contract.chat.collect import collect
from modelport.testing.contract.core.mutated_transport import UnreachableTransport
from modelport.testing.contract.strict.conversations import CONVERSATIONS, SCHEMAS, conversation, tools
from tests.contract.sdk_types import sdk_refusals
from tests.contract.test_contract_suite import contracts

FORMATTERS = {found().subject: found for found in contracts() if issubclass(found, FormatterContract)}
WITH_SDK = {
    "OpenAIChat": "openai_chat",
    "OpenAIResponse": "openai_responses",
    "Anthropic": "anthropic",
    "Gemini": "gemini",
    "Ollama": "ollama",
    "XAI": "xai",
}
SEEDS = range(CONVERSATIONS)


def target_of(formatter: str) -> str | None:
    """The SDK whose types the formatter's requests must fit."""
    longest = sorted(WITH_SDK, key=len, reverse=True)
    found = next((name for name in longest if formatter.startswith(name)), None)
    return "openai_chat" if formatter == "OpenAIMultiAgentFormatter" else WITH_SDK.get(found or "")


@pytest.mark.parametrize("formatter", [name for name in FORMATTERS if target_of(name)])
def test_the_types_of_the_sdk_accept_all_of_them(formatter: str) -> None:
    contract = FORMATTERS[formatter]()
    assert contract.chat is not None
    chat = contract.chat()

    async def refusals(seed: int) -> list[str]:
        model = chat.build(UnreachableTransport(), max_retries=0, formatter=contract.formatter_class())
        await collect(model, conversation(seed).make(), tools=tools(seed))
        (request,) = model.runtime.transport.requests
        return sdk_refusals(str(target_of(formatter)), json.loads(request.body))

    async def all_refusals() -> list[str]:
        return [f"{seed}: {found}" for seed in SEEDS for found in await refusals(seed)]

    assert asyncio.run(all_refusals()) == []


def test_six_of_the_classes_have_an_sdk_that_checks_both_formatters() -> None:
    assert Counter(target_of(name) for name in FORMATTERS if target_of(name)) == dict.fromkeys(WITH_SDK.values(), 2)


def test_a_seed_makes_one_conversation() -> None:
    for seed in SEEDS:
        first, again = conversation(seed), conversation(seed)
        assert [shape(message) for message in first.make()] == [shape(message) for message in again.make()]
        assert first.texts == again.texts
        assert [message.model_dump() for message in first.make()] == [message.model_dump() for message in first.make()]


def shape(message: Msg) -> str:
    """A message without times and ids that are made up."""
    kept = message.model_dump(exclude={"id", "created_at", "finished_at", "content"})
    blocks = [block.model_dump(exclude={"created_at", "finished_at"}) for block in message.content]
    for block in blocks:
        if block["type"] not in ("tool_call", "tool_result"):
            block.pop("id")
        for inner in (block.get("output"), block.get("hint")):
            for each in inner if isinstance(inner, list) else ():
                for name in ("id", "created_at", "finished_at"):
                    each.pop(name)
    return repr((kept, blocks))


def kinds(message: Msg) -> set[str]:
    """What is odd about a message."""
    found = {f"no {message.role} content"} if not message.content else set()
    calls = {block.id for block in message.content if isinstance(block, ToolCallBlock)}
    results = [block.id for block in message.content if isinstance(block, ToolResultBlock)]
    found |= {"unanswered call"} if calls - set(results) else set()
    found |= {"result elsewhere"} if set(results) - calls else set()
    found |= {"result twice"} if len(results) > len(set(results)) else set()
    found |= {"calls at once"} if len(calls) > 1 else set()
    for block in message.content:
        if isinstance(block, ToolCallBlock):
            try:
                legal = isinstance(json.loads(block.input), dict)
            except ValueError:
                legal = False
            found.add("arguments" if legal else "broken arguments")
            found |= {"odd name"} if not block.name.isascii() or len(block.name) > 64 else set()
            found |= {"odd id"} if not block.id.isascii() or len(block.id) > 64 else set()
        elif isinstance(block, ThinkingBlock):
            found.add("redacted thoughts" if block.redacted else "thoughts")
            found |= {f"thoughts of {block.provider_data.provider}"} if block.provider_data else set()
        elif isinstance(block, DataBlock):
            found.add(f"{message.role} media")
            found.add(block.source.media_type)
        elif isinstance(block, TextBlock):
            found |= set() if block.text.strip() else {"blank text"}
        elif isinstance(block, HintBlock):
            found.add("hint")
        elif not block.output:
            found.add("empty result")
    return found


EXPECTED = {
    *("unanswered call", "result elsewhere", "result twice", "calls at once", "arguments", "broken arguments"),
    *("odd name", "odd id", "redacted thoughts", "thoughts", "user media", "assistant media", "blank text", "hint"),
    *("no assistant content", "no system content", "empty result", "image/svg+xml", "application/zip", "image/gif"),
    *(f"thoughts of {name}" for name in ("anthropic", "openai", "gemini", "xai", "moonshot", "elsewhere")),
}


def test_they_hold_every_kind_of_oddity_several_times() -> None:
    found = Counter(kind for seed in SEEDS for message in conversation(seed).make() for kind in kinds(message))
    assert {kind for kind in EXPECTED if found[kind] < 3} == set()
    assert len(SEEDS) >= 132 and {seed % len(SCHEMAS) for seed in SEEDS} == set(range(len(SCHEMAS)))
