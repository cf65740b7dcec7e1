"""One turn of the Live API, which names nothing: the ids that we give to its items, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ....domain.ids import new_id
from ....domain.message.responses import ChatUsage

__all__ = ["LiveTurn"]


@dataclass(slots=True)
class LiveTurn:
    """A turn: the user's speech, if there was any, and the answer up to `turnComplete`."""

    id: str = field(default_factory=new_id)
    user_item: str | None = None
    """The item of the user's speech."""
    typed: bool = False
    """Whether the turn was begun by text."""
    answering: bool = False
    """Whether content of the answer has come."""
    paused: bool = False
    """Whether a tool call was the last content."""
    interrupted: bool = False
    part: int = 0
    usage: ChatUsage | None = None

    @property
    def item(self) -> str:
        """The item of the answer that content belongs to now."""
        return f"{self.id}-{self.part}"

    def user(self) -> str:
        """The item of the user's speech, which exists from now on."""
        self.user_item = self.user_item or f"{self.id}-user"
        return self.user_item
