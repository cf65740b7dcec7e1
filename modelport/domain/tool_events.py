"""The events of tool calls and their results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .blocks import ToolResultState
from .event_base import EventType, ReplyEvent, one_source
from .identity import new_id

__all__ = [
    "ToolCallDeltaEvent",
    "ToolCallEndEvent",
    "ToolCallEvent",
    "ToolCallStartEvent",
    "ToolResultDataDeltaEvent",
    "ToolResultEndEvent",
    "ToolResultStartEvent",
    "ToolResultTextDeltaEvent",
]


@dataclass(slots=True, kw_only=True)
class ToolCallEvent(ReplyEvent):
    """An event of one tool call, or of its result."""

    tool_call_id: str


@dataclass(slots=True, kw_only=True)
class ToolCallStartEvent(ToolCallEvent):
    """The model begins to write a call."""

    tool_call_name: str
    type: Literal[EventType.TOOL_CALL_START] = EventType.TOOL_CALL_START


@dataclass(slots=True, kw_only=True)
class ToolCallDeltaEvent(ToolCallEvent):
    """More of the arguments' JSON text."""

    delta: str
    type: Literal[EventType.TOOL_CALL_DELTA] = EventType.TOOL_CALL_DELTA


@dataclass(slots=True, kw_only=True)
class ToolCallEndEvent(ToolCallEvent):
    """The call is whole."""

    type: Literal[EventType.TOOL_CALL_END] = EventType.TOOL_CALL_END


@dataclass(slots=True, kw_only=True)
class ToolResultStartEvent(ToolCallEvent):
    """The tool begins to run."""

    tool_call_name: str
    type: Literal[EventType.TOOL_RESULT_START] = EventType.TOOL_RESULT_START


@dataclass(slots=True, kw_only=True)
class ToolResultTextDeltaEvent(ToolCallEvent):
    """Text that the tool returned."""

    delta: str
    type: Literal[EventType.TOOL_RESULT_TEXT_DELTA] = EventType.TOOL_RESULT_TEXT_DELTA


@dataclass(slots=True, kw_only=True)
class ToolResultDataDeltaEvent(ToolCallEvent):
    """Data that the tool returned: base64, or else a URL."""

    media_type: str
    block_id: str = field(default_factory=new_id)
    data: str | None = None
    url: str | None = None
    type: Literal[EventType.TOOL_RESULT_DATA_DELTA] = EventType.TOOL_RESULT_DATA_DELTA

    def __post_init__(self) -> None:
        one_source(self.data, self.url)


@dataclass(slots=True, kw_only=True)
class ToolResultEndEvent(ToolCallEvent):
    """The tool has ended, well or not."""

    state: ToolResultState
    type: Literal[EventType.TOOL_RESULT_END] = EventType.TOOL_RESULT_END
