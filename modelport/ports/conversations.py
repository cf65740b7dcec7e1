"""The port that keeps conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..domain.chat.conversation import Conversation, ConversationSummary

__all__ = ["ConversationStore"]


class ConversationStore(Protocol):
    """Keeps conversations by id.

    Contract: what `save` returned from survives the process and is found by every later `load`. A `save` stores all
    new messages or none. Of two writers that loaded the same state one succeeds, and the other's `save` raises
    `ConversationConflictError` and changes nothing. One conversation object is saved by one task at a time; otherwise
    all methods may be called from several tasks at once.
    """

    async def save(self, conversation: Conversation) -> None:
        """Store what is new or changed; raises `ConversationConflictError` when another writer was there first."""
        ...

    async def load(self, conversation_id: str) -> Conversation:
        """The conversation; raises `ConversationNotFoundError` when there is none with this id."""
        ...

    async def list(
        self, limit: int = 50, *, offset: int = 0, search: str | None = None, prefix: str | None = None
    ) -> Sequence[ConversationSummary]:
        """The conversations, last changed first, at most `limit` after the first `offset`.

        Args:
            search: only those with a message or a title that contains this text, in any case.
            prefix: only those whose id begins with this text.
        """
        ...

    async def delete(self, conversation_id: str) -> None:
        """Remove it; raises `ConversationNotFoundError` when there is none with this id."""
        ...

    async def aclose(self) -> None:
        """Close the running event loop's connections; they are opened again when they are needed."""
        ...
