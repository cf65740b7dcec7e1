"""What callers may set on Claude models. Facts: docs/protocols/anthropic-messages.md#request-body."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ...application.model.described import Described
from ...application.model.parameters import EFFORT, MaxTokens, ParallelToolCalls, TopK, TopP, UnitTemperature

__all__ = ["AnthropicChatParameters"]


class AnthropicChatParameters(Described):
    """Parameters of a Messages call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
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
    reasoning_effort: Annotated[Literal["low", "medium", "high", "xhigh", "max"] | None, EFFORT] = None
    temperature: UnitTemperature = None
    top_p: TopP = None
    top_k: TopK = None
    parallel_tool_calls: ParallelToolCalls = True
