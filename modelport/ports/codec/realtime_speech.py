"""What a provider's realtime speech protocol looks like to the engine: a pure state machine for each connection.

The machine is told what the caller does (`start`, `push`, `finish`) and what the server says (`receive`), in any order.
It keeps the frames that may go out now for `frames_to_send`, and holds back those that the server would not take yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ...domain.errors import ModelError
from ...domain.speech.audio import AudioFormat
from ...domain.speech.responses import TTSUsage
from ..websocket import Frame, WebSocketRequest
from .chat import Endpoint

if TYPE_CHECKING:
    from ...domain.card.cards import TTSModelCard

__all__ = [
    "AudioReceived",
    "RealtimeRequest",
    "RealtimeTTSCodec",
    "SegmentFinished",
    "ServerReady",
    "SpeechEvent",
    "SpeechProtocol",
    "UtteranceFinished",
]


@dataclass(frozen=True, slots=True)
class RealtimeRequest:
    """How an utterance shall be spoken; its text comes later, piece by piece."""

    endpoint: Endpoint
    model: str
    card: TTSModelCard
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The parameters to send, by our names (Any: each has its own type)."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Provider fields given by the caller; they win over everything (Any: the provider's)."""
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_characters: int | None = None
    """The card's limit of one synthesis, where it is to be kept."""


@dataclass(frozen=True, slots=True)
class ServerReady:
    """The server takes text now."""


@dataclass(frozen=True, slots=True)
class AudioReceived:
    """Bytes of audio; they may end inside a sample."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SegmentFinished:
    """A part of the utterance with its own audio file and its own count is complete; more may come."""

    usage: TTSUsage | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the provider's support asks for, such as ids (Any: provider facts)."""


@dataclass(frozen=True, slots=True)
class UtteranceFinished(SegmentFinished):
    """All text is spoken, and all audio has come."""


SpeechEvent = ServerReady | AudioReceived | SegmentFinished


class SpeechProtocol(Protocol):
    """One connection's protocol. Pure: no I/O, no clock; ids come from the domain's factory.

    An utterance is `start`, any number of `push`, and `finish`. The next `start` may follow once the utterance is
    complete, if `reusable`.
    """

    @property
    def greeted(self) -> bool:
        """Whether the server has said what it says first, so that the connection can be used."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the finished utterance is complete: nothing more will come."""
        ...

    @property
    def resting(self) -> bool:
        """Whether everything pushed so far is spoken and complete, so that the connection is not needed just now."""
        ...

    @property
    def reusable(self) -> bool:
        """Whether another utterance may follow on the same connection."""
        ...

    @property
    def keep_alive_after(self) -> float | None:
        """Seconds without text after which `keep_alive` must be called; `None` where the server waits for ever."""
        ...

    def start(self, request: RealtimeRequest) -> None:
        """Begin an utterance."""
        ...

    def push(self, text: str) -> None:
        """Speak this too; the text is not blank."""
        ...

    def finish(self) -> None:
        """There is no more text."""
        ...

    def keep_alive(self) -> None:
        """The caller has been silent for `keep_alive_after` seconds, but goes on writing."""
        ...

    def cancel(self) -> None:
        """Take leave: the connection is about to be closed."""
        ...

    def receive(self, frame: Frame) -> SpeechEvent | None:
        """What a frame means. Raises a `ModelError` for an error that the server tells, or a frame that is none."""
        ...

    def closed(self, code: int, reason: str) -> ModelError:
        """The error that the end of the connection means when the utterance is not complete."""
        ...

    def frames_to_send(self) -> list[Frame]:
        """The frames that may go out now, once."""
        ...


class RealtimeTTSCodec(Protocol):
    """A provider's realtime speech. Pure."""

    def handshake(self, request: RealtimeRequest) -> WebSocketRequest:
        """Where to connect."""
        ...

    def new_protocol(self, request: RealtimeRequest) -> SpeechProtocol:
        """The machine of a new connection to a model such as this request's."""
        ...

    def audio_format(self, request: RealtimeRequest) -> AudioFormat:
        """What the server's audio will be."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that a handshake answered with this status means; header names are lower case."""
        ...
