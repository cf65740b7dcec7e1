"""What callers may set on models served by Ollama; facts: wire/ollama."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["OllamaChatParameters", "OllamaEmbeddingParameters"]


class OllamaChatParameters(BaseModel):
    """Parameters of a chat call."""

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
        description="Whether the model thinks before it answers.",
    )
    reasoning_effort: Literal["low", "medium", "high", "max"] | None = Field(
        default=None,
        title="Reasoning effort",
        description="How much the model thinks, for models with levels of thinking.",
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
    top_k: int | None = Field(
        default=None,
        gt=0,
        title="Top K",
        description="Only this many of the likeliest words are considered.",
    )
    num_ctx: int | None = Field(
        default=None,
        gt=0,
        title="Context window",
        description="Tokens of context to reserve on the server; longer prompts are cut at the start.",
    )
    keep_alive: str | None = Field(
        default=None,
        title="Keep alive",
        description="How long the model stays loaded, e.g. 5m; 0 unloads it at once.",
    )


class OllamaEmbeddingParameters(BaseModel):
    """Parameters of an embedding call."""

    model_config = ConfigDict(extra="forbid")

    dimensions: int | None = Field(
        default=None,
        gt=0,
        title="Dimensions",
        description="Size of each vector; the model's own size when not set.",
    )
