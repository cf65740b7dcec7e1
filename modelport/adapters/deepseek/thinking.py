"""How DeepSeek switches thinking. Facts: wire/deepseek, "Thinking"."""

from __future__ import annotations

from ...application.codec import ChatRequest
from ..dialects.openai_chat.thinking import ThinkingPlan, ThinkingSwitch, with_effort

__all__ = ["deepseek_thinking"]

_SWITCH = ThinkingSwitch("thinking", on={"type": "enabled"}, off={"type": "disabled"})


def deepseek_thinking(request: ChatRequest) -> ThinkingPlan:
    """`thinking` and `reasoning_effort`; an effort alone asks for thinking."""
    return with_effort(_SWITCH.plan(request, implied_by="reasoning_effort"), request)
