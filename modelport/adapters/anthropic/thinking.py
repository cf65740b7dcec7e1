"""The thinking settings of a call, adapted to the model's card.

Facts: docs/protocols/anthropic-messages.md#thinking-support-per-model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...domain.card.capabilities import ThinkingFacts
from ...domain.message.responses import ModelWarning, WarningKind
from ...ports.codec.chat import ChatRequest
from ..wire.decoder import Json

__all__ = ["ThinkingPlan", "plan_thinking"]

_SMALLEST_BUDGET = 1024
_OFF = ("disabled", "between_tools")


@dataclass(slots=True)
class ThinkingPlan:
    """The `thinking` object and the effort to send, and what had to change."""

    thinking: Json = field(default_factory=dict)
    """Empty when the caller sets nothing, or gives the whole object."""
    mode: str | None = None
    """The mode of this call, possibly the model's default; `None` when it is not known."""
    effort: str | None = None
    warnings: list[ModelWarning] = field(default_factory=list)

    @property
    def thinks(self) -> bool:
        """Whether the model thinks in this call, as far as is known."""
        return self.mode not in (None, "disabled")

    @property
    def manual(self) -> bool:
        """Whether it thinks within a budget, which no model allows together with several other settings."""
        return self.mode == "enabled"

    def warn(self, kind: WarningKind, setting: str, message: str) -> None:
        """Note what was dropped or changed."""
        self.warnings.append(ModelWarning(kind, setting, message))


def plan_thinking(request: ChatRequest, max_tokens: int, *, foreign_loop: bool) -> ThinkingPlan:
    """The nearest legal thinking.

    `foreign_loop` is true during a tool loop that did not begin with this provider's thinking, which forbids a budget.
    """
    facts = (request.card.thinking if request.card else None) or ThinkingFacts()
    values, plan = request.parameters, ThinkingPlan()
    given = request.overrides.get("thinking")
    if isinstance(given, dict) and given.get("type"):
        plan.mode = str(given["type"])  # the caller's own object, sent as it is
    else:
        mode = _possible(plan, _wanted(request, facts), facts)
        if mode == "enabled" and foreign_loop:
            plan.warn("changed", "thinking_mode", "the running tool loop did not begin with thinking, so no budget can")
            mode = _without_budget(facts)
        if mode == "enabled":
            mode = _set_budget(plan, values.get("thinking_budget"), facts, max_tokens)
        elif values.get("thinking_budget"):
            plan.warn("dropped", "thinking_budget", f"a budget needs the mode enabled; the mode is {mode or 'not set'}")
        if mode:
            plan.thinking["type"] = mode
        _set_display(plan, values)
        plan.mode = mode or facts.default
    _set_effort(plan, values, facts)
    return plan


def _wanted(request: ChatRequest, facts: ThinkingFacts) -> str | None:
    """The mode that the parameters ask for; `None` when they set none."""
    values = request.parameters
    mode: str | None = values.get("thinking_mode")
    if mode:
        return mode
    if values.get("thinking_enable"):
        return _on(facts, values)
    if "thinking_enable" in request.chosen & values.keys():
        return None if facts.default == "disabled" else "disabled"
    if values.get("thinking_budget"):
        return _on(facts, values)
    return "adaptive" if values.get("thinking_display") and facts.default == "adaptive" else None


def _on(facts: ThinkingFacts, values: Mapping[str, Any]) -> str:  # Any: a parameter's value
    """The mode that switches thinking on: the model's own measure unless the caller sets a budget."""
    if facts.modes is None or "adaptive" not in facts.modes:
        return "enabled"
    return "enabled" if values.get("thinking_budget") and "enabled" in facts.modes else "adaptive"


def _possible(plan: ThinkingPlan, mode: str | None, facts: ThinkingFacts) -> str | None:
    """The mode, or the nearest one that the model has."""
    modes = facts.modes
    if mode is None or modes is None or mode in modes:
        return mode
    if mode == "disabled":
        nearest = facts.off_mode
    else:
        nearest = {"enabled": "adaptive", "adaptive": "enabled", "between_tools": "disabled"}.get(mode)
    if nearest is None or nearest not in modes:
        known = ", ".join(modes) or "none"
        plan.warn("dropped", "thinking_mode", f"the model has no mode {mode} (its modes: {known}); nothing was sent")
        return None
    plan.warn("changed", "thinking_mode", f"the model has no mode {mode}; sent as {nearest}")
    return nearest


def _set_budget(plan: ThinkingPlan, wanted: int | None, facts: ThinkingFacts, max_tokens: int) -> str | None:
    """A budget from 1024 to below `max_tokens`, which is the caller's limit and stays; returns the resulting mode."""
    smallest = max(_SMALLEST_BUDGET, facts.budget.minimum if facts.budget else 0)
    if max_tokens <= smallest:
        text = f"max_tokens {max_tokens} leaves no room for a thinking budget of at least {smallest}"
        plan.warn("dropped", "thinking_budget", text)
        return _without_budget(facts)
    budget = min(max(wanted or max_tokens // 2, smallest), max_tokens - 1)
    if wanted and budget != wanted:
        text = f"a thinking budget is at least {smallest} and below max_tokens {max_tokens}; {budget} was sent"
        plan.warn("changed", "thinking_budget", text)
    plan.thinking["budget_tokens"] = budget
    return "enabled"


def _without_budget(facts: ThinkingFacts) -> str | None:
    """The nearest setting to a budget, for models that take none."""
    return "adaptive" if "adaptive" in (facts.modes or ()) else None


def _set_display(plan: ThinkingPlan, values: Mapping[str, Any]) -> None:  # Any: a parameter's value
    display = values.get("thinking_display")
    if not display:
        return
    if plan.thinking.get("type") in ("adaptive", "enabled"):
        plan.thinking["display"] = display
    else:
        plan.warn("dropped", "thinking_display", "thinking is off in this call, so it cannot be displayed")


def _set_effort(plan: ThinkingPlan, values: Mapping[str, Any], facts: ThinkingFacts) -> None:  # Any: as above
    effort = values.get("reasoning_effort")
    if effort and facts.efforts is not None and effort not in facts.efforts:
        known = ", ".join(facts.efforts) or "none"
        plan.warn("dropped", "reasoning_effort", f"the model has no effort {effort} (its efforts: {known})")
        effort = None
    limited = facts.off_efforts if plan.mode in _OFF else None
    if effort and limited and effort not in limited:
        plan.warn("changed", "reasoning_effort", f"{effort} needs thinking, which is off; sent as {limited[-1]}")
        effort = limited[-1]
    plan.effort = effort
