"""Models of voice conversations, their sessions and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.dashscope.realtime import DashScopeRealtimeModel
    from .adapters.embedded.voice.model import EmbeddedRealtimeModel
    from .adapters.gemini.live.model import GeminiRealtimeModel
    from .adapters.openai.realtime import OpenAIRealtimeModel
    from .adapters.xai.realtime import XAIRealtimeModel
    from .application.agent.voice import RealtimeAgent, VoiceSession
    from .application.realtime.model import RealtimeModelBase, RealtimeParameters
    from .application.realtime.session import RealtimeSession
    from .domain.card.realtime_card import RealtimeModelCard
    from .domain.realtime.events import (
        InputTranscriptEvent,
        InterruptedEvent,
        RealtimeEvent,
        RealtimeEventType,
        SessionErrorEvent,
        SessionEvent,
        SpeechEndedEvent,
        SpeechStartedEvent,
        ToolCallsCancelledEvent,
    )
    from .domain.realtime.settings import RealtimeFacts, Transcription, TurnDetection
    from .ports.audio import AudioTransport
    from .ports.realtime import RealtimeConversation, RealtimeModel

__all__ = [
    "AudioTransport",
    "DashScopeRealtimeModel",
    "EmbeddedRealtimeModel",
    "GeminiRealtimeModel",
    "InputTranscriptEvent",
    "InterruptedEvent",
    "OpenAIRealtimeModel",
    "RealtimeAgent",
    "RealtimeConversation",
    "RealtimeEvent",
    "RealtimeEventType",
    "RealtimeFacts",
    "RealtimeModel",
    "RealtimeModelBase",
    "RealtimeModelCard",
    "RealtimeParameters",
    "RealtimeSession",
    "SessionErrorEvent",
    "SessionEvent",
    "SpeechEndedEvent",
    "SpeechStartedEvent",
    "ToolCallsCancelledEvent",
    "Transcription",
    "TurnDetection",
    "VoiceSession",
    "XAIRealtimeModel",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AudioTransport": "ports.audio",
        "DashScopeRealtimeModel": "adapters.dashscope.realtime",
        "EmbeddedRealtimeModel": "adapters.embedded.voice.model",
        "GeminiRealtimeModel": "adapters.gemini.live.model",
        "InputTranscriptEvent": "domain.realtime.events",
        "InterruptedEvent": "domain.realtime.events",
        "OpenAIRealtimeModel": "adapters.openai.realtime",
        "RealtimeAgent": "application.agent.voice",
        "RealtimeConversation": "ports.realtime",
        "RealtimeEvent": "domain.realtime.events",
        "RealtimeEventType": "domain.realtime.events",
        "RealtimeFacts": "domain.realtime.settings",
        "RealtimeModel": "ports.realtime",
        "RealtimeModelBase": "application.realtime.model",
        "RealtimeModelCard": "domain.card.realtime_card",
        "RealtimeParameters": "application.realtime.model",
        "RealtimeSession": "application.realtime.session",
        "SessionErrorEvent": "domain.realtime.events",
        "SessionEvent": "domain.realtime.events",
        "SpeechEndedEvent": "domain.realtime.events",
        "SpeechStartedEvent": "domain.realtime.events",
        "ToolCallsCancelledEvent": "domain.realtime.events",
        "Transcription": "domain.realtime.settings",
        "TurnDetection": "domain.realtime.settings",
        "VoiceSession": "application.agent.voice",
        "XAIRealtimeModel": "adapters.xai.realtime",
    },
)
