"""Chat models and what they return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.anthropic.chat import AnthropicChatModel
    from .adapters.dashscope.chat import DashScopeChatModel
    from .adapters.deepseek.provider import DeepSeekChatModel
    from .adapters.gemini.chat import GeminiChatModel
    from .adapters.minimax.provider import MiniMaxChatModel
    from .adapters.moonshot.provider import MoonshotChatModel
    from .adapters.ollama.chat import OllamaChatModel
    from .adapters.openai.chat import OpenAIChatModel
    from .adapters.openai.responses import OpenAIResponseModel
    from .adapters.volcengine.provider import VolcengineChatModel
    from .adapters.xai.provider import XAIChatModel
    from .application.chat.model import ChatModelBase
    from .application.chat.stream import ChatStream
    from .domain.card.cards import ModelCard
    from .domain.chat.settings import CallSettings
    from .domain.chat.tokens import TokenCount
    from .domain.message.responses import (
        AttemptRecord,
        ChatResponse,
        ChatUsage,
        FinishReason,
        ModelWarning,
        StructuredResponse,
    )
    from .ports.models import ChatModel

__all__ = [
    "AnthropicChatModel",
    "AttemptRecord",
    "CallSettings",
    "ChatModel",
    "ChatModelBase",
    "ChatResponse",
    "ChatStream",
    "ChatUsage",
    "DashScopeChatModel",
    "DeepSeekChatModel",
    "FinishReason",
    "GeminiChatModel",
    "MiniMaxChatModel",
    "ModelCard",
    "ModelWarning",
    "MoonshotChatModel",
    "OllamaChatModel",
    "OpenAIChatModel",
    "OpenAIResponseModel",
    "StructuredResponse",
    "TokenCount",
    "VolcengineChatModel",
    "XAIChatModel",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AnthropicChatModel": "adapters.anthropic.chat",
        "AttemptRecord": "domain.message.responses",
        "CallSettings": "domain.chat.settings",
        "ChatModel": "ports.models",
        "ChatModelBase": "application.chat.model",
        "ChatResponse": "domain.message.responses",
        "ChatStream": "application.chat.stream",
        "ChatUsage": "domain.message.responses",
        "DashScopeChatModel": "adapters.dashscope.chat",
        "DeepSeekChatModel": "adapters.deepseek.provider",
        "FinishReason": "domain.message.responses",
        "GeminiChatModel": "adapters.gemini.chat",
        "MiniMaxChatModel": "adapters.minimax.provider",
        "ModelCard": "domain.card.cards",
        "ModelWarning": "domain.message.responses",
        "MoonshotChatModel": "adapters.moonshot.provider",
        "OllamaChatModel": "adapters.ollama.chat",
        "OpenAIChatModel": "adapters.openai.chat",
        "OpenAIResponseModel": "adapters.openai.responses",
        "StructuredResponse": "domain.message.responses",
        "TokenCount": "domain.chat.tokens",
        "VolcengineChatModel": "adapters.volcengine.provider",
        "XAIChatModel": "adapters.xai.provider",
    },
)
