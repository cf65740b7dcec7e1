"""What an application sees of a conversation: its events, gathered into responses, turns and audio."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

from ....domain.errors import ModelError
from ....domain.message.events import (
    DataBlockDeltaEvent,
    ModelCallEndEvent,
    ModelCallStartEvent,
    ReplyEndEvent,
    ReplyStartEvent,
    TextBlockDeltaEvent,
    ThinkingBlockDeltaEvent,
    ToolCallDeltaEvent,
    ToolCallEndEvent,
    ToolCallStartEvent,
)
from ....domain.message.messages import Msg
from ....domain.message.responses import ChatUsage
from ....domain.realtime.events import (
    InputTranscriptEvent,
    InterruptedEvent,
    RealtimeEvent,
    SessionErrorEvent,
    SessionEvent,
    SpeechEndedEvent,
    SpeechStartedEvent,
    ToolCallsCancelledEvent,
)

__all__ = ["Heard", "Outcome", "Response"]


@dataclass(slots=True)
class Response:
    """One answer of the model."""

    reply_id: str
    text: str = ""
    transcript: str = ""
    thoughts: str = ""
    calls: dict[str, list[str]] = field(default_factory=dict)
    """By id: the name, and the arguments' text."""
    audio: bytes = b""
    end: ModelCallEndEvent | None = None
    interrupted: bool = False

    @property
    def digest(self) -> str | None:
        """The SHA-256 of the audio, if there is any."""
        return hashlib.sha256(self.audio).hexdigest() if self.audio else None


@dataclass(slots=True)
class Heard:
    """What the user said in one turn."""

    transcript: str | None = None
    error: str | None = None
    started_ms: int | None = None
    ended_ms: int | None = None


@dataclass(slots=True)
class Outcome:
    """Everything that came of a session."""

    events: list[RealtimeEvent] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    heard: dict[str, Heard] = field(default_factory=dict)
    interruptions: list[InterruptedEvent] = field(default_factory=list)
    errors: list[SessionErrorEvent] = field(default_factory=list)
    changes: list[SessionEvent] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    open_replies: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    history: list[Msg] = field(default_factory=list)
    usage: ChatUsage = field(default_factory=ChatUsage)
    refused: ModelError | None = None
    failed: ModelError | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)  # Any: a provider's JSON
    """The frames that the client sent."""

    def add(self, event: RealtimeEvent) -> None:
        """Gather one event."""
        self.events.append(event)
        if isinstance(event, ReplyStartEvent):
            self.open_replies.add(event.reply_id)
        elif isinstance(event, ReplyEndEvent):
            if event.reply_id not in self.open_replies:
                self.faults.append("a reply ended that was not open")
            self.open_replies.discard(event.reply_id)
        elif isinstance(event, ModelCallStartEvent):
            self.responses.append(Response(event.reply_id))
        elif isinstance(event, InterruptedEvent):
            self.interruptions.append(event)
            for response in self.responses:
                response.interrupted = response.interrupted or response.reply_id == event.reply_id
        elif isinstance(event, SessionEvent):
            self.changes.append(event)
        elif isinstance(event, SessionErrorEvent):
            self.errors.append(event)
        elif isinstance(event, ToolCallsCancelledEvent):
            self.cancelled += event.ids
        elif isinstance(event, SpeechStartedEvent | SpeechEndedEvent | InputTranscriptEvent):
            self._hear(event)
        elif self.responses:
            self._answer(self.responses[-1], event)

    def _hear(self, event: SpeechStartedEvent | SpeechEndedEvent | InputTranscriptEvent) -> None:
        heard = self.heard.setdefault(event.item_id, Heard())
        if isinstance(event, SpeechStartedEvent):
            heard.started_ms = event.at_ms if heard.started_ms is None else heard.started_ms
        elif isinstance(event, SpeechEndedEvent):
            heard.ended_ms = event.at_ms
        elif event.error is not None:
            heard.error = event.error
        else:
            heard.transcript = event.text

    def _answer(self, response: Response, event: RealtimeEvent) -> None:
        if isinstance(event, TextBlockDeltaEvent):
            if event.metadata.get("spoken"):
                response.transcript += event.delta
            else:
                response.text += event.delta
        elif isinstance(event, ThinkingBlockDeltaEvent):
            response.thoughts += event.delta
        elif isinstance(event, DataBlockDeltaEvent):
            response.audio += base64.b64decode(event.data or "")
        elif isinstance(event, ToolCallStartEvent):
            response.calls[event.tool_call_id] = [event.tool_call_name, ""]
        elif isinstance(event, ToolCallDeltaEvent):
            response.calls[event.tool_call_id][1] += event.delta
        elif isinstance(event, ToolCallEndEvent) and event.tool_call_id not in response.calls:
            self.faults.append("a tool call ended that was not open")
        elif isinstance(event, ModelCallEndEvent):
            response.end = event
