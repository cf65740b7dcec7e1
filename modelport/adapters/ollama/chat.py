"""Ollama's chat model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from ...application.chat.http import HttpChatModel
from .formatter import OllamaChatFormatter
from .parameters import OllamaChatParameters

if TYPE_CHECKING:
    from .request import OllamaCodec

__all__ = ["OllamaChatModel"]

_DEFAULT_CONTEXT = 32_768
"""Default context in tokens: enough for agents, at an acceptable cost in memory."""


class OllamaChatModel(HttpChatModel):
    """Models served by Ollama, over its native API. Takes the arguments of `ChatModelBase`."""

    Parameters = OllamaChatParameters
    type = "ollama_chat"
    provider: ClassVar[str] = "ollama"
    takes_any_key: ClassVar[bool] = False
    formatter_class = OllamaChatFormatter

    @cached_property
    def codec(self) -> OllamaCodec:  # type: ignore[override]  # an attribute of the base, made late here
        """The codec; its module is loaded by the first call."""
        from .request import OllamaCodec

        return OllamaCodec()

    @property
    def context_size(self) -> int:
        """Tokens of context that the server is asked to keep."""
        return self.parameters.num_ctx or self._context_size or min(self.card.context_size, _DEFAULT_CONTEXT)
