"""A forced tool call of every model that has a card: forced in a legal request, or refused before any request."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from modelport.error import UnsupportedFeatureError
from modelport.message import UserMsg
from modelport.model import ChatStream
from modelport.testing.servers.http import ScriptedServer
from modelport.tool import ToolChoice
from tests.contract.origins import ORIGINS, STEPS, Origin
from tests.contract.origins.origin import Json
from tests.contract.wandering import RUNTIME, TOOLS, violations


def models() -> Iterator[Any]:  # Any: pytest's parameter sets
    for origin in ORIGINS:
        for card in type(origin.model("http://127.0.0.1:1")).list_models():
            yield pytest.param(dataclasses.replace(origin, model_name=card.name), id=f"{origin.name}-{card.name}")


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all models, and so one connection pool."""
    with asyncio.Runner() as runner:
        yield runner


async def asked(target: Origin, choice: ToolChoice) -> tuple[Json | None, list[str]]:
    """The body that was sent, if any, and the settings that warnings are about."""
    async with ScriptedServer([target.answer(STEPS[0])]) as server:
        model = target.model(server.base_url, runtime=RUNTIME)
        try:
            answer = await model([UserMsg("user", "How high is the water?")], TOOLS, choice)
        except UnsupportedFeatureError:
            assert server.requests == []
            return None, []
        assert isinstance(answer, ChatStream)
        last = [response async for response in answer][-1]
        (request,) = server.requests
    return request.json(), [warning.setting for warning in last.warnings]


def is_forced(body: Json) -> bool:
    """Whether the server must answer with a call."""
    gemini = body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode")
    choice = body.get("tool_choice")
    kind = choice.get("mode", choice.get("type")) if isinstance(choice, dict) else choice
    return gemini == "ANY" or kind in ("required", "any", "tool", "function")


@pytest.mark.parametrize("mode", ["required", "gauge"])
@pytest.mark.parametrize("target", [*models()])
def test_a_forced_call_is_forced_or_refused(runner: asyncio.Runner, target: Origin, mode: str) -> None:
    body, settings = runner.run(asked(target, ToolChoice(mode)))
    card = target.model("http://127.0.0.1:1").card
    facts, thinking = card.tool_choice, card.thinking
    possible = card.tools and (facts.named if mode == "gauge" else facts.required)
    always_thinks = thinking is not None and not thinking.can_disable and not facts.with_thinking
    assert (body is not None) == (possible and not always_thinks)
    if body is not None:
        assert is_forced(body)
        assert violations(target, body) == []
        by_default = thinking is not None and thinking.default != "disabled"
        assert ("thinking_enable" in settings) == (by_default and not facts.with_thinking)
