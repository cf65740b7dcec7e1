"""A model of voice conversations, and one of them, as agents see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

from ..domain.chat.tools import ToolChoice, ToolSchema
from ..domain.message.blocks import DataBlock, ToolResultBlock
from ..domain.message.messages import Msg
from ..domain.realtime.events import RealtimeEvent
from ..domain.realtime.settings import RealtimeFacts, TurnDetection

__all__ = ["RealtimeConversation", "RealtimeModel"]


class RealtimeConversation(Protocol):
    """One voice conversation. `RealtimeSession` is the one that providers' models give.

    Contract: one task iterates over the events, which end with `SessionEvent(kind="ended")`; any task may send, and
    sending never waits for receiving. Each reply has exactly one end. `history` is always legal for any chat model.
    """

    playback: Callable[[], tuple[str, float] | None] | None
    """Asked for the item that is played and its position in milliseconds, if it is set."""

    @property
    def facts(self) -> RealtimeFacts:
        """What it can do; everything else raises `UnsupportedFeatureError` before anything is sent."""
        ...

    @property
    def history(self) -> list[Msg]:
        """The conversation so far: what was heard, not what was generated."""
        ...

    async def open(self) -> Self:
        """Connect, unless it is open; raises the error of a refused connection or set-up."""
        ...

    async def aclose(self) -> None:
        """End it; what is being said is cut off."""
        ...

    def __aiter__(self) -> Self: ...

    async def __anext__(self) -> RealtimeEvent: ...

    def insert(self, events: Sequence[RealtimeEvent]) -> None:
        """Add events of the application's own after the events so far."""
        ...

    async def send(self, message: Msg, respond: bool = True) -> None:
        """Send a message of the user."""
        ...

    async def send_text(self, text: str, respond: bool = True) -> None:
        """Send typed text."""
        ...

    async def send_audio(self, pcm: bytes) -> None:
        """Send speech: 16-bit little-endian mono samples."""
        ...

    async def send_image(self, image: DataBlock, respond: bool = False) -> None:
        """Send an image."""
        ...

    async def commit_audio(self, respond: bool = True) -> None:
        """End the user's turn, with manual turns."""
        ...

    async def clear_audio(self) -> None:
        """Forget the audio of a turn that was not ended."""
        ...

    async def respond(
        self,
        instructions: str | None = None,
        tools: Sequence[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
    ) -> None:
        """Ask for a reply; the arguments are for this one alone."""
        ...

    async def interrupt(self, played_ms: float | None = None) -> None:
        """Stop the reply that is generated or played."""
        ...

    def played(self, item_id: str, ms: float) -> None:
        """So much of an item's audio was played, in milliseconds."""
        ...

    async def send_tool_result(self, result: ToolResultBlock) -> None:
        """Send the result of a call."""
        ...

    async def update(
        self,
        instructions: str | None = None,
        tools: Sequence[ToolSchema] | None = None,
        turn_detection: TurnDetection | None = None,
    ) -> None:
        """Change it from the next reply on; what is not given stays."""
        ...


class RealtimeModel(Protocol):
    """A model of voice conversations; it holds none of them.

    Contract: any number of conversations at once, in successive event loops as well.
    """

    def connect(
        self,
        instructions: str | None = None,
        tools: Sequence[ToolSchema] | None = None,
        history: Sequence[Msg] | None = None,
        *,
        turn_detection: TurnDetection | None = None,
        **kwargs: Any,  # Any: provider fields of the set-up
    ) -> RealtimeConversation:
        """A conversation, which is opened by its `open`."""
        ...
