"""OpenAI's formatters for Chat Completions."""

from __future__ import annotations

from typing import ClassVar

from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.row import OpenAIChatRow
from .row import OPENAI_CHAT

__all__ = ["OpenAIChatFormatter", "OpenAIMultiAgentFormatter"]


class OpenAIChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    row: ClassVar[OpenAIChatRow] = OPENAI_CHAT


class OpenAIMultiAgentFormatter(OpenAIChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True
