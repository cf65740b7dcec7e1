"""OpenAI's speech-to-text over HTTP. Facts: docs/protocols/speech-to-text.md#openai-files."""

from __future__ import annotations

from ..dialects.openai_transcription.model import DialectSTTModel
from ..dialects.openai_transcription.profile import TranscriptionProfile
from .parameters import OpenAITranscriptionParameters

__all__ = ["OpenAITranscriptionModel"]


class OpenAITranscriptionModel(DialectSTTModel):
    """Speech-to-text by `/audio/transcriptions`, at OpenAI and at servers that copy it."""

    Parameters = OpenAITranscriptionParameters
    type = "openai_transcription"
    profile = TranscriptionProfile()
