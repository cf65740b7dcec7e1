"""Every model that has a card goes on with a conversation of another provider, and with its own."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from modelport.message import Msg, UserMsg
from tests.contract.origins import ORIGINS, Origin
from tests.contract.wandering import conversation, go_on, in_a_loop, violations


def models() -> Iterator[Any]:  # Any: pytest's parameter sets
    for origin in ORIGINS:
        for card in type(origin.model("http://127.0.0.1:1")).list_models():
            yield pytest.param(dataclasses.replace(origin, model_name=card.name), id=f"{origin.name}-{card.name}")


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all models, and so one connection pool."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def said(runner: asyncio.Runner) -> dict[str, list[Msg]]:
    """What each provider said, by its usual model."""
    return {origin.name: runner.run(conversation(origin)) for origin in ORIGINS}


@pytest.mark.parametrize("target", [*models()])
def test_every_model(runner: asyncio.Runner, said: dict[str, list[Msg]], target: Origin) -> None:
    foreign = "anthropic" if target.name != "anthropic" else "gemini"
    for origin in (foreign, target.name):
        for messages in ([*said[origin], UserMsg("user", "And tomorrow?")], in_a_loop(said[origin])):
            body, _ = runner.run(go_on(target, messages))
            assert violations(target, body) == []
