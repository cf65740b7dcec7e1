"""OpenAI's Chat Completions: profile, formatters and model.

Facts: docs/protocols/openai-chat.md#request-body.
"""

from __future__ import annotations

from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.profile import OpenAIChatProfile
from .parameters import OpenAIChatParameters

__all__ = ["OPENAI_CHAT", "OpenAIChatFormatter", "OpenAIChatModel", "OpenAIMultiAgentFormatter"]

OPENAI_CHAT = OpenAIChatProfile(provider="openai", max_id_length=40)


class OpenAIChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile = OPENAI_CHAT


class OpenAIMultiAgentFormatter(OpenAIChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True


class OpenAIChatModel(DialectChatModel):
    """Chat Completions at OpenAI, and at any server that speaks it under a base URL."""

    Parameters = OpenAIChatParameters
    type = "openai_chat"
    profile = OPENAI_CHAT
    formatter_class = OpenAIChatFormatter
