"""Which ways to a JSON object a call may take, and in which order: a pure decision from facts.

Facts: docs/protocols/structured-output.md#ways-to-json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..card.capabilities import StructuredOutputFacts, ThinkingFacts, ToolChoiceFacts
from ..chat.tools import ToolChoice
from .schema_rules import OPENAI_LIKE, OPENAI_STRICT, SchemaRules

__all__ = [
    "NOTHING_NATIVE",
    "OPENAI_NATIVE",
    "NativeOutput",
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
    """A way to a JSON object, the surest first."""

    NATIVE_SCHEMA = "native_schema"
    FORCED_TOOL = "forced_tool"
    AUTO_TOOL = "auto_tool"
    JSON_MODE = "json_mode"
    INSTRUCTION = "instruction"


TOOL_STRATEGIES = frozenset({Strategy.FORCED_TOOL, Strategy.AUTO_TOOL})


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeOutput:
    """What a protocol can ask for, whatever the model; the codec's part of the facts."""

    schema: SchemaRules | None = None
    """The rules of its schema output; `None` when it has none."""
    unknown_schema: SchemaRules | None = None
    """The rules for models without a card, where others are likelier to serve."""
    json_mode: bool = False
    forced_tool: bool = True

    def rules(self, *, known: bool) -> SchemaRules | None:
        """The rules for a model with, or without, a card."""
        return self.schema if known or self.schema is None else self.unknown_schema or self.schema


NOTHING_NATIVE = NativeOutput()
"""What is known of a model without a codec: only that it is called with tools."""
OPENAI_NATIVE = NativeOutput(schema=OPENAI_STRICT, unknown_schema=OPENAI_LIKE, json_mode=True)


@dataclass(frozen=True, slots=True)
class OutputSchema:
    """A schema for the wire: `name` is legal everywhere, `schema` already adapted."""

    name: str
    schema: Mapping[str, Any]  # Any: a JSON Schema
    strict: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRequest:
    """What one attempt asks for beside its arguments."""

    schema: OutputSchema | None = None
    json_mode: bool = False
    thinking_off: bool = False


@dataclass(frozen=True, slots=True)
class PlannedStrategy:
    """A strategy and why it is tried, or why not."""

    strategy: Strategy
    reason: str
    thinking_off: bool = False
    """Whether the model's thinking has to be switched off for it."""


@dataclass(frozen=True, slots=True)
class StructuredPlan:
    """What is tried, in this order, and what is not."""

    tried: Sequence[PlannedStrategy]
    skipped: Sequence[PlannedStrategy]


@dataclass(frozen=True, slots=True, kw_only=True)
class StructuredSituation:
    """Everything that the choice depends on.

    `thinks` says whether the model will think in this call (`None`: nobody knows) and `can_stop` whether that can be
    switched off; `problems` why the schema cannot be said by the protocol's rules; `choice` is the caller's own.
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
"""Whether to try it, why or why not, and whether without thinking."""


def plan_strategies(situation: StructuredSituation) -> StructuredPlan:
    """The strategies that may work, the surest first; the last one, an instruction, is always among them.

    A caller's tool choice narrows them: `none` leaves those without a tool, `auto` and `required` (or a name) one.
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
    """Whether the model will think with these parameters (Any: each has its own type); `None` when nobody knows."""
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
        return False, "the model takes no schema for its output", False
    if situation.other_tools and not situation.output.with_tools:
        return False, "the model takes no schema for its output in a request with tools", False
    if situation.problems:
        return False, f"the provider's schemas cannot say this one: {situation.problems[0]}", False
    return True, "the provider holds the output to the schema", False


def _forced_tool(situation: StructuredSituation) -> _Verdict:
    choice = situation.tool_choice
    if not situation.takes_tools:
        return False, "the model takes no tools", False
    if not situation.native.forced_tool:
        return False, "the protocol cannot force a tool call", False
    if not situation.output.forced_tool or not (choice.required or choice.named):
        return False, "the model cannot be forced to call a tool", False
    if situation.thinks is False or choice.with_thinking:
        return True, "the model must call a tool with the object", False
    if not situation.can_stop:
        return False, "the model thinks, and cannot be forced to call a tool meanwhile", False
    return True, "the model must call a tool with the object, for which it may not think", True


def _auto_tool(situation: StructuredSituation) -> _Verdict:
    if not situation.takes_tools:
        return False, "the model takes no tools", False
    return True, "the model is told to call a tool with the object", False


def _json_mode(situation: StructuredSituation) -> _Verdict:
    if not situation.native.json_mode:
        return False, "the protocol has no JSON mode", False
    if not situation.output.json_mode:
        return False, "the model has no JSON mode", False
    if situation.other_tools and not situation.output.with_tools:
        return False, "the model has no JSON mode in a request with tools", False
    return True, "the output is JSON, and the model is told the schema", False


def _instruction(situation: StructuredSituation) -> _Verdict:
    return True, "the model is told the schema", False


_CHECKS: Mapping[Strategy, Callable[[StructuredSituation], _Verdict]] = {
    Strategy.NATIVE_SCHEMA: _native_schema,
    Strategy.FORCED_TOOL: _forced_tool,
    Strategy.AUTO_TOOL: _auto_tool,
    Strategy.JSON_MODE: _json_mode,
    Strategy.INSTRUCTION: _instruction,
}
