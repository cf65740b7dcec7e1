"""DeepSeek's chat model."""

from __future__ import annotations

from typing import ClassVar, Type

from ...application.formatter import FormatterBase
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.row import OpenAIChatRow
from .formatter import DeepSeekChatFormatter
from .parameters import DeepSeekChatParameters
from .row import DEEPSEEK_CHAT

__all__ = ["DeepSeekChatModel"]


class DeepSeekChatModel(DialectChatModel):
    """DeepSeek's models, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters = DeepSeekChatParameters
    type = "deepseek_chat"
    row: ClassVar[OpenAIChatRow] = DEEPSEEK_CHAT
    formatter_class: ClassVar[Type[FormatterBase]] = DeepSeekChatFormatter
