"""Speech models, and what they return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.dashscope.realtime_tts import DashScopeCosyVoiceRealtimeTTSModel, DashScopeRealtimeTTSModel
    from .adapters.dashscope.tts import DashScopeTTSModel
    from .application.tts_model import TTSModelBase
    from .domain.cards import TTSModelCard
    from .domain.speech import TTSResponse, TTSUsage

__all__ = [
    "DashScopeCosyVoiceRealtimeTTSModel",
    "DashScopeRealtimeTTSModel",
    "DashScopeTTSModel",
    "TTSModelBase",
    "TTSModelCard",
    "TTSResponse",
    "TTSUsage",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "DashScopeCosyVoiceRealtimeTTSModel": "adapters.dashscope.realtime_tts",
        "DashScopeRealtimeTTSModel": "adapters.dashscope.realtime_tts",
        "DashScopeTTSModel": "adapters.dashscope.tts",
        "TTSModelBase": "application.tts_model",
        "TTSModelCard": "domain.cards",
        "TTSResponse": "domain.speech",
        "TTSUsage": "domain.speech",
    },
)
