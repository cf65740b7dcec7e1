"""xAI's speech, by a path and fields of its own. Facts: docs/protocols/openai-tts.md#compatible-servers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ..dialects.openai_speech.model import DialectTTSModel
from ..dialects.openai_speech.profile import SpeechProfile

__all__ = ["XAITTSModel", "XAITTSParameters"]


class XAITTSParameters(BaseModel):
    """Parameters of speech synthesis."""

    model_config = ConfigDict(extra="forbid")

    voice: str | None = Field(default=None, title="Voice", description="The voice; the service's own when not set.")


class XAITTSModel(DialectTTSModel):
    """Speech by `/tts`, as MP3; other codecs are asked for with `output_format` as a body field."""

    Parameters = XAITTSParameters
    type = "xai_tts"
    profile = SpeechProfile(
        path="/tts", text_field="text", voice_field="voice_id", samples=None, extra_body={"language": "auto"}
    )
