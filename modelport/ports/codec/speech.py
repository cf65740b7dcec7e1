"""A provider's codec for speech over HTTP: a text in, bytes out; bytes in, audio out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...domain.card.speech_card import TTSModelCard
from ...domain.errors import ModelError
from ...domain.message.blocks import URLSource
from ...domain.speech.audio import AudioFormat
from ...domain.speech.responses import TTSUsage
from ..http import HttpRequest
from .base import Endpoint, Framer

__all__ = ["SpeechChunk", "SpeechDecoder", "SpeechRequest", "SpeechWireCall", "TTSCodec"]


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One text to speak; it is no longer than the card allows."""

    endpoint: Endpoint
    model: str
    text: str
    card: TTSModelCard
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The parameters to send, by our names (Any: each has its own type)."""
    overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Body fields given by the caller; they win over everything (Any: the provider's)."""
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """A part of the answer to one request. `usage` and `facts` come with its last part."""

    pcm: bytes = b""
    """Whole samples of 16-bit PCM; audio of another kind as `format` says."""
    file: URLSource | None = None
    """A WAV with the whole audio, from a server that sends no samples."""
    usage: TTSUsage | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the provider's support asks for, such as ids (Any: provider facts)."""
    format: AudioFormat | None = None
    """With the first audio, what its bytes are; without it, samples of one channel at the codec's rate, as WAV."""


class SpeechDecoder(Protocol):
    """Payloads of one streamed answer to chunks; as `chat.Decoder`."""

    ended: bool
    """Whether the protocol's own last event has come."""
    failure: ModelError | None
    """The error of the last payloads, if any."""

    def feed(self, payloads: Sequence[bytes]) -> SpeechChunk | None:
        """The audio of payloads that arrived together, if any: everything before a failure."""
        ...

    def finish(self) -> SpeechChunk:
        """The last chunk, at the protocol's end or the end of the bytes.

        Raises `StreamTruncatedError` when the answer is not complete.
        """
        ...


@dataclass(frozen=True, slots=True)
class SpeechWireCall:
    """One request ready to be sent, and the means to read either kind of answer to it."""

    http_request: HttpRequest
    new_framer: Callable[[], Framer]
    new_decoder: Callable[[], SpeechDecoder]
    decode_body: Callable[[bytes], SpeechChunk]
    """A whole body as one chunk. Raises like `SpeechDecoder.feed`."""


class TTSCodec(Protocol):
    """A provider's speech protocol over HTTP. Pure: no I/O, no clock, no globals."""

    sample_rate: int
    """Samples per second of its audio."""

    def encode(self, request: SpeechRequest) -> SpeechWireCall:
        """The wire form of a request whose answer is streamed."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error for an answer with this status; header names are lower case."""
        ...
