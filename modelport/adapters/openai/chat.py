"""OpenAI's Chat Completions model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..dialects.openai_chat.model import DialectChatModel
from .parameters import OpenAIChatParameters

if TYPE_CHECKING:
    from ...application.formatter import FormatterBase
    from ..dialects.openai_chat.row import OpenAIChatRow

__all__ = ["OpenAIChatModel"]


class OpenAIChatModel(DialectChatModel):
    """Chat Completions at OpenAI, and at any server that speaks it under a base URL."""

    Parameters = OpenAIChatParameters
    type = "openai_chat"

    @property
    def row(self) -> OpenAIChatRow:  # type: ignore[override]  # a class attribute of the base, loaded late here
        """OpenAI's row."""
        from .row import OPENAI_CHAT

        return OPENAI_CHAT

    def default_formatter(self) -> FormatterBase:
        """OpenAI's own."""
        from .formatter import OpenAIChatFormatter

        return OpenAIChatFormatter()
