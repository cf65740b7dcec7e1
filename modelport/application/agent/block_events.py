"""From the deltas of one model call to events: where each block begins, goes on and ends."""

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

    The deltas do not say where a block ends. Text and thinking end when another block begins, except a sound, which
    goes beside its words; everything else ends with the answer. Should text of an ended block come after all, it is a
    block of its own for who reads the events, and ends with the answer.
    """

    def __init__(self, reply_id: str) -> None:
        self._reply_id = reply_id
        self._open: dict[str, Event] = {}
        """The end of each open block, by the block's id."""
        self._started: set[str] = set()
        self._shown: dict[str, str] = {}
        """The id in the events of a block that came again after its end."""

    def add(self, blocks: Sequence[ContentBlock]) -> list[Event]:
        """The events of one delta."""
        events: list[Event] = []
        for block in blocks:
            if isinstance(block, TextBlock):
                if block.text:
                    self._words(block.id, TextBlockStartEvent, TextBlockEndEvent, events)
                    events.append(self._of(TextBlockDeltaEvent, block.id, delta=block.text))
            elif isinstance(block, ThinkingBlock):
                if block.thinking:
                    self._words(block.id, ThinkingBlockStartEvent, ThinkingBlockEndEvent, events)
                    events.append(self._of(ThinkingBlockDeltaEvent, block.id, delta=block.thinking))
            elif isinstance(block, ToolCallBlock):
                self._call(block, events)
            elif isinstance(block, DataBlock):
                self._data(block, events)
        return events

    def end(self, content: Sequence[ContentBlock]) -> list[Event]:
        """The events of the whole answer: what no delta had of it, and the end of every open block."""
        events = self.add([block for block in content if block.id not in self._started])
        events += self._open.values()
        self._open.clear()
        return events

    def _of(self, event: Any, block_id: str, **fields: Any) -> Event:  # Any: an event of blocks, and its fields
        made: Event = event(reply_id=self._reply_id, block_id=self._shown.get(block_id, block_id), **fields)
        return made

    def _words(self, block_id: str, start: Any, end: Any, events: list[Event]) -> None:  # Any: events of blocks
        """The start of text or thinking, unless it is open."""
        if block_id in self._open:
            return
        if block_id in self._started:
            self._shown[block_id] = f"{self._shown.get(block_id, block_id)}+"
        else:
            self._end_words(events)
            self._started.add(block_id)
        events.append(self._of(start, block_id))
        self._open[block_id] = self._of(end, block_id)

    def _end_words(self, events: list[Event]) -> None:
        ended = [key for key, end in self._open.items() if isinstance(end, TextBlockEndEvent | ThinkingBlockEndEvent)]
        events += [self._open.pop(key) for key in ended]

    def _call(self, call: ToolCallBlock, events: list[Event]) -> None:
        if call.id not in self._started:
            if not call.name:
                return  # a custom model that names its tool later: the whole answer has it
            self._end_words(events)
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
    """What one model call came to."""
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
