"""How DashScope switches thinking. Facts: wire/dashscope-chat, "Compatible mode" (thinking)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...application.codec import ChatRequest
from ...domain.responses import ModelWarning
from ..dialects.openai_chat.thinking import ThinkingPlan, ThinkingSwitch, has_reasoning

__all__ = ["dashscope_thinking"]

_SWITCH = ThinkingSwitch("enable_thinking", on=True, off=False)


def dashscope_thinking(request: ChatRequest) -> ThinkingPlan:
    """`enable_thinking`, `thinking_budget`, and `preserve_thinking` beside reasoning of earlier turns."""
    plan = _SWITCH.plan(request, implied_by="thinking_budget")
    fields: dict[str, Any] = dict(plan.fields)  # Any: the provider's JSON
    warnings = list(plan.warnings)
    budget = request.parameters.get("thinking_budget")
    if budget and plan.thinks is not False:
        fields["thinking_budget"] = budget
    elif budget:
        warnings.append(ModelWarning("dropped", "thinking_budget", "thinking_budget was not sent: thinking is off"))
    facts = request.card.thinking if request.card else None
    if facts and facts.preserve and has_reasoning(request):
        fields["preserve_thinking"] = True
    return replace(plan, fields=fields, warnings=warnings)
