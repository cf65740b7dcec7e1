"""What callers may set on OpenAI models.

Facts: docs/protocols/openai-chat.md#request-body, docs/protocols/openai-responses.md#request.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ...application.model.described import Described
from ...application.model.parameters import (
    EFFORT,
    MaxTokens,
    ParallelToolCalls,
    Temperature,
    TopP,
)

__all__ = [
    "OpenAIChatParameters",
    "OpenAIResponseParameters",
]

OpenAIEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class OpenAIChatParameters(Described):
    """Parameters of a Chat Completions call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
    thinking_enable: bool = Field(
        default=False,
        title="Thinking",
        description="Whether the model thinks, on servers with a switch for it; OpenAI itself has only the effort.",
    )
    reasoning_effort: Annotated[OpenAIEffort | None, EFFORT] = None
    temperature: Temperature = None
    top_p: TopP = None
    parallel_tool_calls: ParallelToolCalls = True
    voice: str | None = Field(default=None, title="Voice", description="The voice of spoken answers.")


class OpenAIResponseParameters(Described):
    """Parameters of a Responses call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
    thinking_enable: bool = Field(
        default=False,
        title="Thinking",
        description="Whether a summary of the reasoning is asked for and shown.",
    )
    reasoning_effort: Annotated[OpenAIEffort | None, EFFORT] = None
    temperature: Temperature = None
    top_p: TopP = None
    parallel_tool_calls: ParallelToolCalls = True
