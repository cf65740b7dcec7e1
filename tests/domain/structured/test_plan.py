"""Which strategies are tried, for what reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelport.domain.card.capabilities import StructuredOutputFacts, ThinkingFacts, ToolChoiceFacts
from modelport.domain.structured.native_output import NativeOutput
from modelport.domain.structured.plan import (
    Strategy,
    StructuredSituation,
    plan_strategies,
    thinks_in_call,
    without_thinking,
)
from modelport.domain.structured.schema_rules import GENERIC
from modelport.tool import ToolChoice

NATIVE, FORCED, AUTO, JSON, INSTRUCTION = Strategy
EVERYTHING = StructuredSituation(
    native=NativeOutput(schema=GENERIC, json_mode=True),
    output=StructuredOutputFacts(),
    tool_choice=ToolChoiceFacts(),
)


def output(**facts: bool) -> StructuredOutputFacts:
    return StructuredOutputFacts(**facts)


THINKING = ToolChoiceFacts(with_thinking=False)
FORCES_NOTHING = ToolChoiceFacts(required=False, named=False)

TABLE = [
    ("everything goes", EVERYTHING, [NATIVE, FORCED, AUTO, JSON, INSTRUCTION]),
    ("a custom model", replace(EVERYTHING, native=NativeOutput()), [FORCED, AUTO, INSTRUCTION]),
    ("a model without tools", replace(EVERYTHING, takes_tools=False), [NATIVE, JSON, INSTRUCTION]),
    (
        "a protocol without tool choice",
        replace(EVERYTHING, native=NativeOutput(forced_tool=False)),
        [AUTO, INSTRUCTION],
    ),
    (
        "no schema, as DeepSeek",
        replace(EVERYTHING, output=output(json_schema=False)),
        [FORCED, AUTO, JSON, INSTRUCTION],
    ),
    (
        "no JSON mode, as Claude",
        replace(EVERYTHING, output=output(json_mode=False)),
        [NATIVE, FORCED, AUTO, INSTRUCTION],
    ),
    (
        "no force, as newest Claude",
        replace(EVERYTHING, output=output(forced_tool=False)),
        [NATIVE, AUTO, JSON, INSTRUCTION],
    ),
    ("no tool choice", replace(EVERYTHING, tool_choice=FORCES_NOTHING), [NATIVE, AUTO, JSON, INSTRUCTION]),
    ("named only, as Kimi", replace(EVERYTHING, tool_choice=ToolChoiceFacts(required=False)), [*Strategy]),
    (
        "thinks and cannot stop",
        replace(EVERYTHING, tool_choice=THINKING, thinks=True, can_stop=False),
        [NATIVE, AUTO, JSON, INSTRUCTION],
    ),
    ("thinks and can stop", replace(EVERYTHING, tool_choice=THINKING, thinks=True), [*Strategy]),
    ("does not think", replace(EVERYTHING, tool_choice=THINKING, thinks=False, can_stop=False), [*Strategy]),
    (
        "tools beside, as Gemini 2.5",
        replace(EVERYTHING, output=output(with_tools=False), other_tools=True),
        [FORCED, AUTO, INSTRUCTION],
    ),
    ("tools beside, allowed", replace(EVERYTHING, other_tools=True), [*Strategy]),
    (
        "a schema that cannot be expressed",
        replace(EVERYTHING, problems=["$.a is a map"]),
        [FORCED, AUTO, JSON, INSTRUCTION],
    ),
    ("no tools wanted", replace(EVERYTHING, choice=ToolChoice("none")), [NATIVE, JSON, INSTRUCTION]),
    ("a free call wanted", replace(EVERYTHING, choice=ToolChoice("auto")), [AUTO]),
    ("a forced call wanted", replace(EVERYTHING, choice=ToolChoice("required")), [FORCED]),
]


@pytest.mark.parametrize(("situation", "tried"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_order(situation: StructuredSituation, tried: list[Strategy]) -> None:
    plan = plan_strategies(situation)
    assert [planned.strategy for planned in plan.tried] == tried
    assert {planned.strategy for planned in [*plan.tried, *plan.skipped]} == set(Strategy)
    assert all(planned.reason for planned in [*plan.tried, *plan.skipped])


@pytest.mark.parametrize(("thinks", "off"), [(True, True), (None, True), (False, False)])
def test_thinking_is_switched_off_for_a_forced_call(thinks: bool | None, off: bool) -> None:
    plan = plan_strategies(replace(EVERYTHING, tool_choice=THINKING, thinks=thinks))
    forced = next(planned for planned in plan.tried if planned.strategy is FORCED)
    assert forced.thinking_off is off
    assert not any(planned.thinking_off for planned in plan.tried if planned.strategy is not FORCED)


def test_the_reason_names_what_cannot_be_expressed() -> None:
    skipped = plan_strategies(replace(EVERYTHING, problems=["$.scores is a map"])).skipped
    assert [("$.scores is a map" in planned.reason) for planned in skipped] == [True]


SWITCH = ThinkingFacts(default="disabled")
ALWAYS = ThinkingFacts(can_disable=False)
ADAPTIVE = ThinkingFacts(default="adaptive")


@pytest.mark.parametrize(
    ("values", "chosen", "facts", "known", "thinks"),
    [
        ({}, (), None, False, None),
        ({}, (), None, True, False),
        ({"thinking_enable": True}, ("thinking_enable",), None, False, True),
        ({"thinking_enable": False}, ("thinking_enable",), None, False, False),
        ({"thinking_enable": False}, (), SWITCH, True, False),
        ({"thinking_enable": True}, ("thinking_enable",), SWITCH, True, True),
        ({"thinking_budget": 2000}, ("thinking_budget",), SWITCH, True, True),
        ({"thinking_enable": False}, ("thinking_enable",), ALWAYS, True, True),
        ({}, (), ADAPTIVE, True, True),
        ({"thinking_mode": "disabled"}, ("thinking_mode",), ADAPTIVE, True, False),
        ({"thinking_mode": "enabled"}, ("thinking_mode",), SWITCH, True, True),
        ({}, (), ThinkingFacts(), True, None),
    ],
)
def test_whether_the_model_thinks(
    values: dict[str, object], chosen: tuple[str, ...], facts: ThinkingFacts | None, known: bool, thinks: bool | None
) -> None:
    assert thinks_in_call(values, frozenset(chosen), facts, known=known) is thinks


def test_switching_thinking_off_leaves_nothing_that_asks_for_it() -> None:
    values = {"thinking_budget": 2000, "thinking_mode": "enabled", "temperature": 0.5}
    kept, chosen = without_thinking(values, frozenset(values))
    assert kept == {"temperature": 0.5, "thinking_enable": False}
    assert chosen == {"temperature", "thinking_enable"}
