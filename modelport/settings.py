"""What a settings file may say."""

from .composition.settings import (
    ChatSettings,
    MediaSettings,
    RetrySettings,
    Settings,
    TimeoutSettings,
    TransportSettings,
)

__all__ = [
    "ChatSettings",
    "MediaSettings",
    "RetrySettings",
    "Settings",
    "TimeoutSettings",
    "TransportSettings",
]
