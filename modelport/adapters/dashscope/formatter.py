"""DashScope's formatters."""

from __future__ import annotations

from typing import ClassVar

from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.row import OpenAIChatRow
from .row import DASHSCOPE_CHAT

__all__ = ["DashScopeChatFormatter", "DashScopeMultiAgentFormatter"]


class DashScopeChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    row: ClassVar[OpenAIChatRow] = DASHSCOPE_CHAT


class DashScopeMultiAgentFormatter(DashScopeChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True
