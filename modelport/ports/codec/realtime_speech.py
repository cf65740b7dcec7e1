"""A provider's realtime speech protocol: a pure state machine for each connection.

Its inputs are the caller's actions (`start`, `push`, `finish`) and the server's frames (`receive`), in any order.
`frames_to_send` returns the frames that may be sent now; frames that the server would not accept yet are held back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ...domain.errors import ModelError
from ...domain.speech.audio import AudioFormat
from ...domain.speech.responses import TTSUsage
from ..websocket import Frame, WebSocketRequest
from .base import Endpoint

if TYPE_CHECKING:
    from ...domain.card.speech_card import TTSModelCard

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
    """The settings of an utterance; its text follows piece by piece."""

    endpoint: Endpoint
    model: str
    card: TTSModelCard
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The parameters to send, by our names (Any: each has its own type)."""
    overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Provider fields given by the caller; they win over everything (Any: the provider's)."""
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_characters: int | None = None
    """The card's limit for one synthesis, unless card checks are off."""


@dataclass(frozen=True, slots=True)
class ServerReady:
    """The server accepts text."""


@dataclass(frozen=True, slots=True)
class AudioReceived:
    """A piece of audio, which may end inside a sample.

    Either its bytes, or a text that `is_plain` base64 of them: the text of the server's message, not decoded.
    """

    data: bytes | str


@dataclass(frozen=True, slots=True)
class SegmentFinished:
    """A part of the utterance, with its own audio file and usage, is complete; more may follow."""

    usage: TTSUsage | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Facts that the provider's support asks for, such as ids (Any: provider facts)."""


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
    def ready(self) -> bool:
        """Whether the connection can be used: the server's first message has come, where it sends one."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the utterance is finished and all its audio has come."""
        ...

    @property
    def idle(self) -> bool:
        """Whether all text pushed so far is spoken, so that the connection is not needed until there is more."""
        ...

    @property
    def reusable(self) -> bool:
        """Whether another utterance may follow on the same connection."""
        ...

    @property
    def keep_alive_after(self) -> float | None:
        """Seconds without text after which `keep_alive` must be called; `None` where the server has no such limit."""
        ...

    def start(self, request: RealtimeRequest) -> None:
        """Begin an utterance."""
        ...

    def push(self, text: str) -> None:
        """Speak this text, which is not blank, after the text so far."""
        ...

    def finish(self) -> None:
        """No more text follows."""
        ...

    def keep_alive(self) -> None:
        """No text came for `keep_alive_after` seconds, but more will follow."""
        ...

    def cancel(self) -> None:
        """Prepare the frames to send before the connection is closed."""
        ...

    def receive(self, frame: Frame) -> SpeechEvent | None:
        """The event of a frame, if any. Raises a `ModelError` for an error event and for an invalid frame."""
        ...

    def closed(self, code: int, reason: str) -> ModelError:
        """The error for a connection that was closed before the utterance was complete."""
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
        """The state machine of a new connection for requests like this one."""
        ...

    def audio_format(self, request: RealtimeRequest) -> AudioFormat:
        """The format of the server's audio."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error for a handshake that was answered with this status; header names are lower case."""
        ...
