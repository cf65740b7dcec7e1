"""Our classes against somebody else's emulator of their servers: it reads our requests and writes its own answers.

npx -p @copilotkit/aimock@1.43.0 llmock -h 127.0.0.1 -p 4010 -f tests/contract/aimock
MODELPORT_TEST_AIMOCK=http://127.0.0.1:4010 pytest tests/contract/test_aimock.py
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from modelport.error import RateLimitError, StreamTruncatedError
from modelport.message import AssistantMsg, Msg, SystemMsg, ThinkingBlock, ToolCallBlock, ToolResultBlock, UserMsg
from modelport.model import ChatResponse
from tests.cassettes import ask
from tests.contract.origins import ORIGINS, Origin
from tests.contract.wandering import TOOLS, stored

URL = os.environ.get("MODELPORT_TEST_AIMOCK", "").rstrip("/")
BARE = {"anthropic", "gemini", "ollama"}
"""Classes whose base URL is a bare host."""

pytestmark = [
    pytest.mark.skipif(not URL, reason="no emulator: MODELPORT_TEST_AIMOCK holds no URL"),
    pytest.mark.parametrize("origin", ORIGINS, ids=str),
]
streamed_or_whole = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


async def said(origin: Origin, stream: bool, *messages: Msg, **call: Any) -> ChatResponse:  # Any: of the call
    url = URL if origin.name in BARE else URL + "/v1"
    model = origin.model(url, stream=stream, max_retries=0)
    return await ask(model, [SystemMsg("system", "You watch the sea."), *messages], **call)


@streamed_or_whole
async def test_text(origin: Origin, stream: bool) -> None:
    answer = await said(origin, stream, UserMsg("user", "What is the colour of the sea?"))
    assert answer.text == "Green, mostly – „grün“ 🌊."
    assert answer.finish_reason == "stop"
    assert answer.usage is not None
    if origin.name != "ollama":  # whose answers the emulator gives no counts
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (9, 7)


@streamed_or_whole
async def test_thinking(origin: Origin, stream: bool) -> None:
    if origin.name == "ollama":
        pytest.skip("the emulator calls an Ollama server's thoughts reasoning_content, which no Ollama server does")
    answer = await said(origin, stream, UserMsg("user", "Is 91 prime?"))
    thoughts = [block.thinking for block in answer.content if isinstance(block, ThinkingBlock)]
    assert (answer.text, thoughts) == ("No: 7 × 13.", ["7 times 13 is 91.\n\nSo it is not."])


@streamed_or_whole
async def test_tools(origin: Origin, stream: bool) -> None:
    question = UserMsg("user", "How high is the water in Brest and Vigo?")
    first = await said(origin, stream, question, tools=TOOLS)
    calls = [block for block in first.content if isinstance(block, ToolCallBlock)]
    assert [(call.name, json.loads(call.input)) for call in calls] == [
        ("gauge", {"place": "Brest"}),
        ("gauge", {"place": "Vigo – „ría“"}),
    ]
    assert len({call.id for call in calls}) == 2
    # The emulator ends Gemini's calls with a word of its own; the API has no such reason.
    assert first.finish_reason == "tool_calls" or first.raw_finish_reason == "FUNCTION_CALL"
    results = [ToolResultBlock(id=call.id, name=call.name, output="2.31 m") for call in calls]
    history = stored([question, AssistantMsg("pilot", [*first.content, *results])])
    second = await said(origin, stream, *history, tools=TOOLS)
    assert (second.text, second.finish_reason) == ("Brest is higher.", "stop")


@streamed_or_whole
async def test_an_error(origin: Origin, stream: bool) -> None:
    with pytest.raises(RateLimitError, match="Slow down") as caught:
        await said(origin, stream, UserMsg("user", "Is this too many?"))
    assert caught.value.status_code == 429


async def test_a_stream_that_breaks_off(origin: Origin) -> None:
    with pytest.raises(StreamTruncatedError) as caught:
        await said(origin, True, UserMsg("user", "Please break off."))
    assert caught.value.partial is not None
    assert 0 < len(caught.value.partial.text) < 100
    assert "This answer is long enough to be cut in the middle of it, whatever".startswith(
        caught.value.partial.text[:40]
    )
