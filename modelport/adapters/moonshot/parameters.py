"""What callers may set on Kimi models; facts: wire/moonshot."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ...application.form_fields import MaxTokens, ParallelToolCalls, TopP, UnitTemperature

__all__ = ["MoonshotChatParameters"]


class MoonshotChatParameters(BaseModel):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
    thinking_enable: bool = Field(
        default=False,
        title="Thinking",
        description="Whether the model thinks before it answers.",
    )
    reasoning_effort: Literal["low", "high", "max"] | None = Field(
        default=None,
        title="Reasoning effort",
        description="How much the model thinks; not every model takes every value.",
    )
    temperature: UnitTemperature = None
    top_p: TopP = None
    parallel_tool_calls: ParallelToolCalls = True
