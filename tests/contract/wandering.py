"""Conversations that begin at one provider and go on at another, and the requests that come of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from modelport.application.chat.model import ChatModelBase
from modelport.composition.defaults import build_runtime
from modelport.message import (
    AssistantMsg,
    Base64Source,
    ContentBlock,
    DataBlock,
    Msg,
    SystemMsg,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    URLSource,
    UserMsg,
)
from modelport.model import ChatResponse, ChatStream
from modelport.testing.servers.http import ScriptedServer
from modelport.testing.servers.strict import Violation, violations_of
from tests.contract.origins import STEPS, Origin
from tests.contract.origins.origin import Json

__all__ = ["PHOTO", "RESULTS", "SKETCH", "TOOLS", "conversation", "go_on", "in_a_loop", "stored", "violations"]

PHOTO = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SKETCH = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
RESULTS = {"quay-1": "2.31 m, rising", "quay-2": "5 knots from the west", "quay-3": "0.80 m, falling"}
"""What the tools say of each place."""
TOOLS: list[Json] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Asks the {name} of a place.",
            "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
        },
    }
    for name in ("gauge", "wind")
]


class _Photos:
    """A loader for which every URL is the photo."""

    async def load(self, source: URLSource) -> Base64Source:
        return Base64Source(data=PHOTO, media_type=source.media_type)


RUNTIME = dataclasses.replace(build_runtime(), media_loader=_Photos())


def stored(messages: Sequence[Msg]) -> list[Msg]:
    """The messages as they come back from storage."""
    return [Msg.model_validate_json(message.model_dump_json()) for message in messages]


async def conversation(origin: Origin, **options: Any) -> list[Msg]:  # Any: options of the model
    """What that provider and a user said, with images, parallel calls, a further call, results, and the last word."""
    picture = DataBlock(source=Base64Source(data=PHOTO, media_type="image/png"))
    second = DataBlock(source=URLSource(url="https://example.org/harbour.png", media_type="image/png"))
    asked = [
        SystemMsg("system", "You watch the tide."),
        UserMsg("user", [TextBlock(text="Is this Brest, and how high is the water?"), picture, second]),
    ]
    said: list[ContentBlock] = []
    async with ScriptedServer([origin.answer(step) for step in STEPS]) as server:
        model = origin.model(server.base_url, runtime=RUNTIME, **options)
        for step in STEPS:
            history = [*asked, AssistantMsg("pilot", said)] if said else asked
            response = await _last(model, stored(history))
            assert response.text == step.text
            said += [*response.content, *_results(response)]
    return stored([*asked, AssistantMsg("pilot", said)])


def in_a_loop(messages: Sequence[Msg]) -> list[Msg]:
    """The conversation up to the results of its last call, before the model's last word."""
    *asked, answered = messages
    end = max(place for place, block in enumerate(answered.content) if isinstance(block, ToolResultBlock))
    return [*asked, AssistantMsg(answered.name, answered.content[: end + 1])]


def _results(response: ChatResponse) -> list[ToolResultBlock]:
    """A result for every call; that of the wind has a sketch beside its words."""
    results = []
    for call in response.content:
        if isinstance(call, ToolCallBlock):
            output: list[TextBlock | DataBlock] = [TextBlock(text=RESULTS[json.loads(call.input)["place"]])]
            if call.name == "wind":
                output.append(DataBlock(source=Base64Source(data=SKETCH, media_type="image/png")))
            results.append(ToolResultBlock(id=call.id, name=call.name, output=output, state=ToolResultState.SUCCESS))
    return results


async def _last(model: ChatModelBase, messages: list[Msg], tools: list[Json] | None = None) -> ChatResponse:
    answer = await model(messages, TOOLS if tools is None else tools)
    assert isinstance(answer, ChatStream)
    return [response async for response in answer][-1]


async def go_on(
    target: Origin, messages: list[Msg], tools: list[Json] | None = None, **options: Any
) -> tuple[Json, ChatResponse]:  # Any: options of the model
    """The body that asks the target to go on with a conversation, and what it answers."""
    async with ScriptedServer([target.answer(STEPS[-1])]) as server:
        response = await _last(target.model(server.base_url, runtime=RUNTIME, **options), messages, tools)
        (request,) = server.requests
    body: Json = request.json()
    return body, response


def violations(target: Origin, body: Json) -> list[Violation]:
    """What the target's server would not accept."""
    return violations_of(target.target, body, target.model_name)
