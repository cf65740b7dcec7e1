"""What a provider's frames mean, in neutral terms: the values between a protocol and the session.

A protocol turns frames into these; the session turns them into events, history and further commands. Item and response
ids are the server's, or the protocol's own where a server has none. Times are in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import ModelError
from ..message.responses import ChatUsage, FinishReason

__all__ = [
    "AudioDelta",
    "CallArguments",
    "CallDone",
    "CallStarted",
    "CallsCancelled",
    "CommandRefused",
    "GoingAway",
    "HandleIssued",
    "Interrupted",
    "ItemAdded",
    "ItemDone",
    "ResponseEnded",
    "ResponseStarted",
    "SessionReady",
    "Signal",
    "SpeechEnded",
    "SpeechStarted",
    "TextDelta",
    "TextSoFar",
    "ThoughtDelta",
    "Transcript",
    "TurnCommitted",
    "UsageReported",
]


@dataclass(frozen=True, slots=True)
class SessionReady:
    """The server accepted the set-up. `expires_at` is in seconds since the epoch."""

    session_id: str | None = None
    model: str | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The user speaks; `at_ms` is the position in the input audio."""

    item_id: str
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The user has stopped speaking."""

    item_id: str
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TurnCommitted:
    """The input audio became an item; `silent` when a timeout and no speech made it, so that it is no user turn."""

    item_id: str
    previous: str | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript of the user's speech: a further piece (`more`), or the whole so far; `error`: why there is none."""

    item_id: str
    text: str
    final: bool = False
    more: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ItemAdded:
    """An item stands in the server's conversation, after `previous` where the server says so.

    `text` is its text; `None` when it has none yet, as speech. `output` is the result of a `call_result`.
    """

    item_id: str
    kind: Literal["user", "assistant", "system", "call", "call_result"]
    previous: str | None = None
    text: str | None = None
    call_id: str | None = None
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """The model begins to answer."""

    response_id: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the answer, or of the transcript of what it says (`spoken`), with its time where it is given."""

    response_id: str
    item_id: str
    text: str
    spoken: bool = False
    start_ms: float | None = None


@dataclass(frozen=True, slots=True)
class TextSoFar:
    """The whole text of an item so far; only what is new in it is passed on."""

    response_id: str
    item_id: str
    text: str
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """More of the model's reasoning."""

    response_id: str
    item_id: str
    text: str


@dataclass(slots=True)
class AudioDelta:
    """More audio: the server's base64, unchanged, and its length where the server gives it.

    Not frozen, as the other signals are: it is made for every frame, and that costs half as much.
    """

    response_id: str
    item_id: str
    data: str
    duration_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ItemDone:
    """An item of a response is complete."""

    response_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The model begins a tool call."""

    response_id: str
    item_id: str
    call_id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallArguments:
    """More of the JSON text of a call's arguments."""

    response_id: str
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class CallDone:
    """A tool call is complete, with the whole JSON text of its arguments."""

    response_id: str
    item_id: str
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ResponseEnded:
    """An answer is over: completed, cancelled or failed with `error`."""

    response_id: str
    status: Literal["completed", "cancelled", "failed"] = "completed"
    finish_reason: FinishReason | None = None
    error: str | None = None
    usage: ChatUsage | None = None


@dataclass(frozen=True, slots=True)
class UsageReported:
    """Token counts that came apart from the end of their response, or after it."""

    usage: ChatUsage


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The server stopped the answer because the user spoke."""


@dataclass(frozen=True, slots=True)
class CallsCancelled:
    """The results of these calls are no longer wanted."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """The server refused a command, and the session goes on; with `fatal` the session ends."""

    error: ModelError
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class GoingAway:
    """The server will close the connection in so many seconds."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class HandleIssued:
    """With this handle a new connection goes on with the session."""

    handle: str


Signal = (
    SessionReady
    | SpeechStarted
    | SpeechEnded
    | TurnCommitted
    | Transcript
    | ItemAdded
    | ResponseStarted
    | TextDelta
    | TextSoFar
    | ThoughtDelta
    | AudioDelta
    | ItemDone
    | CallStarted
    | CallArguments
    | CallDone
    | ResponseEnded
    | UsageReported
    | Interrupted
    | CallsCancelled
    | CommandRefused
    | GoingAway
    | HandleIssued
)
