"""A provider's realtime protocol: a pure state machine for each connection of a voice conversation.

Its inputs are the session's commands and the server's frames, in any order; `receive` says what a frame means, and
`frames_to_send` returns the frames that may be sent now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ...domain.chat.tools import ToolChoice, ToolSchema
from ...domain.errors import ModelError
from ...domain.message.blocks import DataBlock, TextBlock, ToolResultBlock
from ...domain.message.messages import Msg
from ...domain.message.responses import ModelWarning
from ...domain.realtime.settings import RealtimeFacts, TurnDetection
from ...domain.realtime.signals import Signal
from ..websocket import Frame, WebSocketRequest
from .base import Endpoint

if TYPE_CHECKING:
    from ...domain.card.realtime_card import RealtimeModelCard

__all__ = [
    "RealtimeCodec",
    "RealtimeProtocol",
    "RealtimeSetup",
    "RealtimeTraits",
    "RespondOptions",
]


@dataclass(frozen=True, slots=True)
class RealtimeSetup:
    """Everything that a new connection is set up with.

    Attributes:
        parameters: the parameters to send, by our names (Any: each has its own type).
        overrides: provider fields of the set-up given by the caller; they win (Any: the provider's).
        instructions, tools, turn_detection: as given to `connect`, or changed by `update` since.
        history: the conversation to begin with.
        handle: with which the server goes on with an earlier session; its history is then not sent.
        warnings: what the caller should know, such as a parameter that was left out.
    """

    endpoint: Endpoint
    model: str
    card: RealtimeModelCard
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    instructions: str = ""
    tools: Sequence[ToolSchema] = ()
    turn_detection: TurnDetection = field(default_factory=TurnDetection)
    history: Sequence[Msg] = ()
    handle: str | None = None
    warnings: Sequence[ModelWarning] = ()

    @property
    def text_only(self) -> bool:
        """Whether the model is to answer with text alone."""
        return self.parameters.get("output") == "text"


@dataclass(frozen=True, slots=True)
class RespondOptions:
    """What is different for one reply; a forced `tool_choice` never lasts longer."""

    instructions: str | None = None
    tools: Sequence[ToolSchema] | None = None
    tool_choice: ToolChoice | None = None


@dataclass(frozen=True, slots=True)
class RealtimeTraits:
    """What the session has to know of a provider's turn-taking.

    Attributes:
        speech_interrupts: the user's speech stops the reply on the server without a word of its own about it.
        ends_when_interrupted: an interrupted reply may never be ended by the server, so it ends at once.
        ends_when_cancelled: a cancelled reply may not be ended by the server but by its item, or by a timer.
        asks_to_continue: the model goes on after tool results only when asked to.
        commit_replies: the end of a turn is answered without being asked for it.
        text_replies: a message with `respond` is answered without being asked for it.
        acknowledges: a request for a reply is always answered, so a second one can wait for the first.
        awaits_lost_calls: a session that was resumed waits for the results of calls that its old connection made.
        input_rate, output_rate: samples per second on the wire.
        sample_size: bytes of one sample of the output.
    """

    speech_interrupts: bool = True
    ends_when_interrupted: bool = False
    ends_when_cancelled: bool = False
    asks_to_continue: bool = True
    commit_replies: bool = False
    text_replies: bool = False
    acknowledges: bool = True
    awaits_lost_calls: bool = False
    input_rate: int = 24_000
    output_rate: int = 24_000
    sample_size: int = 2


class RealtimeProtocol(Protocol):
    """One connection's protocol. Pure: no I/O, no clock; ids come from the domain's factory."""

    @property
    def ready(self) -> bool:
        """Whether the server accepted the set-up."""
        ...

    @property
    def traits(self) -> RealtimeTraits:
        """How turns are taken on this connection."""
        ...

    def audio(self, pcm: bytes) -> None:
        """Send input audio: 16-bit samples at `traits.input_rate`."""
        ...

    def user_items(self, blocks: Sequence[TextBlock | DataBlock], respond: bool) -> Sequence[tuple[str, str | None]]:
        """Send a user's message; returns the ids and texts of the items it becomes.

        With `respond` the message is to be answered: where one frame does both, `respond` is not called for it.
        """
        ...

    def seed(self, messages: Sequence[Msg]) -> Sequence[tuple[str, str | None]]:
        """Send past messages, of which none is answered; returns the ids and texts of the items they become.

        The messages of the set-up are sent by the protocol itself, once the set-up is accepted.
        """
        ...

    @property
    def seeded(self) -> Sequence[tuple[str, str | None]]:
        """The items that the history of the set-up became."""
        ...

    def commit(self) -> None:
        """End the user's turn."""
        ...

    def clear(self) -> None:
        """Forget the audio of the turn that was not ended."""
        ...

    def respond(self, options: RespondOptions) -> None:
        """Ask for a reply."""
        ...

    def cancel_response(self, response_id: str | None) -> None:
        """Stop the reply."""
        ...

    def truncate(self, item_id: str, heard_ms: int) -> None:
        """Only this much of an item was heard; 0 removes it."""
        ...

    def tool_result(self, result: ToolResultBlock, output: str) -> None:
        """Send the result of a call; `output` is its text."""
        ...

    def update(self, setup: RealtimeSetup, changed: frozenset[str]) -> None:
        """Change instructions, tools or turn detection to those of `setup`."""
        ...

    def receive(self, frame: Frame) -> list[Signal]:
        """What a frame means. Raises a `ModelError` for an invalid frame, a refused set-up and a fatal error."""
        ...

    def closed(self, code: int, reason: str) -> ModelError:
        """Why the connection ended; `retryable` says whether a new connection may help."""
        ...

    def cancel(self) -> None:
        """Prepare the frames to send before the connection is closed."""
        ...

    def frames_to_send(self) -> list[Frame]:
        """The frames that may go out now, once."""
        ...


class RealtimeCodec(Protocol):
    """A provider's realtime models. Pure."""

    def facts(self, setup: RealtimeSetup) -> RealtimeFacts:
        """What a session with this set-up can do."""
        ...

    def handshake(self, setup: RealtimeSetup) -> WebSocketRequest:
        """Where to connect."""
        ...

    def new_protocol(self, setup: RealtimeSetup) -> RealtimeProtocol:
        """The state machine of a new connection."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error for a handshake that was answered with this status; header names are lower case."""
        ...
