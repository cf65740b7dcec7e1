"""What callers may set on OpenAI's models of speech and of transcription."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from ...application.model.described import Described
from ...application.model.parameters import UnitTemperature

__all__ = ["OpenAITTSParameters", "OpenAITranscriptionParameters"]


class OpenAITTSParameters(Described):
    """Parameters of speech synthesis. Facts: docs/protocols/openai-tts.md#request."""

    model_config = ConfigDict(extra="forbid")

    voice: str | None = Field(default=None, title="Voice", description="The voice; the model's first one when not set.")
    response_format: Literal["wav", "mp3", "opus", "aac", "flac", "pcm"] | None = Field(
        default=None,
        title="Audio format",
        description="Format of the audio; WAV when not set, and pcm is bare samples.",
    )
    instructions: str | None = Field(
        default=None, max_length=4096, title="Instructions", description="How to speak, in words."
    )
    speed: float | None = Field(default=None, ge=0.25, le=4, title="Speed", description="1 is normal.")


class OpenAITranscriptionParameters(Described):
    """Parameters of speech-to-text. Facts: docs/protocols/speech-to-text.md#openai-files."""

    model_config = ConfigDict(extra="forbid")

    language: str | None = Field(default=None, title="Language", description="The language that is spoken, such as en.")
    languages: list[str] | None = Field(
        default=None,
        title="Languages",
        description="The languages that are spoken, for models that take several.",
        examples=[["en", "de"]],
    )
    prompt: str | None = Field(
        default=None, title="Prompt", description="Text that stands before the audio in style and spelling."
    )
    keywords: list[str] | None = Field(
        default=None, title="Keywords", description="Terms that may be said.", examples=[["Modelport"]]
    )
    temperature: UnitTemperature = None
    words: bool = Field(default=False, title="Words", description="Whether each word has its times.")
    segments: bool = Field(default=False, title="Segments", description="Whether the text comes in parts with times.")
    speakers: bool = Field(default=False, title="Speakers", description="Whether speakers are distinguished.")
