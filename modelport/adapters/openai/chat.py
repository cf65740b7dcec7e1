"""OpenAI's Chat Completions model.

OpenAI's formatters for Chat Completions.

OpenAI's profile of the Chat Completions dialect.

Facts: docs/protocols/openai-chat.md#request-body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.profile import OpenAIChatProfile
from .parameters import OpenAIChatParameters

if TYPE_CHECKING:
    from ...application.model.formatter import FormatterBase

__all__ = ["OPENAI_CHAT", "OpenAIChatFormatter", "OpenAIChatModel", "OpenAIMultiAgentFormatter"]


class OpenAIChatModel(DialectChatModel):
    """Chat Completions at OpenAI, and at any server that speaks it under a base URL."""

    Parameters = OpenAIChatParameters
    type = "openai_chat"

    @property
    def profile(self) -> OpenAIChatProfile:  # type: ignore[override]  # a class attribute of the base, loaded late here
        """OpenAI's profile."""

        return OPENAI_CHAT

    def default_formatter(self) -> FormatterBase:
        """OpenAI's own."""

        return OpenAIChatFormatter()


OPENAI_CHAT = OpenAIChatProfile(provider="openai", max_id_length=40)


class OpenAIChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile: ClassVar[OpenAIChatProfile] = OPENAI_CHAT


class OpenAIMultiAgentFormatter(OpenAIChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True
