"""Credentials of the providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.anthropic.credential import AnthropicCredential
    from .adapters.dashscope.credential import DashScopeCredential
    from .adapters.deepseek.credential import DeepSeekCredential
    from .adapters.embedded.credential import EmbeddedCredential
    from .adapters.gemini.credential import GeminiCredential
    from .adapters.minimax.credential import MiniMaxCredential
    from .adapters.moonshot.credential import MoonshotCredential
    from .adapters.ollama.credential import OllamaCredential
    from .adapters.openai.credential import OpenAICredential
    from .adapters.volcengine.credential import VolcengineCredential
    from .adapters.xai.credential import XAICredential
    from .application.model.credential import CredentialBase
    from .composition.providers.credential_factory import CredentialFactory

__all__ = [
    "AnthropicCredential",
    "CredentialBase",
    "CredentialFactory",
    "DashScopeCredential",
    "DeepSeekCredential",
    "EmbeddedCredential",
    "GeminiCredential",
    "MiniMaxCredential",
    "MoonshotCredential",
    "OllamaCredential",
    "OpenAICredential",
    "VolcengineCredential",
    "XAICredential",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AnthropicCredential": "adapters.anthropic.credential",
        "CredentialBase": "application.model.credential",
        "CredentialFactory": "composition.providers.credential_factory",
        "DashScopeCredential": "adapters.dashscope.credential",
        "DeepSeekCredential": "adapters.deepseek.credential",
        "EmbeddedCredential": "adapters.embedded.credential",
        "GeminiCredential": "adapters.gemini.credential",
        "MiniMaxCredential": "adapters.minimax.credential",
        "MoonshotCredential": "adapters.moonshot.credential",
        "OllamaCredential": "adapters.ollama.credential",
        "OpenAICredential": "adapters.openai.credential",
        "VolcengineCredential": "adapters.volcengine.credential",
        "XAICredential": "adapters.xai.credential",
    },
)
