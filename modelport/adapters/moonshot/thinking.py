"""How Kimi models switch thinking. Facts: wire/moonshot, "Thinking" and "Round-trip rules"."""

from __future__ import annotations

from dataclasses import replace

from ...application.codec import ChatRequest
from ..dialects.openai_chat.thinking import ThinkingPlan, ThinkingSwitch, has_reasoning, with_effort

__all__ = ["moonshot_thinking"]

_SWITCH = ThinkingSwitch("thinking", on={"type": "enabled"}, off={"type": "disabled"})


def moonshot_thinking(request: ChatRequest) -> ThinkingPlan:
    """`thinking` for models with the switch, which `keep`s earlier turns' on demand; `reasoning_effort` for others."""
    plan = _SWITCH.plan(request)
    facts = request.card.thinking if request.card else None
    if plan.thinks and facts and facts.preserve and has_reasoning(request):
        plan = replace(plan, fields={"thinking": {**_SWITCH.on, "keep": "all"}})
    return with_effort(plan, request)
