"""What a speech provider's pure codec over HTTP looks like to the engine.

The answer to one request is a `ChatResponse`, so that it is read by the engine of the chat models: its deltas are data
blocks of one id, `audio/pcm` in base64 cut at whole samples, or a URL of the whole audio. `metadata["characters"]` says
how many characters are billed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...domain.card.cards import TTSModelCard
from ...domain.errors import ModelError
from .chat import Endpoint, WireCall

__all__ = ["SpeechRequest", "TTSCodec"]


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One text to speak; it is no longer than the card allows."""

    endpoint: Endpoint
    model: str
    text: str
    card: TTSModelCard
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The parameters to send, by our names (Any: each has its own type)."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Body fields given by the caller; they win over everything (Any: the provider's)."""
    extra_headers: Mapping[str, str] = field(default_factory=dict)


class TTSCodec(Protocol):
    """A provider's speech protocol over HTTP. Pure: no I/O, no clock, no globals."""

    sample_rate: int
    """Samples per second of its audio, which is 16-bit PCM with one channel."""

    def encode(self, request: SpeechRequest) -> WireCall:
        """The wire form of a request whose answer is streamed."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an answer with this status means; header names are lower case."""
        ...
