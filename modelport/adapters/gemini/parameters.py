"""What callers may set on Gemini models; facts: wire/gemini."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["GeminiChatParameters", "GeminiEmbeddingParameters"]

TaskType = Literal[
    "SEMANTIC_SIMILARITY",
    "CLASSIFICATION",
    "CLUSTERING",
    "RETRIEVAL_DOCUMENT",
    "RETRIEVAL_QUERY",
    "QUESTION_ANSWERING",
    "FACT_VERIFICATION",
    "CODE_RETRIEVAL_QUERY",
]


class GeminiChatParameters(BaseModel):
    """Parameters of a generateContent call."""

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
        description="Whether the model thinks and its thoughts are shown.",
    )
    thinking_budget: int | None = Field(
        default=None,
        ge=-1,
        title="Thinking budget",
        description="The most tokens of thinking; -1 lets the model decide. Gemini 2.5 only.",
    )
    thinking_level: Literal["minimal", "low", "medium", "high", "xhigh"] | None = Field(
        default=None,
        title="Thinking level",
        description="How much the model thinks. Gemini 3 and later.",
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


class GeminiEmbeddingParameters(BaseModel):
    """Parameters of an embedding call."""

    model_config = ConfigDict(extra="forbid")

    dimensions: int | None = Field(
        default=None,
        gt=0,
        title="Dimensions",
        description="Size of each vector; the model's own size when not set.",
    )
    task_type: TaskType | None = Field(default=None, title="Task", description="What the vectors are for.")
