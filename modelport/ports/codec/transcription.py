"""A provider's codec for speech-to-text over HTTP: audio in, bytes out; bytes in, a transcript out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...domain.card.transcription_card import STTModelCard
from ...domain.errors import ModelError
from ...domain.message.responses import ModelWarning
from ...domain.transcription.transcript import AudioInput, Transcript
from ..http import HttpRequest
from .base import Endpoint, Framer

__all__ = [
    "STTCodec",
    "TaskState",
    "TranscriptDecoder",
    "TranscriptionRequest",
    "TranscriptionTasks",
    "TranscriptionWireCall",
]


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """Audio to transcribe; it is no larger than the card allows."""

    endpoint: Endpoint
    model: str
    audio: AudioInput
    card: STTModelCard
    stream: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The parameters to send, by our names (Any: each has its own type)."""
    overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Fields given by the caller; they win over everything (Any: the provider's)."""
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class TranscriptDecoder(Protocol):
    """Payloads of one streamed answer to steps; as `chat.Decoder`."""

    ended: bool
    failure: ModelError | None

    def feed(self, payloads: Sequence[bytes]) -> Transcript | None:
        """What is new with payloads that arrived together, if anything: everything before a failure."""
        ...

    def finish(self) -> Transcript:
        """The whole transcript. Raises `StreamTruncatedError` when the answer is not complete."""
        ...


@dataclass(frozen=True, slots=True)
class TranscriptionWireCall:
    """One request ready to be sent, and the means to read either kind of answer to it."""

    http_request: HttpRequest
    new_framer: Callable[[], Framer]
    new_decoder: Callable[[], TranscriptDecoder]
    decode_body: Callable[[bytes], Transcript]
    warnings: Sequence[ModelWarning] = ()


class STTCodec(Protocol):
    """A provider's speech-to-text protocol over HTTP. Pure: no I/O, no clock, no globals."""

    def encode(self, request: TranscriptionRequest) -> TranscriptionWireCall:
        """The wire form of a request. Raises `InvalidRequestError` for audio that cannot be sent."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error for an answer with this status; header names are lower case."""
        ...


@dataclass(frozen=True, slots=True)
class TaskState:
    """What the provider says of a task: whether it is over, and where the transcript of its file is."""

    id: str
    over: bool = False
    result_url: str | None = None
    failure: ModelError | None = None
    seconds: float = 0.0
    raw_usage: Mapping[str, Any] | None = None
    """The provider's own object (Any: its JSON)."""
    further_files: int = 0
    """How many more files the task has, which another program gave it."""


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """The leave to put one file into a provider's storage."""

    url: str
    folder: str
    fields: Mapping[str, str] = field(repr=False)
    """The fields of the form, among them a signature."""
    secrets: tuple[str, ...] = field(repr=False)
    """The values that must not be repeated anywhere."""
    max_bytes: int | None = None


class TranscriptionUploads(Protocol):
    """The requests that put a file where a task finds it."""

    def policy(self, endpoint: Endpoint, model: str) -> HttpRequest:
        """The request for leave to upload."""
        ...

    def ticket(self, body: bytes) -> UploadTicket:
        """What its answer allows."""
        ...

    def upload(self, ticket: UploadTicket, audio: AudioInput) -> tuple[HttpRequest, str]:
        """The request with the file, which has no key, and the URL that the task is given."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error for an answer with this status; header names are lower case."""
        ...


class TranscriptionTasks(Protocol):
    """The requests of a task: to submit it, to ask for it, and to fetch its result."""

    def submit(self, request: TranscriptionRequest) -> HttpRequest:
        """The request that starts a task."""
        ...

    def poll(self, endpoint: Endpoint, task_id: str) -> HttpRequest:
        """The request that asks how far a task is."""
        ...

    def state(self, body: bytes) -> TaskState:
        """What an answer to either says."""
        ...

    def fetch(self, url: str) -> HttpRequest:
        """The request for a result, which goes to a storage and has no key."""
        ...

    def result(self, body: bytes) -> Transcript:
        """The transcript of a result."""
        ...

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error for an answer with this status; header names are lower case."""
        ...
