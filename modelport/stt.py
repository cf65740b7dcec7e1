"""Speech-to-text models, and what they return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.dashscope.transcription import DashScopeTranscriptionModel
    from .adapters.embedded.transcription import EmbeddedTranscriptionModel
    from .adapters.gemini.transcription import GeminiTranscriptionModel
    from .adapters.openai.transcription import OpenAITranscriptionModel
    from .adapters.xai.transcription import XAITranscriptionModel
    from .application.transcription.live import LiveTranscription
    from .application.transcription.model import STTModelBase
    from .application.transcription.tasks import TranscriptionTask
    from .domain.card.transcription_card import STTModelCard
    from .domain.transcription.live import LiveSegment
    from .domain.transcription.transcript import Transcript, TranscriptSegment, TranscriptUsage, TranscriptWord

__all__ = [
    "DashScopeTranscriptionModel",
    "EmbeddedTranscriptionModel",
    "GeminiTranscriptionModel",
    "LiveSegment",
    "LiveTranscription",
    "OpenAITranscriptionModel",
    "STTModelBase",
    "STTModelCard",
    "Transcript",
    "TranscriptSegment",
    "TranscriptUsage",
    "TranscriptWord",
    "TranscriptionTask",
    "XAITranscriptionModel",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "DashScopeTranscriptionModel": "adapters.dashscope.transcription",
        "EmbeddedTranscriptionModel": "adapters.embedded.transcription",
        "GeminiTranscriptionModel": "adapters.gemini.transcription",
        "LiveSegment": "domain.transcription.live",
        "LiveTranscription": "application.transcription.live",
        "OpenAITranscriptionModel": "adapters.openai.transcription",
        "STTModelBase": "application.transcription.model",
        "STTModelCard": "domain.card.transcription_card",
        "Transcript": "domain.transcription.transcript",
        "TranscriptSegment": "domain.transcription.transcript",
        "TranscriptUsage": "domain.transcription.transcript",
        "TranscriptWord": "domain.transcription.transcript",
        "TranscriptionTask": "application.transcription.tasks",
        "XAITranscriptionModel": "adapters.xai.transcription",
    },
)
