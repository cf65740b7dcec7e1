"""Speech models, and what they return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.dashscope.speech.http import DashScopeTTSModel
    from .adapters.dashscope.speech.realtime import DashScopeCosyVoiceRealtimeTTSModel, DashScopeRealtimeTTSModel
    from .adapters.gemini.speech import GeminiTTSModel
    from .adapters.openai.speech import OpenAITTSModel
    from .adapters.xai.speech import XAITTSModel
    from .application.speech.model import TTSModelBase
    from .domain.card.speech_card import TTSModelCard
    from .domain.speech.responses import TTSResponse, TTSUsage, join_audio

__all__ = [
    "DashScopeCosyVoiceRealtimeTTSModel",
    "DashScopeRealtimeTTSModel",
    "DashScopeTTSModel",
    "GeminiTTSModel",
    "OpenAITTSModel",
    "TTSModelBase",
    "TTSModelCard",
    "TTSResponse",
    "TTSUsage",
    "XAITTSModel",
    "join_audio",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "DashScopeCosyVoiceRealtimeTTSModel": "adapters.dashscope.speech.realtime",
        "DashScopeRealtimeTTSModel": "adapters.dashscope.speech.realtime",
        "DashScopeTTSModel": "adapters.dashscope.speech.http",
        "GeminiTTSModel": "adapters.gemini.speech",
        "OpenAITTSModel": "adapters.openai.speech",
        "TTSModelBase": "application.speech.model",
        "TTSModelCard": "domain.card.speech_card",
        "TTSResponse": "domain.speech.responses",
        "TTSUsage": "domain.speech.responses",
        "XAITTSModel": "adapters.xai.speech",
        "join_audio": "domain.speech.responses",
    },
)
