"""OpenAI's profile of Chat Completions, and the formatters that follow it.

Facts: docs/protocols/openai-chat.md#request-body.
"""

from __future__ import annotations

from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.profile import OpenAIChatProfile

__all__ = ["OPENAI_CHAT", "OpenAIChatFormatter", "OpenAIMultiAgentFormatter"]

OPENAI_CHAT = OpenAIChatProfile(provider="openai", max_id_length=40)


class OpenAIChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile = OPENAI_CHAT


class OpenAIMultiAgentFormatter(OpenAIChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True
