"""Conversations as they are on the wire, replayed by vcrpy through the public class."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import vcr
import yaml

from modelport.adapters.transport.httpx import HttpxTransport
from modelport.credential import GeminiCredential
from modelport.domain.blocks import Base64Source, DataBlock, TextBlock, ToolCallBlock, ToolResultBlock
from modelport.domain.errors import RateLimitError
from modelport.domain.messages import AssistantMsg, Msg, SystemMsg, UserMsg
from modelport.domain.responses import ChatResponse, FinishReason
from modelport.domain.tool_choice import ToolChoice
from modelport.model import GeminiChatModel
from modelport.ports.transport import HttpRequest, HttpResponse
from tests.adapters.gemini.support import Json, tool

FOLDER = Path(__file__).parents[3] / "fixtures" / "cassettes" / "gemini"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Listening(HttpxTransport):
    """The real transport, which notes what it sends."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Json] = []

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Note the body, and send."""
        self.sent.append(json.loads(request.body))
        return await super().send(request, on_connected)


class Tape:
    """One cassette: its calls are made through the public class, its request bodies must be ours."""

    def __init__(self, name: str) -> None:
        self.path = FOLDER / f"{name}.yaml"
        self.recorded = yaml.safe_load(self.path.read_text())
        self.transport = Listening()

    def chat(self, model: str, **options: Any) -> GeminiChatModel:
        """A model that makes one request per call."""
        parameters = GeminiChatModel.Parameters(**options.pop("parameters", {}))
        credential = GeminiCredential(api_key="test-key")
        return GeminiChatModel(credential, model, parameters, max_retries=0, transport=self.transport, **options)

    async def ask(self, model: GeminiChatModel, messages: list[Msg], *arguments: Any) -> list[ChatResponse]:
        """The steps of one answer; the last one holds everything."""
        answer = await model(messages, *arguments)
        return [step async for step in answer] if isinstance(answer, AsyncIterator) else [answer]

    def playing(self) -> Any:  # Any: vcrpy's context manager
        """Replay; nothing is recorded and no answer is given twice."""
        return vcr.use_cassette(
            str(self.path),
            record_mode="none",
            match_on=["method", "path"],
            allow_playback_repeats=False,
        )

    def check(self) -> None:
        """Every interaction was asked for, with exactly its body."""
        wanted = [json.loads(each["request"]["body"]) for each in self.recorded["interactions"]]
        assert self.transport.sent == wanted


def counts(answer: ChatResponse) -> tuple[int, int, int]:
    assert answer.usage is not None
    return answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.reasoning_tokens


def joined(steps: list[ChatResponse], kind: str) -> str:
    words = (getattr(block, kind) for step in steps for block in step.content if block.type == kind)
    return "".join(words)


def user(text: str) -> Msg:
    return UserMsg(name="user", content=text)


async def test_text() -> None:
    tape = Tape("text")
    messages = [SystemMsg(name="s", content="Answer in one sentence."), user("Which tide comes after the ebb?")]
    with tape.playing():
        model = tape.chat("gemini-2.5-flash", stream=False, parameters={"max_tokens": 400, "temperature": 0.2})
        (answer,) = await tape.ask(model, messages)
    tape.check()
    assert answer.text == "After the ebb comes the flood, when the water rises again."
    assert counts(answer) == (15, 54, 41)
    assert answer.finish_reason is FinishReason.STOP
    assert answer.id == "Wm4iacSYB9uK1MkPqvTz4AQ"


async def test_stream() -> None:
    tape = Tape("stream")
    with tape.playing():
        *steps, answer = await tape.ask(tape.chat("gemini-3.5-flash"), [user("Name three knots, in German too.")])
    tape.check()
    assert answer.text == joined(steps, "text")
    assert answer.text.endswith("(Schotstek) – good ones for a start.")
    assert [block.type for block in answer.content] == ["text"]
    assert answer.content[0].provider_data is not None
    assert counts(answer) == (9, 122, 88)
    assert answer.raw_finish_reason == "STOP"


async def test_thinking_stream() -> None:
    tape = Tape("thinking_stream")
    with tape.playing():
        model = tape.chat("gemini-3-flash-preview", parameters={"thinking_enable": True, "thinking_level": "low"})
        *steps, answer = await tape.ask(model, [user("Is 2027 a prime number?")])
    tape.check()
    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert answer.content[0].type == "thinking"
    assert answer.content[0].thinking.startswith("**Testing Divisors**")
    assert answer.content[0].thinking == joined(steps, "thinking")
    assert answer.text == "Yes, 2027 is prime: no prime up to 43 divides it."
    assert counts(answer) == (10, 159, 142)


async def test_tool_round_trip() -> None:
    tape = Tape("tool_round_trip")
    gauge: Json = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
    tools = [tool("read_gauge", gauge, "The height of the water at a place.")]
    question = user("How high is the water at the lock?")
    model = tape.chat("gemini-3.5-flash")
    with tape.playing():
        first = (await tape.ask(model, [question], tools))[-1]
        (call,) = first.content
        assert isinstance(call, ToolCallBlock)
        result = ToolResultBlock(id=call.id, name=call.name, output="2.31 m, rising")
        second = (await tape.ask(model, [question, AssistantMsg(name="a", content=[call, result])], tools))[-1]
    tape.check()
    assert (call.id, call.name, json.loads(call.input)) == ("q7tmx0vd", "read_gauge", {"place": "lock"})
    assert first.finish_reason is FinishReason.TOOL_CALLS
    assert counts(first) == (61, 89, 73)
    assert second.text == "At the lock the water stands at 2.31 m, and it is rising."
    assert counts(second) == (171, 17, 0)
    assert second.warnings == []


async def test_parallel_tools() -> None:
    tape = Tape("parallel_tools")
    money: Json = {
        "type": "object",
        "properties": {"amount": {"type": "number"}, "to": {"type": "string"}},
        "required": ["amount", "to"],
    }
    tools = [tool("convert", money, "Convert an amount of money."), tool("clock", {}, "")]
    question = user("What are 20 euros in francs, 20.50 in crowns, and what time is it?")
    with tape.playing():
        model = tape.chat("gemini-2.5-pro", stream=False)
        (answer,) = await tape.ask(model, [question], tools, ToolChoice("required"))
    tape.check()
    calls = [block for block in answer.content if isinstance(block, ToolCallBlock)]
    assert [(call.name, json.loads(call.input)) for call in calls] == [
        ("convert", {"to": "CHF", "amount": 20}),
        ("convert", {"to": "SEK", "amount": 20.5}),
        ("clock", {}),
    ]
    assert len({call.id for call in calls}) == 3
    assert counts(answer) == (118, 252, 205)
    assert (answer.finish_reason, answer.raw_finish_reason) == (FinishReason.TOOL_CALLS, "STOP")


async def test_image_in() -> None:
    tape = Tape("image_in")
    image = DataBlock(source=Base64Source(data=PNG, media_type="image/png"))
    message = UserMsg(name="user", content=[TextBlock(text="What colour is this?"), image])
    with tape.playing():
        answer = (await tape.ask(tape.chat("gemini-2.5-flash-lite"), [message]))[-1]
    tape.check()
    assert answer.text == "A pale red."
    assert counts(answer) == (264, 4, 0)


async def test_error() -> None:
    tape = Tape("error")
    with tape.playing(), pytest.raises(RateLimitError) as caught:
        await tape.ask(tape.chat("gemini-2.5-flash"), [user("Hello")])
    tape.check()
    assert (caught.value.status_code, caught.value.code) == (429, "RESOURCE_EXHAUSTED")
    assert caught.value.retry_after == 21
    assert caught.value.retryable
    assert "Please retry in" in caught.value.message
