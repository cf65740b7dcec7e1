"""The token counts of a session, added up from those of its replies."""

from __future__ import annotations

from typing import Literal

from ...domain.message.responses import ChatUsage

__all__ = ["added"]


def added(total: ChatUsage, usage: ChatUsage, scope: Literal["turn", "context", "session"]) -> ChatUsage:
    """The session's counts after one more report; those of the scope `session` replace what was there."""
    if scope == "session":
        return usage
    return ChatUsage(
        input_tokens=total.input_tokens + usage.input_tokens,
        output_tokens=total.output_tokens + usage.output_tokens,
        cache_input_tokens=total.cache_input_tokens + usage.cache_input_tokens,
        reasoning_tokens=total.reasoning_tokens + usage.reasoning_tokens,
    )
