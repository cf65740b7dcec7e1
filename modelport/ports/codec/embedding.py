"""A provider's pure embedding codec: a batch in, bytes out; bytes in, vectors out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ...domain.embedding.packing import EmbeddingInput
from ...domain.errors import ModelError
from ...domain.message.blocks import Base64Source
from ...domain.message.responses import ModelWarning
from ..http import HttpRequest

if TYPE_CHECKING:
    from ...domain.card.embedding_card import EmbeddingModelCard
    from ...domain.embedding.values import EmbeddingResponse
    from .base import Endpoint

__all__ = ["EmbeddingCodec", "EmbeddingRequest", "EmbeddingWireCall"]


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """One batch in neutral terms, with the media that had to be fetched here."""

    endpoint: Endpoint
    model: str
    inputs: Sequence[EmbeddingInput]
    card: EmbeddingModelCard
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The parameters to send, by our names (Any: each has its own type)."""
    media: Mapping[str, Base64Source] = field(default_factory=dict)
    """Media already fetched, by URL."""
    overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Body fields given by the caller; they win over everything (Any: the provider's)."""
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class EmbeddingWireCall:
    """One request ready to be sent, and the means to read its answer."""

    http_request: HttpRequest
    decode_body: Callable[[bytes], EmbeddingResponse]
    """A body to the vectors in input order and the tokens used. Raises `ModelError`s."""
    warnings: Sequence[ModelWarning] = ()


class EmbeddingCodec(Protocol):
    """A provider's embedding protocol. Pure: no I/O, no clock, no globals."""

    def encode(self, request: EmbeddingRequest) -> EmbeddingWireCall:
        """The wire form of a batch. Raises `InvalidRequestError` for what cannot be sent."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an answer with this status means; header names are lower case."""
        ...
