"""OpenAI's Chat Completions model."""

from __future__ import annotations

from typing import ClassVar, Type

from ...application.formatter import FormatterBase
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.row import OpenAIChatRow
from .formatter import OpenAIChatFormatter
from .parameters import OpenAIChatParameters
from .row import OPENAI_CHAT

__all__ = ["OpenAIChatModel"]


class OpenAIChatModel(DialectChatModel):
    """Chat Completions at OpenAI, and at any server that speaks it under a base URL."""

    Parameters = OpenAIChatParameters
    type = "openai_chat"
    row: ClassVar[OpenAIChatRow] = OPENAI_CHAT
    formatter_class: ClassVar[Type[FormatterBase]] = OpenAIChatFormatter
