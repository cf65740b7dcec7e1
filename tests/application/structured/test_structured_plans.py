"""The plans for all models with a card."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from modelport.domain.card.cards import ModelCard
from modelport.domain.structured.plan import Strategy
from tests.application.structured.structured_models import PROVIDERS, Provider, question

N, F, A, J, T = Strategy


class Weather(BaseModel):
    city: str


def planned(provider: Provider, name: str, **parameters: Any) -> list[tuple[Strategy, bool]]:
    model = provider.cls(provider.credential, name, provider.cls.Parameters(**parameters))  # type: ignore[attr-defined]
    plan = model._structured_run(question(), Weather).plan
    return [(step.strategy, step.thinking_off) for step in plan.tried]


BY_FOLDER = {provider.folder: provider for provider in PROVIDERS}
TABLE: list[tuple[str, str, dict[str, Any], list[Strategy]]] = [
    ("openai", "gpt-5.2", {}, [N, F, A, J, T]),
    ("anthropic", "claude-opus-5-5", {}, [N, A, T]),
    ("anthropic", "claude-sonnet-5", {}, [N, F, A, T]),
    ("anthropic", "claude-opus-4-0", {}, [F, A, T]),
    ("gemini", "gemini-3.5-flash", {}, [N, F, A, J, T]),
    ("dashscope", "qwen-plus", {}, [F, A, J, T]),
    ("dashscope", "qwen3.7-plus", {}, [N, F, A, J, T]),
    ("dashscope", "qwq-plus", {}, [A, T]),
    ("deepseek", "deepseek-v4-flash", {}, [F, A, J, T]),
    ("moonshot", "kimi-k3", {}, [N, A, J, T]),
    ("moonshot", "kimi-k2.6", {}, [N, F, A, J, T]),
    ("ollama", "qwen3:8b", {}, [N, A, J, T]),
]


@pytest.mark.parametrize(("folder", "name", "parameters", "wanted"), TABLE, ids=[row[1] for row in TABLE])
def test_the_order_by_the_cards(folder: str, name: str, parameters: dict[str, Any], wanted: list[Strategy]) -> None:
    assert [strategy for strategy, _ in planned(BY_FOLDER[folder], name, **parameters)] == wanted


def test_a_model_that_thinks_within_a_budget_stops_for_a_forced_call() -> None:
    steps = dict(planned(BY_FOLDER["anthropic"], "claude-sonnet-4-5", thinking_enable=True))
    assert steps[F] is True and steps[N] is False


def test_without_card_checks_nothing_is_ruled_out() -> None:
    provider = BY_FOLDER["dashscope"]
    model = provider.cls(provider.credential, "qwq-plus", card_checks="off")
    plan = model._structured_run(question(), Weather).plan
    assert [step.strategy for step in plan.tried] == [N, F, A, J, T]


def _cards() -> list[tuple[Provider, ModelCard]]:
    return [(provider, card) for provider in PROVIDERS for card in provider.cls.list_models()]  # type: ignore[attr-defined]


def test_every_model_has_a_way_and_none_is_asked_for_what_it_refuses() -> None:
    cards = _cards()
    assert len(cards) > 150
    for provider, card in cards:
        steps = dict(planned(provider, card.name))
        assert list(steps)[-1] is T, card.name
        assert N not in steps or card.structured_output.json_schema, card.name
        assert J not in steps or card.structured_output.json_mode, card.name
        assert F not in steps or card.structured_output.forced_tool, card.name
        assert card.tools or not steps.keys() & {F, A}, card.name
