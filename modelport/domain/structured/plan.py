"""Chooses the structured-output strategies for a call, in order: a pure decision from facts.

Facts: docs/protocols/structured-output.md#ways-to-json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Any

from ..card.capabilities import StructuredOutputFacts, ThinkingFacts, ToolChoiceFacts
from ..chat.tools import ToolChoice
from ..records import record
from .native_output import NativeOutput

__all__ = [
    "OutputRequest",
    "OutputSchema",
    "PlannedStrategy",
    "Strategy",
    "StructuredPlan",
    "StructuredSituation",
    "plan_strategies",
    "thinks_in_call",
    "without_thinking",
]


class Strategy(StrEnum):
    """A way to get a JSON object from a model; the most reliable first."""

    NATIVE_SCHEMA = "native_schema"
    FORCED_TOOL = "forced_tool"
    AUTO_TOOL = "auto_tool"
    JSON_MODE = "json_mode"
    INSTRUCTION = "instruction"


TOOL_STRATEGIES = frozenset({Strategy.FORCED_TOOL, Strategy.AUTO_TOOL})


@record(frozen=True, slots=True)
class OutputSchema:
    """A schema to send: `name` is legal for every provider, `schema` is already adapted."""

    name: str
    schema: Mapping[str, Any]  # Any: a JSON Schema
    strict: bool = True


@record(frozen=True, slots=True, kw_only=True)
class OutputRequest:
    """The output format of one request."""

    schema: OutputSchema | None = None
    json_mode: bool = False
    thinking_off: bool = False


@record(frozen=True, slots=True)
class PlannedStrategy:
    """A strategy, and the reason why it is tried or skipped."""

    strategy: Strategy
    reason: str
    thinking_off: bool = False
    """Whether thinking must be switched off for it."""


@record(frozen=True, slots=True)
class StructuredPlan:
    """The strategies to try, in order, and those that are skipped."""

    tried: Sequence[PlannedStrategy]
    skipped: Sequence[PlannedStrategy]


@record(frozen=True, slots=True, kw_only=True)
class StructuredSituation:
    """The facts that the choice depends on.

    Attributes:
        native: the protocol's output formats.
        output, tool_choice, takes_tools: what the model accepts, from its card.
        thinks: whether the model will think in this call; `None` when unknown.
        can_stop: whether thinking can be switched off.
        other_tools: whether the caller passed tools.
        problems: why the protocol's rules cannot express the schema; empty when they can.
        choice: the caller's tool choice.
    """

    native: NativeOutput
    output: StructuredOutputFacts
    tool_choice: ToolChoiceFacts
    takes_tools: bool = True
    thinks: bool | None = False
    can_stop: bool = True
    other_tools: bool = False
    problems: Sequence[str] = ()
    choice: ToolChoice | None = None


_Verdict = tuple[bool, str, bool]
"""Whether to try the strategy, the reason, and whether thinking must be switched off."""


def plan_strategies(situation: StructuredSituation) -> StructuredPlan:
    """The strategies that may work, the most reliable first.

    Without a tool choice the last one is always the plain instruction. A tool choice narrows them: `none` leaves those
    without a tool, `auto` the free tool call, `required` or a name the forced one.
    """
    tried: list[PlannedStrategy] = []
    skipped: list[PlannedStrategy] = []
    allowed = _allowed(situation.choice)
    for strategy, check in _CHECKS.items():
        possible, reason, thinking_off = check(situation)
        if possible and strategy not in allowed:
            possible, reason = False, f"tool_choice {situation.choice.mode if situation.choice else ''!r} rules it out"
        (tried if possible else skipped).append(PlannedStrategy(strategy, reason, possible and thinking_off))
    return StructuredPlan(tried, skipped)


def thinks_in_call(
    values: Mapping[str, Any], chosen: AbstractSet[str], thinking: ThinkingFacts | None, *, known: bool
) -> bool | None:
    """Whether the model will think with these parameters (Any: each has its own type); `None` when unknown."""
    mode = values.get("thinking_mode")
    if mode is not None:
        wanted: bool | None = mode != "disabled"
    elif values.get("thinking_enable") or values.get("thinking_budget"):
        wanted = True
    else:
        wanted = False if "thinking_enable" in chosen else None
    if thinking is None:
        return wanted if wanted is not None or not known else False
    if not thinking.can_disable:
        return True
    if wanted is None and thinking.default is None:
        return None
    return wanted if wanted is not None else thinking.default != "disabled"


def without_thinking(
    values: Mapping[str, Any], chosen: AbstractSet[str]
) -> tuple[dict[str, Any], frozenset[str]]:  # Any: as above
    """The parameters, and which of them the caller set, with thinking switched off where there is a switch."""
    kept = {name: value for name, value in values.items() if not name.startswith("thinking_")}
    left = {name for name in chosen if not name.startswith("thinking_")}
    return {**kept, "thinking_enable": False}, frozenset({*left, "thinking_enable"})


def _allowed(choice: ToolChoice | None) -> frozenset[Strategy]:
    if choice is None:
        return frozenset(Strategy)
    if choice.mode == "none":
        return frozenset(Strategy) - TOOL_STRATEGIES
    return frozenset({Strategy.FORCED_TOOL if choice.forces_call else Strategy.AUTO_TOOL})


def _native_schema(situation: StructuredSituation) -> _Verdict:
    if situation.native.schema is None:
        return False, "the protocol has no schema output", False
    if not situation.output.json_schema:
        return False, "the model does not accept an output schema", False
    if situation.other_tools and not situation.output.with_tools:
        return False, "the model does not accept an output schema in a request with tools", False
    if situation.problems:
        return False, f"the provider's schema subset cannot express the schema: {situation.problems[0]}", False
    return True, "the provider enforces the schema", False


def _forced_tool(situation: StructuredSituation) -> _Verdict:
    choice = situation.tool_choice
    if not situation.takes_tools:
        return False, "the model does not accept tools", False
    if not situation.native.forced_tool:
        return False, "the protocol cannot force a tool call", False
    if not situation.output.forced_tool or not (choice.required or choice.named):
        return False, "the model cannot be forced to call a tool", False
    if situation.thinks is False or choice.with_thinking:
        return True, "the model must call a tool with the object", False
    if not situation.can_stop:
        return (
            False,
            "forced tool calls are not available while thinking is on, and thinking cannot be switched off",
            False,
        )
    return True, "forced tool calls are not available while thinking is on, so thinking is switched off", True


def _auto_tool(situation: StructuredSituation) -> _Verdict:
    if not situation.takes_tools:
        return False, "the model does not accept tools", False
    return True, "the prompt asks for a tool call with the object", False


def _json_mode(situation: StructuredSituation) -> _Verdict:
    if not situation.native.json_mode:
        return False, "the protocol has no JSON mode", False
    if not situation.output.json_mode:
        return False, "the model has no JSON mode", False
    if situation.other_tools and not situation.output.with_tools:
        return False, "the model has no JSON mode in a request with tools", False
    return True, "the output is JSON, and the prompt contains the schema", False


def _instruction(situation: StructuredSituation) -> _Verdict:
    return True, "the prompt contains the schema", False


_CHECKS: Mapping[Strategy, Callable[[StructuredSituation], _Verdict]] = {
    Strategy.NATIVE_SCHEMA: _native_schema,
    Strategy.FORCED_TOOL: _forced_tool,
    Strategy.AUTO_TOOL: _auto_tool,
    Strategy.JSON_MODE: _json_mode,
    Strategy.INSTRUCTION: _instruction,
}
