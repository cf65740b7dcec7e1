"""A model writes arguments that are not a JSON object: the agent answers the call, and the conversation goes on."""

from __future__ import annotations

import pytest

from modelport.agent import Agent
from modelport.message import Msg, TextBlock, ToolCallBlock, ToolResultBlock
from modelport.testing.servers.http import ScriptedServer
from tests.contract.origins import ORIGINS, Origin, Said
from tests.contract.origins.origin import Call
from tests.contract.wandering import violations

BROKEN = ['{"place": "quay', "null", " ", "{'place': 'quay-1'}", '["quay-1"]', "7", '"quay-1"', "place=quay-1", "{]}"]
WRITES_TEXT = [origin for origin in ORIGINS if origin.name not in ("gemini", "ollama")]
"""The others' servers send arguments as objects."""


def gauge(place: str = "?") -> str:
    return f"high at {place}"


def text_of(message: Msg) -> str:
    return "".join(block.text for block in message.content if isinstance(block, TextBlock))


@pytest.mark.parametrize("origin", WRITES_TEXT, ids=str)
@pytest.mark.parametrize("arguments", BROKEN)
async def test_the_agent_goes_on(origin: Origin, arguments: str) -> None:
    said = [Said(1, "", (Call(1, "gauge", arguments),)), Said(2, "I see."), Said(3, "Hello.")]
    async with ScriptedServer([origin.answer(step) for step in said]) as server:
        agent = Agent("pilot", origin.model(server.base_url, max_retries=0), tools=[gauge])
        first = await agent.reply("How high?")
        second = await agent.reply("Never mind; hello.")
        bodies = [request.json() for request in server.requests]
    calls = [block for block in first.content if isinstance(block, ToolCallBlock)]
    results = [block for block in first.content if isinstance(block, ToolResultBlock)]
    assert [call.input for call in calls] == [arguments], "the message keeps what the model wrote"
    assert [result.id for result in results] == [calls[0].id]
    assert [text_of(first), text_of(second)] == ["I see.", "Hello."]
    assert [violations(origin, body) for body in bodies] == [[], [], []]
