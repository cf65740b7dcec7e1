"""How thinking is switched: the caller's word against the facts of the card."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.adapters.dialects.openai_chat.thinking import ThinkingSwitch, effort_only, with_effort
from modelport.domain.card.capabilities import ThinkingFacts
from modelport.model import ModelCard
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.chat import ChatRequest
from modelport.ports.codec.rendering import Rendered

SWITCH = ThinkingSwitch("think", on={"type": "enabled"}, off={"type": "disabled"})
ON, OFF = {"think": {"type": "enabled"}}, {"think": {"type": "disabled"}}
HYBRID = ThinkingFacts(modes=["enabled", "disabled"], default="enabled")
QUIET = ThinkingFacts(modes=["enabled", "disabled"], default="disabled")
ALWAYS = ThinkingFacts(modes=["enabled"], default="enabled", can_disable=False)
NO_FIELD = ThinkingFacts(modes=[], default="enabled", can_disable=False)


def card(facts: ThinkingFacts | None) -> ModelCard:
    types = ["text/plain", "application/x-thinking"]
    return ModelCard(name="m", label="m", output_types=types, context_size=10, output_size=5, thinking=facts)


def request(facts: ThinkingFacts | None, overrides: Any = None, **chosen: Any) -> ChatRequest:  # Any: parameters
    values = {"thinking_enable": False, **chosen}
    return ChatRequest(
        Endpoint("http://x"),
        "m",
        Rendered([]),
        parameters=values,
        chosen=frozenset(chosen),
        card=card(facts) if facts else ModelCard.permissive("m"),
        overrides=overrides or {},
    )


@pytest.mark.parametrize(
    ("facts", "chosen", "fields", "thinks"),
    [
        (HYBRID, {}, {}, True),
        (QUIET, {}, {}, False),
        (QUIET, {"thinking_enable": True}, ON, True),
        (HYBRID, {"thinking_enable": False}, OFF, False),
        (HYBRID, {"thinking_enable": True}, ON, True),
        (HYBRID, {"thinking_budget": 9}, ON, True),
        (HYBRID, {"thinking_enable": False, "thinking_budget": 9}, OFF, False),
        (ALWAYS, {}, {}, True),
        (ALWAYS, {"thinking_enable": True}, ON, True),
        (NO_FIELD, {"thinking_enable": True}, {}, True),
        (None, {}, {}, None),
        (None, {"thinking_enable": False}, OFF, False),
        (None, {"thinking_enable": True}, ON, True),
    ],
)
def test_the_switch(facts: ThinkingFacts | None, chosen: Any, fields: Any, thinks: bool | None) -> None:
    plan = SWITCH.plan(request(facts, **chosen), implied_by="thinking_budget")
    assert (plan.fields, plan.thinks, list(plan.warnings)) == (fields, thinks, [])


def test_what_cannot_be_switched_off_warns_when_it_was_asked_for() -> None:
    plan = SWITCH.plan(request(ALWAYS, thinking_enable=False))
    assert (plan.fields, plan.thinks) == ({}, True)
    assert [warning.setting for warning in plan.warnings] == ["thinking_enable"]


@pytest.mark.parametrize(
    ("value", "thinks"), [({"type": "disabled"}, False), ({"type": "enabled"}, True), (False, False)]
)
def test_the_callers_own_body_field_wins(value: Any, thinks: bool) -> None:
    plan = SWITCH.plan(request(HYBRID, {"think": value}, thinking_enable=not thinks))
    assert (plan.fields, plan.thinks) == ({}, thinks)


def test_the_effort_goes_only_with_thinking() -> None:
    on = request(HYBRID, thinking_enable=True, reasoning_effort="high")
    off = request(HYBRID, thinking_enable=False, reasoning_effort="high")
    assert with_effort(SWITCH.plan(on), on).fields == {**ON, "reasoning_effort": "high"}
    dropped = with_effort(SWITCH.plan(off), off)
    assert dropped.fields == OFF
    assert [(warning.kind, warning.setting) for warning in dropped.warnings] == [("dropped", "reasoning_effort")]
    unknown = request(None, reasoning_effort="high")
    assert with_effort(SWITCH.plan(unknown), unknown).fields == {"reasoning_effort": "high"}


@pytest.mark.parametrize(
    ("facts", "chosen", "fields", "thinks"),
    [
        (None, {}, {}, False),
        (None, {"reasoning_effort": "high"}, {"reasoning_effort": "high"}, True),
        (None, {"reasoning_effort": "none"}, {"reasoning_effort": "none"}, False),
        (ALWAYS, {}, {}, True),
        (HYBRID, {}, {}, False),
    ],
)
def test_effort_alone(facts: ThinkingFacts | None, chosen: Any, fields: Any, thinks: bool) -> None:
    plan = effort_only(request(facts, **chosen))
    assert (plan.fields, plan.thinks, list(plan.warnings)) == (fields, thinks, [])


def test_a_switch_where_there_is_none_warns() -> None:
    plan = effort_only(request(None, thinking_enable=True))
    assert [(warning.kind, warning.setting) for warning in plan.warnings] == [("dropped", "thinking_enable")]
    assert effort_only(request(None, thinking_enable=True, reasoning_effort="low")).warnings == []
