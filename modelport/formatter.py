"""Formatters: from messages to a provider's message list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.anthropic.formatter import AnthropicChatFormatter, AnthropicMultiAgentFormatter
    from .adapters.dashscope.profile import DashScopeChatFormatter, DashScopeMultiAgentFormatter
    from .adapters.deepseek.profile import DeepSeekChatFormatter, DeepSeekMultiAgentFormatter
    from .adapters.gemini.formatter import GeminiChatFormatter, GeminiMultiAgentFormatter
    from .adapters.minimax.profile import MiniMaxChatFormatter, MiniMaxMultiAgentFormatter
    from .adapters.moonshot.profile import MoonshotChatFormatter, MoonshotMultiAgentFormatter
    from .adapters.ollama.formatter import OllamaChatFormatter, OllamaMultiAgentFormatter
    from .adapters.openai.chat_profile import OpenAIChatFormatter, OpenAIMultiAgentFormatter
    from .adapters.openai.responses_profile import OpenAIResponseFormatter, OpenAIResponseMultiAgentFormatter
    from .adapters.volcengine.profile import VolcengineChatFormatter, VolcengineMultiAgentFormatter
    from .adapters.xai.profile import XAIChatFormatter, XAIMultiAgentFormatter
    from .application.model.formatter import FormatterBase
    from .ports.codec.rendering import RenderContext, Rendered

__all__ = [
    "AnthropicChatFormatter",
    "AnthropicMultiAgentFormatter",
    "DashScopeChatFormatter",
    "DashScopeMultiAgentFormatter",
    "DeepSeekChatFormatter",
    "DeepSeekMultiAgentFormatter",
    "FormatterBase",
    "GeminiChatFormatter",
    "GeminiMultiAgentFormatter",
    "MiniMaxChatFormatter",
    "MiniMaxMultiAgentFormatter",
    "MoonshotChatFormatter",
    "MoonshotMultiAgentFormatter",
    "OllamaChatFormatter",
    "OllamaMultiAgentFormatter",
    "OpenAIChatFormatter",
    "OpenAIMultiAgentFormatter",
    "OpenAIResponseFormatter",
    "OpenAIResponseMultiAgentFormatter",
    "RenderContext",
    "Rendered",
    "VolcengineChatFormatter",
    "VolcengineMultiAgentFormatter",
    "XAIChatFormatter",
    "XAIMultiAgentFormatter",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AnthropicChatFormatter": "adapters.anthropic.formatter",
        "AnthropicMultiAgentFormatter": "adapters.anthropic.formatter",
        "DashScopeChatFormatter": "adapters.dashscope.profile",
        "DashScopeMultiAgentFormatter": "adapters.dashscope.profile",
        "DeepSeekChatFormatter": "adapters.deepseek.profile",
        "DeepSeekMultiAgentFormatter": "adapters.deepseek.profile",
        "FormatterBase": "application.model.formatter",
        "GeminiChatFormatter": "adapters.gemini.formatter",
        "GeminiMultiAgentFormatter": "adapters.gemini.formatter",
        "MiniMaxChatFormatter": "adapters.minimax.profile",
        "MiniMaxMultiAgentFormatter": "adapters.minimax.profile",
        "MoonshotChatFormatter": "adapters.moonshot.profile",
        "MoonshotMultiAgentFormatter": "adapters.moonshot.profile",
        "OllamaChatFormatter": "adapters.ollama.formatter",
        "OllamaMultiAgentFormatter": "adapters.ollama.formatter",
        "OpenAIChatFormatter": "adapters.openai.chat_profile",
        "OpenAIMultiAgentFormatter": "adapters.openai.chat_profile",
        "OpenAIResponseFormatter": "adapters.openai.responses_profile",
        "OpenAIResponseMultiAgentFormatter": "adapters.openai.responses_profile",
        "RenderContext": "ports.codec.rendering",
        "Rendered": "ports.codec.rendering",
        "VolcengineChatFormatter": "adapters.volcengine.profile",
        "VolcengineMultiAgentFormatter": "adapters.volcengine.profile",
        "XAIChatFormatter": "adapters.xai.profile",
        "XAIMultiAgentFormatter": "adapters.xai.profile",
    },
)
