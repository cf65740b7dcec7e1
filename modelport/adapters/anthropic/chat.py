"""Anthropic's chat model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from ...application.chat.http import HttpChatModel
from .formatter import AnthropicChatFormatter
from .parameters import AnthropicChatParameters

if TYPE_CHECKING:
    from .request import AnthropicCodec

__all__ = ["AnthropicChatModel"]


class AnthropicChatModel(HttpChatModel):
    """Claude models, and others behind the Messages API. Takes the arguments of `ChatModelBase`."""

    Parameters = AnthropicChatParameters
    type = "anthropic_chat"
    provider: ClassVar[str] = "anthropic"
    formatter_class = AnthropicChatFormatter

    @cached_property
    def codec(self) -> AnthropicCodec:  # type: ignore[override]  # an attribute of the base, made late here
        """The codec; its module is loaded by the first call."""
        from .request import AnthropicCodec

        return AnthropicCodec()
