"""OpenAI's formatters for Chat Completions."""

from __future__ import annotations

from typing import ClassVar

from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.row import OpenAIChatRow
from .row import OPENAI_CHAT

__all__ = ["OpenAIChatFormatter"]


class OpenAIChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    row: ClassVar[OpenAIChatRow] = OPENAI_CHAT
