"""What events are made of: their names, and what they have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .identity import new_id, new_timestamp

__all__ = ["BlockEvent", "EventBase", "EventType", "ReplyEvent", "one_source"]


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
    """What every event has."""

    id: str = field(default_factory=new_id)
    created_at: str = field(default_factory=new_timestamp)
    metadata: dict[str, Any] = field(default_factory=dict)  # Any: whoever makes the event knows


@dataclass(slots=True, kw_only=True)
class ReplyEvent(EventBase):
    """An event of a reply; `reply_id` is the id of the message that the reply becomes."""

    reply_id: str


@dataclass(slots=True, kw_only=True)
class BlockEvent(ReplyEvent):
    """An event of one block. Blocks may be open side by side; `block_id` tells them apart."""

    block_id: str


def one_source(data: str | None, url: str | None) -> None:
    """Raise `ValueError` unless exactly one of the two is given."""
    if (data is None) == (url is None):
        raise ValueError("give either `data` or `url`")
