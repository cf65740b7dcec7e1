"""How thinking is switched in Chat Completions bodies: the rules that several providers share.

The caller sets `thinking_enable`; the model's card says what is possible. When the caller sets nothing, nothing is
sent, and the model's default applies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from ....domain.message.responses import ModelWarning
from ....domain.records import record

if TYPE_CHECKING:
    from ....ports.codec.chat import ChatRequest

__all__ = [
    "NO_EFFORT",
    "TYPE_SWITCH",
    "ThinkingPlan",
    "ThinkingRule",
    "ThinkingSwitch",
    "effort_only",
    "has_reasoning",
    "with_effort",
    "without_effort",
]


NO_EFFORT = "none"
"""The effort that means no thinking."""


@record(frozen=True, slots=True)
class ThinkingPlan:
    """The body fields about thinking, and whether the model will think."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    """Body fields (Any: the provider's JSON)."""
    thinks: bool | None = False
    """`None` when neither the caller nor a card decides it."""
    warnings: Sequence[ModelWarning] = ()


ThinkingRule = Callable[["ChatRequest"], ThinkingPlan]


def effort_only(request: ChatRequest) -> ThinkingPlan:
    """OpenAI's own way: `reasoning_effort` is all there is. Facts: docs/protocols/openai-chat.md#request-body."""
    values, card = request.parameters, request.card
    effort = request.overrides.get("reasoning_effort") or values.get("reasoning_effort")
    warnings = []
    if values.get("thinking_enable") and not effort:
        message = "this server has no switch for thinking; set reasoning_effort instead"
        warnings.append(ModelWarning("dropped", "thinking_enable", message))
    facts = card.thinking if card else None
    by_default = facts is not None and not facts.can_disable
    fields = {"reasoning_effort": effort} if effort else {}
    return ThinkingPlan(fields, effort != "none" if effort else by_default, warnings)


@record(frozen=True, slots=True)
class ThinkingSwitch:
    """A body field that turns thinking on and off."""

    field: str
    on: Any
    """The field's value for "on" (Any: the provider's JSON)."""
    off: Any

    def plan(self, request: ChatRequest, implied_by: str = "") -> ThinkingPlan:
        """The field as the caller wants it and the model takes it.

        A value of the parameter `implied_by` switches thinking on when `thinking_enable` was not set.
        """
        if self.field in request.overrides:
            given = request.overrides[self.field]
            return ThinkingPlan({}, not (given == self.off or _says_off(given)))
        wanted = _wanted(request, implied_by)
        facts = request.card.thinking if request.card else None
        if facts is None:
            return self._saying(wanted)
        if wanted is None or facts.modes == []:
            return ThinkingPlan({}, facts.default != "disabled" or not facts.can_disable)
        if wanted is False and not facts.can_disable:
            dropped = ModelWarning("dropped", "thinking_enable", f"{request.model} cannot stop thinking")
            return ThinkingPlan({}, True, [dropped])
        return self._saying(wanted)

    def _saying(self, wanted: bool | None) -> ThinkingPlan:
        return ThinkingPlan({} if wanted is None else {self.field: self.on if wanted else self.off}, wanted)


TYPE_SWITCH = ThinkingSwitch("thinking", on={"type": "enabled"}, off={"type": "disabled"})
"""The field as several providers have it."""


def with_effort(plan: ThinkingPlan, request: ChatRequest, field: str = "reasoning_effort") -> ThinkingPlan:
    """The plan with the effort, which servers reject while thinking is off.

    The field may be one of the switch's object, as in `reasoning.effort`. No effort means no thinking, and the switch
    then turns it off.
    """
    effort = request.parameters.get("reasoning_effort")
    if not effort or (effort == NO_EFFORT and plan.thinks is False):
        return plan
    if effort == NO_EFFORT:
        thinks = ModelWarning("dropped", "reasoning_effort", f"reasoning_effort was not sent: {request.model} thinks")
        return replace(plan, warnings=[*plan.warnings, thinks])
    if plan.thinks is not False:
        outer, dot, inner = field.partition(".")
        value = {**plan.fields.get(outer, {}), inner: effort} if dot else effort
        return replace(plan, fields={**plan.fields, outer: value})
    dropped = ModelWarning("dropped", "reasoning_effort", "reasoning_effort was not sent: thinking is off")
    return replace(plan, warnings=[*plan.warnings, dropped])


def without_effort(plan: ThinkingPlan, request: ChatRequest) -> ThinkingPlan:
    """The plan where the server has no field for the effort; one that the caller set is a warning."""
    if request.parameters.get("reasoning_effort") in (None, NO_EFFORT):
        return plan
    dropped = ModelWarning(
        "dropped", "reasoning_effort", "reasoning_effort was not sent: the server has no field for it"
    )
    return replace(plan, warnings=[*plan.warnings, dropped])


def has_reasoning(request: ChatRequest) -> bool:
    """Whether a message of the request carries reasoning of an earlier turn."""
    return any(message.get("reasoning_content") for message in request.rendered.messages)


def _wanted(request: ChatRequest, implied_by: str) -> bool | None:
    """The caller's wish, if there is one."""
    values = request.parameters
    if "thinking_enable" in request.chosen and "thinking_enable" in values:
        return bool(values["thinking_enable"])
    if values.get(implied_by) == NO_EFFORT:
        return False
    return True if values.get("thinking_enable") or values.get(implied_by) else None


def _says_off(value: Any) -> bool:  # Any: whatever the caller gave for the provider's field
    return value.get("type") == "disabled" if isinstance(value, dict) else value is False
