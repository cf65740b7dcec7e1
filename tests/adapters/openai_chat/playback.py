"""What the cassettes of the Chat Completions classes have in common: tools, and an answer taken apart."""

from __future__ import annotations

from typing import Any

from modelport.message import AssistantMsg, Msg, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock
from modelport.model import ChatResponse
from tests.adapters.openai_chat.support import Json

TIDE: Json = {
    "type": "function",
    "function": {
        "name": "tide_table",
        "description": "High and low water of a harbour.",
        "parameters": {"type": "object", "properties": {"harbour": {"type": "string"}}, "required": ["harbour"]},
    },
}
FERRY: Json = {
    "type": "function",
    "function": {
        "name": "ferry_times",
        "description": "Departures of a ferry line.",
        "parameters": {"type": "object", "properties": {"line": {"type": "string"}}, "required": ["line"]},
    },
}
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
"""A PNG of one pixel, as base64."""


def text(response: ChatResponse) -> str:
    """The visible text."""
    return "".join(block.text for block in response.content if isinstance(block, TextBlock))


def thinking(response: ChatResponse) -> str:
    """The reasoning text."""
    return "".join(block.thinking for block in response.content if isinstance(block, ThinkingBlock))


def calls(response: ChatResponse) -> list[tuple[str, str, str]]:
    """The tool calls: id, name, arguments."""
    return [(block.id, block.name, block.input) for block in response.content if isinstance(block, ToolCallBlock)]


def counts(response: ChatResponse) -> tuple[int, int, int, int]:
    """Input, output, cached and reasoning tokens."""
    usage = response.usage
    assert usage is not None
    return usage.input_tokens, usage.output_tokens, usage.cache_input_tokens, usage.reasoning_tokens


def answered(response: ChatResponse, output: str) -> Msg:
    """The response as a message, each of its calls answered with this output."""
    results: list[Any] = [
        ToolResultBlock(id=block.id, name=block.name, output=output)
        for block in response.content
        if isinstance(block, ToolCallBlock)
    ]
    return AssistantMsg(name="assistant", content=[*response.content, *results])
