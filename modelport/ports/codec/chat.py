"""A provider's pure chat codec: a request in, bytes out; bytes in, deltas out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ...domain.chat.tools import ToolChoice, ToolSchema
from ...domain.errors import ModelError
from ...domain.message.responses import ChatResponse, ModelWarning
from ..http import HttpRequest
from .base import Endpoint, Framer
from .rendering import Rendered

if TYPE_CHECKING:
    from ...domain.card.cards import ModelCard
    from ...domain.structured.plan import OutputSchema

__all__ = ["ChatCodec", "ChatRequest", "CountingCodec", "Decoder", "WireCall"]


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call in neutral terms, with its media resolved and its messages rendered for the provider."""

    endpoint: Endpoint
    model: str
    rendered: Rendered
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The parameters to send, by our names (Any: each has its own type)."""
    chosen: frozenset[str] = frozenset()
    """The parameters that the caller set, including those set to their default."""
    context_size: int = 0
    """The context window the caller counts on, in tokens; for servers that need it in the request."""
    tools: Sequence[ToolSchema] = ()
    tool_choice: ToolChoice | None = None
    stream: bool = False
    card: ModelCard | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Body fields given by the caller; they win over everything (Any: the provider's)."""
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    output_schema: OutputSchema | None = None
    """The schema that the answer must follow, for codecs whose `native_output` has schema rules."""
    json_mode: bool = False
    """Whether the answer must be JSON of any shape, for codecs whose `native_output` has a JSON mode."""


class Decoder(Protocol):
    """Payloads of one streamed answer to deltas. Holds the protocol's state and nothing else."""

    ended: bool
    """Whether the protocol's own last event has come."""
    complete: bool
    """Whether the answer is whole, with its finish reason, though facts such as usage may follow."""
    failure: ModelError | None
    """The error of the last payloads: an error object, or data that is not a payload of this protocol."""

    def feed(self, payloads: Sequence[bytes]) -> ChatResponse | None:
        """The delta of payloads that arrived together, if any: everything before a failure."""
        ...

    def finish(self) -> ChatResponse:
        """At the protocol's end or the end of the bytes: the rest, with `finish_reason` and `usage`.

        Raises `StreamTruncatedError` when the answer is not complete.
        """
        ...


@dataclass(frozen=True, slots=True)
class WireCall:
    """One request ready to be sent, and the means to read either kind of answer to it."""

    http_request: HttpRequest
    new_framer: Callable[[], Framer]
    new_decoder: Callable[[], Decoder]
    decode_body: Callable[[bytes], ChatResponse]
    """A whole body to a whole response. Raises like `Decoder.feed`."""
    warnings: Sequence[ModelWarning] = ()


class ChatCodec(Protocol):
    """A provider's chat protocol. Pure: no I/O, no clock, no globals.

    A codec that can ask for JSON says so with an attribute `native_output`, a `NativeOutput`; a class that writes its
    bodies with `dump_body` has an attribute `writes_by_parts`, which does not count for classes derived from it.
    """

    def encode(self, request: ChatRequest) -> WireCall:
        """The wire form of a call. Raises `InvalidRequestError` for what cannot be sent."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an answer with this status means; header names are lower case."""
        ...


@runtime_checkable
class CountingCodec(Protocol):
    """A codec whose provider may count the tokens of a request without answering it."""

    counts_tokens: bool
    """Whether it can count."""

    def encode_count(self, request: ChatRequest) -> WireCall:
        """The request to count; its whole answer has `usage.input_tokens` and no content."""
        ...
