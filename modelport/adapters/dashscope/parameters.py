"""What callers may set on DashScope models.

Facts: docs/protocols/dashscope-chat.md#compatible-mode, docs/protocols/dashscope-embedding.md#models,
docs/protocols/dashscope-tts.md#realtime-sessions.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from ...application.model.described import Described
from ...application.model.parameters import Dimensions, ParallelToolCalls, ThinkingEnable, TopP

__all__ = [
    "DashScopeChatParameters",
    "DashScopeCosyVoiceRealtimeTTSParameters",
    "DashScopeEmbeddingParameters",
    "DashScopeRealtimeTTSParameters",
    "DashScopeTTSParameters",
]

Language = Literal[
    "Auto",
    "Chinese",
    "English",
    "German",
    "Italian",
    "Portuguese",
    "Spanish",
    "Japanese",
    "Korean",
    "French",
    "Russian",
]


class DashScopeChatParameters(Described):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: int | None = Field(default=None, gt=0, title="Max tokens", description="The most tokens of answer.")
    thinking_enable: ThinkingEnable = False
    thinking_budget: int | None = Field(
        default=None,
        gt=0,
        title="Thinking budget",
        description="The most tokens of thinking.",
    )
    temperature: float | None = Field(
        default=None,
        ge=0,
        lt=2,
        title="Temperature",
        description="Randomness of the choice of words; lower is more predictable.",
    )
    top_p: TopP = None
    top_k: int | None = Field(
        default=None,
        gt=0,
        le=100,
        title="Top K",
        description="Only this many of the likeliest words are considered.",
    )
    parallel_tool_calls: ParallelToolCalls = True
    voice: str | None = Field(default=None, title="Voice", description="The voice of spoken answers.")


class DashScopeEmbeddingParameters(Described):
    """Parameters of an embedding call."""

    model_config = ConfigDict(extra="forbid")

    dimensions: Dimensions = None
    text_type: Literal["query", "document"] | None = Field(
        default=None,
        title="Text type",
        description="Whether the texts are questions or what is searched.",
    )
    instruct: str | None = Field(
        default=None,
        title="Instruction",
        description="What the vectors are for, in English; only with queries.",
    )


class DashScopeTTSParameters(Described):
    """Parameters of speech synthesis over HTTP."""

    model_config = ConfigDict(extra="forbid")

    voice: str | None = Field(default=None, title="Voice", description="The voice; the model's first one when not set.")
    language_type: Language | None = Field(
        default=None,
        title="Language",
        description="The language of the text; Auto detects it.",
    )
    instructions: str | None = Field(
        default=None,
        title="Instructions",
        description="How to speak, for the instruct models.",
    )


class DashScopeRealtimeTTSParameters(Described):
    """Parameters of Qwen speech synthesis from text that is still being written."""

    model_config = ConfigDict(extra="forbid")

    voice: str | None = Field(default=None, title="Voice", description="The voice; the model's first one when not set.")
    language_type: Language | None = Field(
        default=None,
        title="Language",
        description="The language of the text; Auto detects it.",
    )
    mode: Literal["server_commit", "commit"] | None = Field(
        default=None,
        title="Segmentation",
        description="Whether the server or the caller decides where a spoken segment ends.",
    )
    response_format: Literal["pcm", "wav", "mp3", "opus"] | None = Field(
        default=None,
        title="Audio format",
        description="Format of the audio; WAV when not set, and pcm is bare samples.",
    )
    sample_rate: int | None = Field(
        default=None,
        ge=8000,
        le=48000,
        title="Sample rate",
        description="Samples per second.",
    )
    speech_rate: float | None = Field(default=None, ge=0.5, le=2, title="Speed", description="1 is normal.")
    pitch_rate: float | None = Field(default=None, ge=0.5, le=2, title="Pitch", description="1 is normal.")
    volume: int | None = Field(default=None, ge=0, le=100, title="Volume", description="50 is normal.")
    instructions: str | None = Field(
        default=None,
        title="Instructions",
        description="How to speak, for the instruct models.",
    )


class DashScopeCosyVoiceRealtimeTTSParameters(Described):
    """Parameters of CosyVoice and Qwen-Audio speech synthesis."""

    model_config = ConfigDict(extra="forbid")

    voice: str | None = Field(default=None, title="Voice", description="The voice; the model's first one when not set.")
    format: Literal["pcm", "wav", "mp3", "opus"] | None = Field(
        default=None,
        title="Audio format",
        description="Format of the audio; WAV when not set, and pcm is bare samples.",
    )
    sample_rate: Literal[8000, 16000, 22050, 24000, 44100, 48000] | None = Field(
        default=None,
        title="Sample rate",
        description="Samples per second.",
    )
    rate: float | None = Field(default=None, ge=0.5, le=2, title="Speed", description="1 is normal.")
    pitch: float | None = Field(default=None, ge=0.5, le=2, title="Pitch", description="1 is normal.")
    volume: int | None = Field(default=None, ge=0, le=100, title="Volume", description="50 is normal.")
    instruction: str | None = Field(default=None, title="Instruction", description="How to speak.")
