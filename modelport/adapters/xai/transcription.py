"""xAI's speech-to-text. Facts: docs/protocols/speech-to-text.md#openai-files."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ..dialects.openai_transcription.model import DialectSTTModel
from ..dialects.openai_transcription.profile import TranscriptionProfile

__all__ = ["XAITranscriptionModel", "XAITranscriptionParameters"]


class XAITranscriptionParameters(BaseModel):
    """Parameters of speech-to-text."""

    model_config = ConfigDict(extra="forbid")

    language: str | None = Field(default=None, title="Language", description="The language that is spoken, such as en.")
    speakers: bool = Field(default=False, title="Speakers", description="Whether speakers are distinguished.")


class XAITranscriptionModel(DialectSTTModel):
    """Speech-to-text by `/stt`; words always have their times."""

    Parameters = XAITranscriptionParameters
    type = "xai_transcription"
    profile = TranscriptionProfile(
        path="/stt", sends_model=False, speakers_field=("diarize", "true"), granularities=False, verbose=None
    )
