"""The events of a realtime session, beside those of an agent's reply.

`RealtimeEvent` is any event of a session: the reply's own (`modelport.event`) and the seven below. They are dataclasses
with keyword arguments; `pydantic.TypeAdapter(RealtimeEvent)` writes them to JSON and reads them back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from ..message.events import (
    CustomEvent,
    DataBlockDeltaEvent,
    DataBlockEndEvent,
    DataBlockStartEvent,
    EventBase,
    HintBlockEvent,
    ModelCallEndEvent,
    ModelCallStartEvent,
    ReplyEndEvent,
    ReplyStartEvent,
    TextBlockDeltaEvent,
    TextBlockEndEvent,
    TextBlockStartEvent,
    ThinkingBlockDeltaEvent,
    ThinkingBlockEndEvent,
    ThinkingBlockStartEvent,
    ToolCallDeltaEvent,
    ToolCallEndEvent,
    ToolCallStartEvent,
    ToolResultDataDeltaEvent,
    ToolResultEndEvent,
    ToolResultStartEvent,
    ToolResultTextDeltaEvent,
)

__all__ = [
    "InputTranscriptEvent",
    "InterruptedEvent",
    "RealtimeEvent",
    "RealtimeEventType",
    "SessionErrorEvent",
    "SessionEvent",
    "SpeechEndedEvent",
    "SpeechStartedEvent",
    "ToolCallsCancelledEvent",
]


class RealtimeEventType(StrEnum):
    """The `type` of each event that only realtime sessions have."""

    SPEECH_STARTED = "SPEECH_STARTED"
    SPEECH_ENDED = "SPEECH_ENDED"
    INPUT_TRANSCRIPT = "INPUT_TRANSCRIPT"
    INTERRUPTED = "INTERRUPTED"
    TOOL_CALLS_CANCELLED = "TOOL_CALLS_CANCELLED"
    SESSION = "SESSION"
    SESSION_ERROR = "SESSION_ERROR"


@dataclass(slots=True, kw_only=True)
class SpeechStartedEvent(EventBase):
    """The server noticed speech. Again for the same `item_id`: the end of that turn is taken back.

    `at_ms` is the position in the audio sent so far, in milliseconds, where the server gives it.
    """

    item_id: str
    at_ms: int | None = None
    type: Literal[RealtimeEventType.SPEECH_STARTED] = RealtimeEventType.SPEECH_STARTED


@dataclass(slots=True, kw_only=True)
class SpeechEndedEvent(EventBase):
    """The server noticed the end of the speech; `at_ms` as in `SpeechStartedEvent`."""

    item_id: str
    at_ms: int | None = None
    type: Literal[RealtimeEventType.SPEECH_ENDED] = RealtimeEventType.SPEECH_ENDED


@dataclass(slots=True, kw_only=True)
class InputTranscriptEvent(EventBase):
    """What the user said: the whole transcript so far, which replaces the one before for that item.

    `error` is why there is none; the turn itself is not affected.
    """

    item_id: str
    text: str
    is_final: bool = False
    error: str | None = None
    type: Literal[RealtimeEventType.INPUT_TRANSCRIPT] = RealtimeEventType.INPUT_TRANSCRIPT


@dataclass(slots=True, kw_only=True)
class InterruptedEvent(EventBase):
    """The user, or the application, cut a reply short; stop its playback. Once for each interruption.

    `heard_ms` is how much of the item's audio was played, `heard_text` what was said in that time.
    """

    reply_id: str
    item_id: str | None = None
    heard_ms: int = 0
    heard_text: str = ""
    type: Literal[RealtimeEventType.INTERRUPTED] = RealtimeEventType.INTERRUPTED


@dataclass(slots=True, kw_only=True)
class ToolCallsCancelledEvent(EventBase):
    """The server no longer wants the results of these calls; results that are sent all the same are dropped."""

    ids: list[str] = field(default_factory=list)
    type: Literal[RealtimeEventType.TOOL_CALLS_CANCELLED] = RealtimeEventType.TOOL_CALLS_CANCELLED


@dataclass(slots=True, kw_only=True)
class SessionEvent(EventBase):
    """The connection changed.

    `connected` once at first; `going_away` when the server announces its end; `reconnected` with what the new one knows
    of the conversation in `restored`; `ended` is the last event of the session, with the reason of a failure.
    """

    kind: Literal["connected", "going_away", "reconnected", "ended"]
    reason: str | None = None
    restored: Literal["handle", "history"] | None = None
    type: Literal[RealtimeEventType.SESSION] = RealtimeEventType.SESSION


@dataclass(slots=True, kw_only=True)
class SessionErrorEvent(EventBase):
    """The server reports an error. Unless `fatal`, it refused one command and the session goes on."""

    error: str
    code: str | None = None
    fatal: bool = False
    type: Literal[RealtimeEventType.SESSION_ERROR] = RealtimeEventType.SESSION_ERROR


RealtimeEvent = Annotated[
    ReplyStartEvent
    | ReplyEndEvent
    | ModelCallStartEvent
    | ModelCallEndEvent
    | TextBlockStartEvent
    | TextBlockDeltaEvent
    | TextBlockEndEvent
    | ThinkingBlockStartEvent
    | ThinkingBlockDeltaEvent
    | ThinkingBlockEndEvent
    | DataBlockStartEvent
    | DataBlockDeltaEvent
    | DataBlockEndEvent
    | HintBlockEvent
    | ToolCallStartEvent
    | ToolCallDeltaEvent
    | ToolCallEndEvent
    | ToolResultStartEvent
    | ToolResultTextDeltaEvent
    | ToolResultDataDeltaEvent
    | ToolResultEndEvent
    | CustomEvent
    | SpeechStartedEvent
    | SpeechEndedEvent
    | InputTranscriptEvent
    | InterruptedEvent
    | ToolCallsCancelledEvent
    | SessionEvent
    | SessionErrorEvent,
    Field(discriminator="type"),
]
"""Any event of a realtime session."""
