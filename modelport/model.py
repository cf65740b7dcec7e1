"""Chat models and what they return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.anthropic.chat import AnthropicChatModel
    from .adapters.dashscope.chat import DashScopeChatModel
    from .adapters.deepseek.chat import DeepSeekChatModel
    from .adapters.gemini.chat import GeminiChatModel
    from .adapters.moonshot.chat import MoonshotChatModel
    from .adapters.ollama.chat import OllamaChatModel
    from .adapters.openai.chat import OpenAIChatModel
    from .adapters.openai.response import OpenAIResponseModel
    from .adapters.xai.chat import XAIChatModel
    from .application.chat_model import ChatModelBase
    from .application.chat_stream import ChatStream
    from .domain.cards import ModelCard
    from .domain.responses import AttemptRecord, ChatResponse, ChatUsage, FinishReason, ModelWarning, StructuredResponse
    from .domain.token_estimate import TokenCount
    from .ports.chat import ChatModel

__all__ = [
    "AnthropicChatModel",
    "AttemptRecord",
    "ChatModel",
    "ChatModelBase",
    "ChatResponse",
    "ChatStream",
    "ChatUsage",
    "DashScopeChatModel",
    "DeepSeekChatModel",
    "FinishReason",
    "GeminiChatModel",
    "ModelCard",
    "ModelWarning",
    "MoonshotChatModel",
    "OllamaChatModel",
    "OpenAIChatModel",
    "OpenAIResponseModel",
    "StructuredResponse",
    "TokenCount",
    "XAIChatModel",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AnthropicChatModel": "adapters.anthropic.chat",
        "AttemptRecord": "domain.responses",
        "ChatModel": "ports.chat",
        "ChatModelBase": "application.chat_model",
        "ChatResponse": "domain.responses",
        "ChatStream": "application.chat_stream",
        "ChatUsage": "domain.responses",
        "DashScopeChatModel": "adapters.dashscope.chat",
        "DeepSeekChatModel": "adapters.deepseek.chat",
        "FinishReason": "domain.responses",
        "GeminiChatModel": "adapters.gemini.chat",
        "ModelCard": "domain.cards",
        "ModelWarning": "domain.responses",
        "MoonshotChatModel": "adapters.moonshot.chat",
        "OllamaChatModel": "adapters.ollama.chat",
        "OpenAIChatModel": "adapters.openai.chat",
        "OpenAIResponseModel": "adapters.openai.response",
        "StructuredResponse": "domain.responses",
        "TokenCount": "domain.token_estimate",
        "XAIChatModel": "adapters.xai.chat",
    },
)
