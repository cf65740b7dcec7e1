"""What callers may set on Gemini models. Facts: docs/protocols/gemini.md#request."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from ...application.model.described import Described
from ...application.model.parameters import Dimensions, MaxTokens, Temperature, TopK, TopP

__all__ = ["GeminiChatParameters", "GeminiEmbeddingParameters", "GeminiTTSParameters", "GeminiTranscriptionParameters"]

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


class GeminiChatParameters(Described):
    """Parameters of a generateContent call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
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
    temperature: Temperature = None
    top_p: TopP = None
    top_k: TopK = None


class GeminiEmbeddingParameters(Described):
    """Parameters of an embedding call."""

    model_config = ConfigDict(extra="forbid")

    dimensions: Dimensions = None
    task_type: TaskType | None = Field(default=None, title="Task", description="What the vectors are for.")


class GeminiTTSParameters(Described):
    """Parameters of speech synthesis. Facts: docs/protocols/gemini-tts.md#request."""

    model_config = ConfigDict(extra="forbid")

    voice: str | None = Field(default=None, title="Voice", description="The voice; the model's first one when not set.")
    language: str | None = Field(
        default=None, title="Language", description="The language of the text, such as en-US; detected when not set."
    )
    style: str | None = Field(default=None, title="Style", description="How to speak, such as `cheerfully`.")
    speakers: dict[str, str] | None = Field(
        default=None,
        title="Speakers",
        min_length=2,
        max_length=2,
        examples=[{"Anna": "Kore", "Ben": "Puck"}],
        description="Two names that begin lines of the text, each with a voice.",
    )


class GeminiTranscriptionParameters(Described):
    """Parameters of speech-to-text. Facts: docs/protocols/speech-to-text.md#gemini-files."""

    model_config = ConfigDict(extra="forbid")

    languages: list[str] | None = Field(
        default=None,
        title="Languages",
        description="The languages that are spoken, such as en-US; detected when not set.",
        examples=[["en-US"]],
    )
    vocabulary: list[str] | None = Field(
        default=None, title="Vocabulary", description="Terms that may be said.", examples=[["Modelport"]]
    )
    words: bool = Field(default=False, title="Words", description="Whether each word has its times.")
    speakers: bool = Field(default=False, title="Speakers", description="Whether speakers are distinguished.")
    smart: bool = Field(default=False, title="Smart", description="Whether the text is tidied; not with times.")
    instruction: str | None = Field(
        default=None,
        title="Instruction",
        description="What a model not made for speech-to-text is asked to do.",
    )
