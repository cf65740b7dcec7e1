"""Moonshot's chat model."""

from __future__ import annotations

from typing import ClassVar, Type

from ...application.formatter import FormatterBase
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.row import OpenAIChatRow
from .formatter import MoonshotChatFormatter
from .parameters import MoonshotChatParameters
from .row import MOONSHOT_CHAT

__all__ = ["MoonshotChatModel"]


class MoonshotChatModel(DialectChatModel):
    """Kimi's models, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters = MoonshotChatParameters
    type = "moonshot_chat"
    row: ClassVar[OpenAIChatRow] = MOONSHOT_CHAT
    formatter_class: ClassVar[Type[FormatterBase]] = MoonshotChatFormatter
