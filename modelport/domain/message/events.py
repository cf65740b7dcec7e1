"""The events of an agent's reply, in the order in which things happen.

EventBase
├── ReplyStartEvent, ReplyEndEvent              the whole reply
├── ModelCallStartEvent, ModelCallEndEvent      one call of the model
├── TextBlockStart/Delta/EndEvent               visible text
├── ThinkingBlockStart/Delta/EndEvent           the model's reasoning
├── DataBlockStart/Delta/EndEvent               sound and pictures
├── HintBlockEvent                              a hint of the application
├── ToolCallStart/Delta/EndEvent                a call as the model writes it
├── ToolResultStart/TextDelta/DataDelta/EndEvent
└── CustomEvent                                 an event of a middleware or application

They are dataclasses with keyword arguments; `pydantic.TypeAdapter(Event)` writes them to JSON and reads them back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from ..ids import new_id, new_timestamp
from .blocks import Base64Source, DataBlock, TextBlock, ToolResultState
from .responses import AttemptRecord, ChatUsage, FinishReason, ModelWarning

__all__ = [
    "BlockEvent",
    "CustomEvent",
    "DataBlockDeltaEvent",
    "DataBlockEndEvent",
    "DataBlockStartEvent",
    "Event",
    "EventBase",
    "EventType",
    "HintBlockEvent",
    "ModelCallEndEvent",
    "ModelCallStartEvent",
    "ReplyEndEvent",
    "ReplyEvent",
    "ReplyStartEvent",
    "TextBlockDeltaEvent",
    "TextBlockEndEvent",
    "TextBlockStartEvent",
    "ThinkingBlockDeltaEvent",
    "ThinkingBlockEndEvent",
    "ThinkingBlockStartEvent",
    "ToolCallDeltaEvent",
    "ToolCallEndEvent",
    "ToolCallEvent",
    "ToolCallStartEvent",
    "ToolResultDataDeltaEvent",
    "ToolResultEndEvent",
    "ToolResultStartEvent",
    "ToolResultTextDeltaEvent",
]


def data_of(block: DataBlock) -> dict[str, Any]:  # Any: so that it can be passed as keyword arguments
    """A data block's source as the fields of a delta."""
    source = block.source
    where = {"data": source.data} if isinstance(source, Base64Source) else {"url": source.url}
    return {"media_type": source.media_type, **where}


class EventType(StrEnum):
    """The `type` of each event."""

    REPLY_START = "REPLY_START"
    REPLY_END = "REPLY_END"
    MODEL_CALL_START = "MODEL_CALL_START"
    MODEL_CALL_END = "MODEL_CALL_END"
    TEXT_BLOCK_START = "TEXT_BLOCK_START"
    TEXT_BLOCK_DELTA = "TEXT_BLOCK_DELTA"
    TEXT_BLOCK_END = "TEXT_BLOCK_END"
    THINKING_BLOCK_START = "THINKING_BLOCK_START"
    THINKING_BLOCK_DELTA = "THINKING_BLOCK_DELTA"
    THINKING_BLOCK_END = "THINKING_BLOCK_END"
    DATA_BLOCK_START = "DATA_BLOCK_START"
    DATA_BLOCK_DELTA = "DATA_BLOCK_DELTA"
    DATA_BLOCK_END = "DATA_BLOCK_END"
    HINT_BLOCK = "HINT_BLOCK"
    TOOL_CALL_START = "TOOL_CALL_START"
    TOOL_CALL_DELTA = "TOOL_CALL_DELTA"
    TOOL_CALL_END = "TOOL_CALL_END"
    TOOL_RESULT_START = "TOOL_RESULT_START"
    TOOL_RESULT_TEXT_DELTA = "TOOL_RESULT_TEXT_DELTA"
    TOOL_RESULT_DATA_DELTA = "TOOL_RESULT_DATA_DELTA"
    TOOL_RESULT_END = "TOOL_RESULT_END"
    CUSTOM = "CUSTOM"


@dataclass(slots=True, kw_only=True)
class EventBase:
    """The fields of every event."""

    id: str = field(default_factory=new_id)
    created_at: str = field(default_factory=new_timestamp)
    metadata: dict[str, Any] = field(default_factory=dict)  # Any: the creator's own data


@dataclass(slots=True, kw_only=True)
class ReplyEvent(EventBase):
    """An event of a reply; `reply_id` is the id of the message that the reply becomes."""

    reply_id: str


@dataclass(slots=True, kw_only=True)
class BlockEvent(ReplyEvent):
    """An event of one block. Several blocks may be open at a time; `block_id` identifies the block."""

    block_id: str


def one_source(data: str | None, url: str | None) -> None:
    """Raise `ValueError` unless exactly one of the two is given."""
    if (data is None) == (url is None):
        raise ValueError("give either `data` or `url`")


@dataclass(slots=True, kw_only=True)
class ToolCallEvent(ReplyEvent):
    """An event of one tool call, or of its result."""

    tool_call_id: str


@dataclass(slots=True, kw_only=True)
class ToolCallStartEvent(ToolCallEvent):
    """The model starts a tool call."""

    tool_call_name: str
    type: Literal[EventType.TOOL_CALL_START] = EventType.TOOL_CALL_START


@dataclass(slots=True, kw_only=True)
class ToolCallDeltaEvent(ToolCallEvent):
    """More of the arguments' JSON text."""

    delta: str
    type: Literal[EventType.TOOL_CALL_DELTA] = EventType.TOOL_CALL_DELTA


@dataclass(slots=True, kw_only=True)
class ToolCallEndEvent(ToolCallEvent):
    """The tool call is complete."""

    type: Literal[EventType.TOOL_CALL_END] = EventType.TOOL_CALL_END


@dataclass(slots=True, kw_only=True)
class ToolResultStartEvent(ToolCallEvent):
    """The tool starts to run."""

    tool_call_name: str
    type: Literal[EventType.TOOL_RESULT_START] = EventType.TOOL_RESULT_START


@dataclass(slots=True, kw_only=True)
class ToolResultTextDeltaEvent(ToolCallEvent):
    """Text that the tool returned."""

    delta: str
    type: Literal[EventType.TOOL_RESULT_TEXT_DELTA] = EventType.TOOL_RESULT_TEXT_DELTA


@dataclass(slots=True, kw_only=True)
class ToolResultDataDeltaEvent(ToolCallEvent):
    """Data that the tool returned: base64 or a URL."""

    media_type: str
    block_id: str = field(default_factory=new_id)
    data: str | None = None
    url: str | None = None
    type: Literal[EventType.TOOL_RESULT_DATA_DELTA] = EventType.TOOL_RESULT_DATA_DELTA

    def __post_init__(self) -> None:
        one_source(self.data, self.url)


@dataclass(slots=True, kw_only=True)
class ToolResultEndEvent(ToolCallEvent):
    """The tool has ended; `state` is its outcome."""

    state: ToolResultState
    type: Literal[EventType.TOOL_RESULT_END] = EventType.TOOL_RESULT_END


@dataclass(slots=True, kw_only=True)
class ReplyStartEvent(ReplyEvent):
    """An agent starts its reply."""

    name: str
    role: Literal["user", "assistant", "system"] = "assistant"
    type: Literal[EventType.REPLY_START] = EventType.REPLY_START


@dataclass(slots=True, kw_only=True)
class ReplyEndEvent(ReplyEvent):
    """The reply has ended: the last event, after which a failed reply raises.

    `finish_reason` is that of the last complete model call; `error` is why the reply ended before the model did.
    """

    finish_reason: FinishReason | None = None
    error: str | None = None
    type: Literal[EventType.REPLY_END] = EventType.REPLY_END


@dataclass(slots=True, kw_only=True)
class ModelCallStartEvent(ReplyEvent):
    """The model is about to be called."""

    model_name: str
    type: Literal[EventType.MODEL_CALL_START] = EventType.MODEL_CALL_START


@dataclass(slots=True, kw_only=True)
class ModelCallEndEvent(ReplyEvent):
    """The model's answer is complete, or the call failed with `error`.

    Token counts are as in `ChatUsage`; `usage` is all of it, `None` when the model gave none. `attempts` are the
    requests that were sent for the answer.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    finish_reason: FinishReason | None = None
    warnings: list[ModelWarning] = field(default_factory=list)
    usage: ChatUsage | None = None
    attempts: list[AttemptRecord] = field(default_factory=list)
    error: str | None = None
    type: Literal[EventType.MODEL_CALL_END] = EventType.MODEL_CALL_END


@dataclass(slots=True, kw_only=True)
class TextBlockStartEvent(BlockEvent):
    """Visible text starts."""

    type: Literal[EventType.TEXT_BLOCK_START] = EventType.TEXT_BLOCK_START


@dataclass(slots=True, kw_only=True)
class TextBlockDeltaEvent(BlockEvent):
    """More visible text."""

    delta: str
    type: Literal[EventType.TEXT_BLOCK_DELTA] = EventType.TEXT_BLOCK_DELTA


@dataclass(slots=True, kw_only=True)
class TextBlockEndEvent(BlockEvent):
    """The text is complete."""

    type: Literal[EventType.TEXT_BLOCK_END] = EventType.TEXT_BLOCK_END


@dataclass(slots=True, kw_only=True)
class ThinkingBlockStartEvent(BlockEvent):
    """Reasoning text starts."""

    type: Literal[EventType.THINKING_BLOCK_START] = EventType.THINKING_BLOCK_START


@dataclass(slots=True, kw_only=True)
class ThinkingBlockDeltaEvent(BlockEvent):
    """More reasoning text."""

    delta: str
    type: Literal[EventType.THINKING_BLOCK_DELTA] = EventType.THINKING_BLOCK_DELTA


@dataclass(slots=True, kw_only=True)
class ThinkingBlockEndEvent(BlockEvent):
    """The reasoning text is complete."""

    type: Literal[EventType.THINKING_BLOCK_END] = EventType.THINKING_BLOCK_END


@dataclass(slots=True, kw_only=True)
class DataBlockStartEvent(BlockEvent):
    """Sound, a picture or a file starts; for speech, `metadata["text_block_id"]` is the block of its text."""

    media_type: str
    name: str | None = None
    type: Literal[EventType.DATA_BLOCK_START] = EventType.DATA_BLOCK_START


@dataclass(slots=True, kw_only=True)
class DataBlockDeltaEvent(BlockEvent):
    """More data: base64 of the bytes that follow the previous delta's, or a URL."""

    media_type: str
    data: str | None = None
    url: str | None = None
    type: Literal[EventType.DATA_BLOCK_DELTA] = EventType.DATA_BLOCK_DELTA

    def __post_init__(self) -> None:
        one_source(self.data, self.url)


@dataclass(slots=True, kw_only=True)
class DataBlockEndEvent(BlockEvent):
    """The data are complete."""

    type: Literal[EventType.DATA_BLOCK_END] = EventType.DATA_BLOCK_END


@dataclass(slots=True, kw_only=True)
class HintBlockEvent(BlockEvent):
    """A hint of the application, complete in one event."""

    hint: str | list[TextBlock | DataBlock]
    source: str | None = None
    type: Literal[EventType.HINT_BLOCK] = EventType.HINT_BLOCK


@dataclass(slots=True, kw_only=True)
class CustomEvent(EventBase):
    """An event of a middleware or an application; `TTSMiddleware` sends `speech_failed`."""

    name: str
    value: Any = None  # Any: whatever belongs to the name
    reply_id: str | None = None
    type: Literal[EventType.CUSTOM] = EventType.CUSTOM


Event = Annotated[
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
    | CustomEvent,
    Field(discriminator="type"),
]
"""Any event."""
