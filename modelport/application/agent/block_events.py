"""Turns the deltas of one model call into start, delta and end events of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...domain.message.blocks import ContentBlock, DataBlock, TextBlock, ThinkingBlock, ToolCallBlock
from ...domain.message.events import (
    DataBlockDeltaEvent,
    DataBlockEndEvent,
    DataBlockStartEvent,
    Event,
    ModelCallEndEvent,
    TextBlockDeltaEvent,
    TextBlockEndEvent,
    TextBlockStartEvent,
    ThinkingBlockDeltaEvent,
    ThinkingBlockEndEvent,
    ThinkingBlockStartEvent,
    ToolCallDeltaEvent,
    ToolCallEndEvent,
    ToolCallStartEvent,
    data_of,
)
from ...domain.message.responses import ChatResponse, ChatUsage

__all__ = ["BlockEvents", "call_ended"]


class BlockEvents:
    """The events of one model call's blocks; pure.

    Deltas do not mark where a block ends. Text and thinking end when another block starts, except audio, which is
    interleaved with its transcript; every other block ends with the answer. Text of a block that has ended already
    gets a new block id in the events, and that block ends with the answer.
    """

    def __init__(self, reply_id: str) -> None:
        self._reply_id = reply_id
        self._open: dict[str, Event] = {}
        """The end event of each open block, by block id."""
        self._started: set[str] = set()
        self._shown: dict[str, str] = {}
        """The id used in events for a block that continued after its end."""

    def add(self, blocks: Sequence[ContentBlock]) -> list[Event]:
        """The events of one delta."""
        events: list[Event] = []
        for block in blocks:
            if isinstance(block, TextBlock):
                if block.text:
                    self._start_text(block.id, TextBlockStartEvent, TextBlockEndEvent, events)
                    events.append(self._of(TextBlockDeltaEvent, block.id, delta=block.text))
            elif isinstance(block, ThinkingBlock):
                if block.thinking:
                    self._start_text(block.id, ThinkingBlockStartEvent, ThinkingBlockEndEvent, events)
                    events.append(self._of(ThinkingBlockDeltaEvent, block.id, delta=block.thinking))
            elif isinstance(block, ToolCallBlock):
                self._call(block, events)
            elif isinstance(block, DataBlock):
                self._data(block, events)
        return events

    def end(self, content: Sequence[ContentBlock]) -> list[Event]:
        """The events at the end of the answer: blocks that no delta contained, and the end of every open block."""
        events = self.add([block for block in content if block.id not in self._started])
        events += self._open.values()
        self._open.clear()
        return events

    def _of(self, event: Any, block_id: str, **fields: Any) -> Event:  # Any: an event class of blocks, and its fields
        made: Event = event(reply_id=self._reply_id, block_id=self._shown.get(block_id, block_id), **fields)
        return made

    def _start_text(self, block_id: str, start: Any, end: Any, events: list[Event]) -> None:  # Any: event classes
        """Append the start of a text or thinking block, unless it is open."""
        if block_id in self._open:
            return
        if block_id in self._started:
            self._shown[block_id] = f"{self._shown.get(block_id, block_id)}+"
        else:
            self._end_texts(events)
            self._started.add(block_id)
        events.append(self._of(start, block_id))
        self._open[block_id] = self._of(end, block_id)

    def _end_texts(self, events: list[Event]) -> None:
        ended = [key for key, end in self._open.items() if isinstance(end, TextBlockEndEvent | ThinkingBlockEndEvent)]
        events += [self._open.pop(key) for key in ended]

    def _call(self, call: ToolCallBlock, events: list[Event]) -> None:
        if call.id not in self._started:
            if not call.name:
                return  # a custom model may name its tool later: `end` adds the call from the whole answer
            self._end_texts(events)
            self._started.add(call.id)
            self._open[call.id] = ToolCallEndEvent(reply_id=self._reply_id, tool_call_id=call.id)
            start = ToolCallStartEvent(reply_id=self._reply_id, tool_call_id=call.id, tool_call_name=call.name)
            events.append(start)
        if call.input:
            events.append(ToolCallDeltaEvent(reply_id=self._reply_id, tool_call_id=call.id, delta=call.input))

    def _data(self, block: DataBlock, events: list[Event]) -> None:
        if block.id not in self._open:
            self._started.add(block.id)
            media_type = block.source.media_type
            events.append(self._of(DataBlockStartEvent, block.id, media_type=media_type, name=block.name))
            self._open[block.id] = self._of(DataBlockEndEvent, block.id)
        events.append(self._of(DataBlockDeltaEvent, block.id, **data_of(block)))


def call_ended(reply_id: str, answer: ChatResponse) -> ModelCallEndEvent:
    """The event that ends one model call, with its usage."""
    usage = answer.usage or ChatUsage()
    return ModelCallEndEvent(
        reply_id=reply_id,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_input_tokens=usage.cache_input_tokens,
        cache_creation_input_tokens=usage.cache_creation_input_tokens,
        finish_reason=answer.finish_reason,
        warnings=list(answer.warnings),
    )
