"""DashScope's chat model."""

from __future__ import annotations

from typing import ClassVar, Type

from ...application.formatter import FormatterBase
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.row import OpenAIChatRow
from .formatter import DashScopeChatFormatter
from .parameters import DashScopeChatParameters
from .row import DASHSCOPE_CHAT

__all__ = ["DashScopeChatModel"]


class DashScopeChatModel(DialectChatModel):
    """Qwen and the other models of DashScope, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters = DashScopeChatParameters
    type = "dashscope_chat"
    row: ClassVar[OpenAIChatRow] = DASHSCOPE_CHAT
    formatter_class: ClassVar[Type[FormatterBase]] = DashScopeChatFormatter
