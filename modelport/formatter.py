"""Formatters: from messages to a provider's message list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.anthropic.formatter import AnthropicChatFormatter, AnthropicMultiAgentFormatter
    from .adapters.dashscope.chat import DashScopeChatFormatter, DashScopeMultiAgentFormatter
    from .adapters.deepseek.provider import DeepSeekChatFormatter, DeepSeekMultiAgentFormatter
    from .adapters.gemini.formatter import GeminiChatFormatter, GeminiMultiAgentFormatter
    from .adapters.minimax.provider import MiniMaxChatFormatter, MiniMaxMultiAgentFormatter
    from .adapters.moonshot.provider import MoonshotChatFormatter, MoonshotMultiAgentFormatter
    from .adapters.ollama.formatter import OllamaChatFormatter, OllamaMultiAgentFormatter
    from .adapters.openai.chat import OpenAIChatFormatter, OpenAIMultiAgentFormatter
    from .adapters.openai.responses import OpenAIResponseFormatter, OpenAIResponseMultiAgentFormatter
    from .adapters.volcengine.provider import VolcengineChatFormatter, VolcengineMultiAgentFormatter
    from .adapters.xai.provider import XAIChatFormatter, XAIMultiAgentFormatter
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
        "DashScopeChatFormatter": "adapters.dashscope.chat",
        "DashScopeMultiAgentFormatter": "adapters.dashscope.chat",
        "DeepSeekChatFormatter": "adapters.deepseek.provider",
        "DeepSeekMultiAgentFormatter": "adapters.deepseek.provider",
        "FormatterBase": "application.model.formatter",
        "GeminiChatFormatter": "adapters.gemini.formatter",
        "GeminiMultiAgentFormatter": "adapters.gemini.formatter",
        "MiniMaxChatFormatter": "adapters.minimax.provider",
        "MiniMaxMultiAgentFormatter": "adapters.minimax.provider",
        "MoonshotChatFormatter": "adapters.moonshot.provider",
        "MoonshotMultiAgentFormatter": "adapters.moonshot.provider",
        "OllamaChatFormatter": "adapters.ollama.formatter",
        "OllamaMultiAgentFormatter": "adapters.ollama.formatter",
        "OpenAIChatFormatter": "adapters.openai.chat",
        "OpenAIMultiAgentFormatter": "adapters.openai.chat",
        "OpenAIResponseFormatter": "adapters.openai.responses",
        "OpenAIResponseMultiAgentFormatter": "adapters.openai.responses",
        "RenderContext": "ports.codec.rendering",
        "Rendered": "ports.codec.rendering",
        "VolcengineChatFormatter": "adapters.volcengine.provider",
        "VolcengineMultiAgentFormatter": "adapters.volcengine.provider",
        "XAIChatFormatter": "adapters.xai.provider",
        "XAIMultiAgentFormatter": "adapters.xai.provider",
    },
)
