"""What callers may set on Kimi models; facts: wire/moonshot."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["MoonshotChatParameters"]


class MoonshotChatParameters(BaseModel):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: int | None = Field(
        default=None,
        gt=0,
        title="Max tokens",
        description="The most tokens of answer and reasoning together.",
    )
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
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=1,
        title="Temperature",
        description="Randomness of the choice of words; lower is more predictable.",
    )
    top_p: float | None = Field(
        default=None,
        gt=0,
        le=1,
        title="Top P",
        description="Only the likeliest words whose probabilities add up to this are considered.",
    )
    parallel_tool_calls: bool = Field(
        default=True,
        title="Parallel tool calls",
        description="Whether one answer may call several tools.",
    )
