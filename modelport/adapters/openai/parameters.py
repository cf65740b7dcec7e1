"""What callers may set on OpenAI models; facts: wire/openai-chat, wire/openai-responses, wire/openai-embedding."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["OpenAIChatParameters", "OpenAIEmbeddingParameters", "OpenAIResponseParameters"]


class OpenAIChatParameters(BaseModel):
    """Parameters of a Chat Completions call."""

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
        description="Whether the model thinks, on servers with a switch for it; OpenAI itself has only the effort.",
    )
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = Field(
        default=None,
        title="Reasoning effort",
        description="How much the model thinks; not every model takes every value.",
    )
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=2,
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
    voice: str | None = Field(default=None, title="Voice", description="The voice of spoken answers.")


class OpenAIResponseParameters(BaseModel):
    """Parameters of a Responses call."""

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
        description="Whether a summary of the reasoning is asked for and shown.",
    )
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = Field(
        default=None,
        title="Reasoning effort",
        description="How much the model thinks; not every model takes every value.",
    )
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=2,
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


class OpenAIEmbeddingParameters(BaseModel):
    """Parameters of an embedding call."""

    model_config = ConfigDict(extra="forbid")

    dimensions: int | None = Field(
        default=None,
        gt=0,
        title="Dimensions",
        description="Size of each vector; the model's own size when not set.",
    )
