"""A provider's live transcription: a pure state machine for each connection; audio goes in while segments come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...domain.card.transcription_card import STTModelCard
from ...domain.errors import ModelError
from ...domain.transcription.live import LiveSignal
from ..websocket import Frame, WebSocketRequest
from .base import Endpoint

__all__ = ["LiveCodec", "LiveProtocol", "LiveRequest"]


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """What a session is set up with."""

    endpoint: Endpoint
    model: str
    card: STTModelCard
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The parameters to send, by our names (Any: each has its own type)."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Provider fields given by the caller; they win over everything (Any: the provider's)."""
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class LiveProtocol(Protocol):
    """One connection. Pure: no I/O, no clock; ids come from the domain's factory."""

    @property
    def ready(self) -> bool:
        """Whether the server accepted the set-up."""
        ...

    @property
    def ended(self) -> bool:
        """Whether everything that was said is transcribed: true some time after `finish`."""
        ...

    @property
    def input_rate(self) -> int:
        """Samples per second of the audio that is sent."""
        ...

    @property
    def quiet_end(self) -> float | None:
        """Seconds without a frame after `finish` that end the session; `None` where the server says that it is done."""
        ...

    def quiet(self) -> list[LiveSignal]:
        """Nothing came for that long: what was said last is complete."""
        ...

    def audio(self, pcm: bytes) -> None:
        """Send audio: 16-bit mono samples at `input_rate`."""
        ...

    def finish(self) -> None:
        """No more audio follows."""
        ...

    def receive(self, frame: Frame) -> list[LiveSignal]:
        """What a frame means. Raises a `ModelError` for an error event and for an invalid frame."""
        ...

    def closed(self, code: int, reason: str) -> ModelError:
        """The error for a connection that was closed before everything was transcribed."""
        ...

    def cancel(self) -> None:
        """Prepare the frames to send before the connection is closed."""
        ...

    def frames_to_send(self) -> list[Frame]:
        """The frames that may go out now, once."""
        ...


class LiveCodec(Protocol):
    """A provider's live transcription. Pure."""

    def handshake(self, request: LiveRequest) -> WebSocketRequest:
        """Where to connect."""
        ...

    def new_protocol(self, request: LiveRequest) -> LiveProtocol:
        """The state machine of a new connection."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error for a handshake that was answered with this status; header names are lower case."""
        ...
