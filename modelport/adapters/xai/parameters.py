"""What callers may set on Grok models; facts: wire/xai."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ...application.form_fields import ParallelToolCalls, Temperature, TopP

__all__ = ["XAIChatParameters"]


class XAIChatParameters(BaseModel):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: int | None = Field(
        default=None,
        gt=0,
        title="Max tokens",
        description="The most tokens of answer; reasoning is not counted.",
    )
    thinking_enable: bool = Field(
        default=False,
        title="Thinking",
        description="Whether the model thinks before it answers, where that can be chosen.",
    )
    reasoning_effort: Literal["none", "low", "medium", "high", "xhigh"] | None = Field(
        default=None,
        title="Reasoning effort",
        description="How much the model thinks; not every model takes every value.",
    )
    temperature: Temperature = None
    top_p: TopP = None
    parallel_tool_calls: ParallelToolCalls = True
