"""Formatters: from messages to a provider's message list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.anthropic.formatter import AnthropicChatFormatter, AnthropicMultiAgentFormatter
    from .adapters.dashscope.formatter import DashScopeChatFormatter, DashScopeMultiAgentFormatter
    from .adapters.deepseek.formatter import DeepSeekChatFormatter, DeepSeekMultiAgentFormatter
    from .adapters.gemini.formatter import GeminiChatFormatter, GeminiMultiAgentFormatter
    from .adapters.moonshot.formatter import MoonshotChatFormatter, MoonshotMultiAgentFormatter
    from .adapters.ollama.formatter import OllamaChatFormatter, OllamaMultiAgentFormatter
    from .adapters.openai.formatter import OpenAIChatFormatter, OpenAIMultiAgentFormatter
    from .adapters.openai.response_formatter import OpenAIResponseFormatter, OpenAIResponseMultiAgentFormatter
    from .adapters.xai.formatter import XAIChatFormatter, XAIMultiAgentFormatter
    from .application.formatter import FormatterBase, RenderContext, Rendered

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
    "XAIChatFormatter",
    "XAIMultiAgentFormatter",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AnthropicChatFormatter": "adapters.anthropic.formatter",
        "AnthropicMultiAgentFormatter": "adapters.anthropic.formatter",
        "DashScopeChatFormatter": "adapters.dashscope.formatter",
        "DashScopeMultiAgentFormatter": "adapters.dashscope.formatter",
        "DeepSeekChatFormatter": "adapters.deepseek.formatter",
        "DeepSeekMultiAgentFormatter": "adapters.deepseek.formatter",
        "FormatterBase": "application.formatter",
        "GeminiChatFormatter": "adapters.gemini.formatter",
        "GeminiMultiAgentFormatter": "adapters.gemini.formatter",
        "MoonshotChatFormatter": "adapters.moonshot.formatter",
        "MoonshotMultiAgentFormatter": "adapters.moonshot.formatter",
        "OllamaChatFormatter": "adapters.ollama.formatter",
        "OllamaMultiAgentFormatter": "adapters.ollama.formatter",
        "OpenAIChatFormatter": "adapters.openai.formatter",
        "OpenAIMultiAgentFormatter": "adapters.openai.formatter",
        "OpenAIResponseFormatter": "adapters.openai.response_formatter",
        "OpenAIResponseMultiAgentFormatter": "adapters.openai.response_formatter",
        "RenderContext": "application.formatter",
        "Rendered": "application.formatter",
        "XAIChatFormatter": "adapters.xai.formatter",
        "XAIMultiAgentFormatter": "adapters.xai.formatter",
    },
)
