"""Chat models and what they return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.ollama.chat import OllamaChatModel
    from .adapters.openai.chat import OpenAIChatModel
    from .application.chat_model import ChatModelBase
    from .application.chat_stream import ChatStream
    from .domain.cards import ModelCard
    from .domain.responses import (
        AttemptRecord,
        ChatResponse,
        ChatUsage,
        FinishReason,
        ModelWarning,
        StructuredResponse,
    )
    from .ports.chat import ChatModel

__all__ = [
    "AttemptRecord",
    "ChatModel",
    "ChatModelBase",
    "ChatResponse",
    "ChatStream",
    "ChatUsage",
    "FinishReason",
    "ModelCard",
    "ModelWarning",
    "OllamaChatModel",
    "OpenAIChatModel",
    "StructuredResponse",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AttemptRecord": "domain.responses",
        "ChatModel": "ports.chat",
        "ChatModelBase": "application.chat_model",
        "ChatResponse": "domain.responses",
        "ChatStream": "application.chat_stream",
        "ChatUsage": "domain.responses",
        "FinishReason": "domain.responses",
        "ModelCard": "domain.cards",
        "ModelWarning": "domain.responses",
        "OllamaChatModel": "adapters.ollama.chat",
        "OpenAIChatModel": "adapters.openai.chat",
        "StructuredResponse": "domain.responses",
    },
)
