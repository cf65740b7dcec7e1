"""What callers may set on Claude models; facts: wire/anthropic-messages."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AnthropicChatParameters"]


class AnthropicChatParameters(BaseModel):
    """Parameters of a Messages call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: int | None = Field(
        default=None,
        gt=0,
        title="Max tokens",
        description="The most tokens of answer and thinking together.",
    )
    thinking_enable: bool = Field(
        default=False,
        title="Thinking",
        description="Whether the model thinks before it answers, within a token budget.",
    )
    thinking_budget: int | None = Field(
        default=None,
        gt=0,
        title="Thinking budget",
        description="The most tokens of thinking; at least 1024 and less than max_tokens.",
    )
    thinking_mode: Literal["adaptive", "enabled", "disabled", "between_tools"] | None = Field(
        default=None,
        title="Thinking mode",
        description="Who decides how much to think: the model (adaptive), a budget (enabled); or no thinking.",
    )
    thinking_display: Literal["summarized", "omitted"] | None = Field(
        default=None,
        title="Thinking display",
        description="Whether the thinking is shown in summary or left out.",
    )
    reasoning_effort: Literal["low", "medium", "high", "xhigh", "max"] | None = Field(
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
    top_k: int | None = Field(
        default=None,
        gt=0,
        title="Top K",
        description="Only this many of the likeliest words are considered.",
    )
    parallel_tool_calls: bool = Field(
        default=True,
        title="Parallel tool calls",
        description="Whether one answer may call several tools.",
    )
