"""A conversation: its messages in order, and how far a store has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from ..ids import new_id
from ..message.messages import Msg

__all__ = ["Conversation", "ConversationSummary", "ForkPoint"]

_TITLE = 80
"""Characters of a title that is made of a message."""


@dataclass(frozen=True, slots=True)
class ForkPoint:
    """Where a fork begins: the other conversation, and how many of its messages the fork has."""

    conversation_id: str
    length: int


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """What a list shows of a stored conversation: `length` counts messages, and both times are in UTC."""

    id: str
    title: str
    model: str | None
    length: int
    created_at: datetime
    updated_at: datetime
    parent: ForkPoint | None = None


class Conversation:
    """Messages in order. Nothing is stored before a `ConversationStore` saves it.

    Args:
        title: what a list shows; by default the beginning of the first message of the user.
        model: the name of the model that answers, for example `openai/gpt-5.5`.
        messages: what has been said so far.
        metadata: the application's own data, as JSON values.
        id: by default a new one.

    Attributes:
        parent: where it was forked from, if it was.
    """

    def __init__(
        self,
        title: str = "",
        *,
        model: str | None = None,
        messages: Iterable[Msg] = (),
        metadata: Mapping[str, Any] | None = None,  # Any: the application's own JSON
        id: str | None = None,
    ) -> None:
        self.id = id or new_id()
        self.model = model
        self.metadata = dict(metadata or {})
        self.parent: ForkPoint | None = None
        self._title = title
        self._messages = list(messages)
        self._stored = 0
        self._revisions: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Conversation {self.id} {self.title!r}, {len(self._messages)} messages, {self._stored} of them stored>"

    @property
    def title(self) -> str:
        """The title, else the beginning of the first message of the user on one line."""
        if self._title:
            return self._title
        first = next((message for message in self._messages if message.role == "user"), None)
        text = " ".join((first.get_text_content() or "").split()) if first else ""
        return text if len(text) <= _TITLE else f"{text[: _TITLE - 1]}…"

    @title.setter
    def title(self, title: str) -> None:
        self._title = title

    @property
    def own_title(self) -> str:
        """The title that was given; empty for one that is made of a message."""
        return self._title

    @property
    def messages(self) -> tuple[Msg, ...]:
        """The messages; they are changed by `append`, `truncate` and `undo`."""
        return tuple(self._messages)

    @property
    def stored(self) -> int:
        """How many of the first messages the store has as they are here."""
        return self._stored

    @property
    def revisions(self) -> tuple[str, ...]:
        """The states of the store on which the next save may build; for stores."""
        return self._revisions

    def append(self, *messages: Msg) -> None:
        """Add messages at the end, for example a question and its answer: one `save` stores both or none."""
        self._messages += messages

    def truncate(self, length: int) -> list[Msg]:
        """Keep the first `length` messages; returns the removed ones. Raises `ValueError` if negative."""
        if length < 0:
            raise ValueError(f"length: expected at least 0, got {length}")
        removed = self._messages[length:]
        del self._messages[length:]
        self._stored = min(self._stored, len(self._messages))
        return removed

    def undo(self) -> list[Msg]:
        """Remove the last message of the user and all after it; the removed messages, none if no user has written."""
        users = [number for number, message in enumerate(self._messages) if message.role == "user"]
        return self.truncate(users[-1]) if users else []

    def fork(self, length: int | None = None) -> Conversation:
        """A new conversation with the first `length` messages (by default all), not stored yet.

        Raises `ValueError` for a length that this one does not have.
        """
        length = len(self._messages) if length is None else length
        if not 0 <= length <= len(self._messages):
            raise ValueError(f"length: expected 0 to {len(self._messages)}, got {length}")
        forked = Conversation(self._title, model=self.model, messages=self._messages[:length], metadata=self.metadata)
        forked.parent = ForkPoint(self.id, length)
        return forked

    def begin_save(self, revision: str) -> int:
        """For stores: a save to this new revision begins; how many messages it stores in all."""
        self._revisions = (*self._revisions, revision)
        return len(self._messages)

    def saved(self, revision: str, length: int) -> Self:
        """For stores: the first `length` messages are stored under this revision."""
        self._revisions, self._stored = (revision,), length
        return self
