"""What callers may set on models served by Ollama. Facts: docs/protocols/ollama.md#chat-request."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from ...application.model.described import Described
from ...application.model.parameters import Dimensions, MaxTokens, Temperature, ThinkingEnable, TopK, TopP

__all__ = ["OllamaChatParameters", "OllamaEmbeddingParameters"]


class OllamaChatParameters(Described):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
    thinking_enable: ThinkingEnable = False
    reasoning_effort: Literal["low", "medium", "high", "max"] | None = Field(
        default=None,
        title="Reasoning effort",
        description="How much the model thinks, for models with levels of thinking.",
    )
    temperature: Temperature = None
    top_p: TopP = None
    top_k: TopK = None
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


class OllamaEmbeddingParameters(Described):
    """Parameters of an embedding call."""

    model_config = ConfigDict(extra="forbid")

    dimensions: Dimensions = None
