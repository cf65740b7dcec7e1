"""Cassettes played to the public model classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import vcr
import yaml

from modelport.adapters.transport.httpx import HttpxTransport
from modelport.message import AssistantMsg, Msg, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock
from modelport.model import ChatResponse
from modelport.ports.transport import HttpRequest, HttpResponse
from tests.adapters.openai_chat.support import Json
from tests.validators import validate

CASSETTES = Path(__file__).parents[3] / "fixtures" / "cassettes"

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


class Keeping:
    """The real transport, which keeps what it sends."""

    def __init__(self) -> None:
        self._real = HttpxTransport()
        self.bodies: list[Json] = []

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        self.bodies.append(json.loads(request.body))
        return await self._real.send(request, on_connected)

    async def aclose(self) -> None:
        await self._real.aclose()


@contextmanager
def playing(target: str, provider: str, scenario: str) -> Iterator[Keeping]:
    """A transport that meets the cassette; at the end all of it was played, to the very requests it holds.

    `target` names the validator that every body must satisfy.
    """
    path = CASSETTES / provider / f"{scenario}.yaml"
    cassette = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert cassette["origin"].startswith("authored from ")
    assert "authorization" not in path.read_text(encoding="utf-8").lower()
    transport = Keeping()
    with vcr.use_cassette(
        str(path), record_mode="none", match_on=["method", "path"], allow_playback_repeats=False
    ) as tape:
        yield transport
        assert tape.all_played
    assert transport.bodies == [json.loads(each["request"]["body"]) for each in cassette["interactions"]]
    for body in transport.bodies:
        assert validate(target, body, body["model"]) == []


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
