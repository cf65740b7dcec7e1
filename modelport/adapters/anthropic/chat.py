"""Anthropic's chat model."""

from __future__ import annotations

from typing import Any, ClassVar

from ...application.chat.http import HttpChatModel
from ...application.model.credential import CredentialBase
from ...application.model.formatter import FormatterBase
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

    def __init__(
        self,
        credential: CredentialBase,
        model: str,
        parameters: AnthropicChatParameters | None = None,
        stream: bool = True,
        max_retries: int | None = None,
        context_size: int | None = None,
        formatter: FormatterBase | None = None,
        **options: Any,  # Any: the keyword options of ChatModelBase
    ) -> None:
        formatter = formatter or AnthropicChatFormatter()
        super().__init__(credential, model, parameters, stream, max_retries, context_size, formatter, **options)
