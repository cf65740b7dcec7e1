"""Formatters: from messages to a provider's message list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.ollama.formatter import OllamaChatFormatter
    from .adapters.openai.formatter import OpenAIChatFormatter
    from .application.formatter import FormatterBase, RenderContext, Rendered

__all__ = ["FormatterBase", "OllamaChatFormatter", "OpenAIChatFormatter", "RenderContext", "Rendered"]

__getattr__ = lazy_exports(
    __name__,
    {
        "FormatterBase": "application.formatter",
        "OllamaChatFormatter": "adapters.ollama.formatter",
        "OpenAIChatFormatter": "adapters.openai.formatter",
        "RenderContext": "application.formatter",
        "Rendered": "application.formatter",
    },
)
