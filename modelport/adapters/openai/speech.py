"""OpenAI's speech over HTTP. Facts: docs/protocols/openai-tts.md#request."""

from __future__ import annotations

from ..dialects.openai_speech.model import DialectTTSModel
from ..dialects.openai_speech.profile import SpeechProfile
from .parameters import OpenAITTSParameters

__all__ = ["OPENAI_SPEECH", "OpenAITTSModel"]

OPENAI_SPEECH = SpeechProfile()


class OpenAITTSModel(DialectTTSModel):
    """Speech by `/audio/speech`, at OpenAI and at servers that copy it: WAV, or the format that the caller names."""

    Parameters = OpenAITTSParameters
    type = "openai_tts"
    profile = OPENAI_SPEECH
