"""What a settings file may say."""

from .composition.settings import (
    CacheSettings,
    ChatSettings,
    ConversationSettings,
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
    "ConversationSettings",
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
