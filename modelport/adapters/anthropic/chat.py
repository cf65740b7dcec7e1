"""Anthropic's chat model."""

from __future__ import annotations

from typing import ClassVar

from ...application.chat.http import HttpChatModel
from .formatter import AnthropicChatFormatter
from .parameters import AnthropicChatParameters
from .request import AnthropicCodec

__all__ = ["AnthropicChatModel"]


class AnthropicChatModel(HttpChatModel):
    """Claude models, and others behind the Messages API. Takes the arguments of `ChatModelBase`."""

    Parameters = AnthropicChatParameters
    type = "anthropic_chat"
    provider: ClassVar[str] = "anthropic"
    codec = AnthropicCodec()
    formatter_class = AnthropicChatFormatter
