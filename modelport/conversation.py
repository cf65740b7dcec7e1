"""Conversations that outlive the process: their messages, and stores for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.conversations.sql import SQLConversationStore
    from .domain.chat.conversation import Conversation, ConversationSummary, ForkPoint
    from .ports.conversations import ConversationStore

__all__ = ["Conversation", "ConversationStore", "ConversationSummary", "ForkPoint", "SQLConversationStore"]

__getattr__ = lazy_exports(
    __name__,
    {
        "Conversation": "domain.chat.conversation",
        "ConversationStore": "ports.conversations",
        "ConversationSummary": "domain.chat.conversation",
        "ForkPoint": "domain.chat.conversation",
        "SQLConversationStore": "adapters.conversations.sql",
    },
)
