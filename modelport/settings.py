"""What a settings file may say."""

from .composition.settings import (
    CacheSettings,
    ChatSettings,
    EmbeddingSettings,
    MediaSettings,
    RateLimitEntry,
    RateLimitSettings,
    RealtimeSettings,
    RetrySettings,
    Settings,
    STTSettings,
    TimeoutSettings,
    TransportSettings,
    TTSSettings,
)

__all__ = [
    "CacheSettings",
    "ChatSettings",
    "EmbeddingSettings",
    "MediaSettings",
    "RateLimitEntry",
    "RateLimitSettings",
    "RealtimeSettings",
    "RetrySettings",
    "STTSettings",
    "Settings",
    "TTSSettings",
    "TimeoutSettings",
    "TransportSettings",
]
