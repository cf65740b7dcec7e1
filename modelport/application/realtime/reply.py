"""The blocks of one response that is being received: which are open, and the events of each piece. No I/O."""

from __future__ import annotations

import base64
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from typing import Any

from ...domain.errors import ResponseDecodeError
from ...domain.ids import new_id
from ...domain.message.blocks import ToolCallBlock
from ...domain.message.events import (
    DataBlockDeltaEvent,
    DataBlockEndEvent,
    DataBlockStartEvent,
    TextBlockDeltaEvent,
    TextBlockEndEvent,
    TextBlockStartEvent,
    ThinkingBlockDeltaEvent,
    ThinkingBlockEndEvent,
    ThinkingBlockStartEvent,
    ToolCallDeltaEvent,
    ToolCallEndEvent,
    ToolCallStartEvent,
)
from ...domain.realtime.events import RealtimeEvent
from ...domain.realtime.history import Item
from ...domain.realtime.signals import AudioDelta, CallArguments, CallDone, CallStarted, TextDelta

__all__ = ["OpenResponse"]

_CALL_LIMIT = 1024 * 1024
"""Characters of one call's arguments."""
_ITEM_LIMIT = 1000
"""Items of one response."""


@dataclass(slots=True)
class _Blocks:
    """The blocks of one item."""

    item: Item
    text_id: str = field(default_factory=new_id)
    audio_id: str = field(default_factory=new_id)
    thought_id: str = field(default_factory=new_id)
    text_open: bool = False
    audio_open: bool = False
    thought_open: bool = False
    audio_facts: dict[str, Any] = field(default_factory=dict)  # Any: an event's metadata
    pieces: int = 0
    """How many pieces of audio were passed on."""
    odd: bytes = b""
    """The first bytes of a sample whose rest has not come."""
    arguments: list[str] = field(default_factory=list)
    """The pieces of a call's arguments so far, and their length."""
    length: int = 0
    started: bool = False
    """Whether the call's name was given."""
    ended: bool = False
    """Whether the call is complete."""


class OpenResponse:
    """One response. Every method returns the events of its piece, in order.

    Args:
        rate, sample_size: of the audio: samples per second, and bytes of each.
    """

    def __init__(self, response_id: str, reply_id: str, rate: int, sample_size: int) -> None:
        self.id = response_id
        self.reply_id = reply_id
        self.interrupted = False
        self.items: dict[str, _Blocks] = {}
        self.media_type = f"audio/pcm;rate={rate}" if sample_size == 2 else "audio/basic"
        self._bytes_per_ms = rate * sample_size / 1000
        self._sample_size = sample_size

    @property
    def calls(self) -> list[str]:
        """The ids of its complete calls."""
        return [blocks.item.call.id for blocks in self.items.values() if blocks.ended and blocks.item.call is not None]

    @property
    def unfinished_calls(self) -> list[str]:
        """The items of calls whose arguments are not complete."""
        return [item_id for item_id, blocks in self.items.items() if blocks.item.call and not blocks.ended]

    def open(self, item: Item) -> _Blocks:
        """The blocks of an item."""
        blocks = self.items.get(item.id)
        if blocks is None:
            if len(self.items) >= _ITEM_LIMIT:
                raise ResponseDecodeError(f"a response of the server has more than {_ITEM_LIMIT} items")
            item.reply_id = self.reply_id
            blocks = self.items[item.id] = _Blocks(item)
            blocks.audio_facts = {"text_block_id": blocks.text_id, "item_id": item.id}
        return blocks

    def text(self, item: Item, delta: TextDelta) -> list[RealtimeEvent]:
        """More text."""
        blocks = self.open(item)
        item.spoken = item.spoken or delta.spoken
        item.said.add(delta.text)
        item.playout.pieces.append((delta.text, delta.start_ms))
        if self.interrupted:
            return []
        events: list[RealtimeEvent] = []
        facts = {"item_id": item.id, **({"spoken": True} if delta.spoken else {})}
        if not blocks.text_open:
            blocks.text_open = True
            events.append(TextBlockStartEvent(reply_id=self.reply_id, block_id=blocks.text_id, metadata=facts))
        events.append(
            TextBlockDeltaEvent(reply_id=self.reply_id, block_id=blocks.text_id, delta=delta.text, metadata=facts)
        )
        return events

    def thought(self, item: Item, text: str) -> list[RealtimeEvent]:
        """More reasoning."""
        blocks = self.open(item)
        item.thought.add(text)
        events: list[RealtimeEvent] = []
        if not blocks.thought_open:
            blocks.thought_open = True
            events.append(ThinkingBlockStartEvent(reply_id=self.reply_id, block_id=blocks.thought_id))
        events.append(ThinkingBlockDeltaEvent(reply_id=self.reply_id, block_id=blocks.thought_id, delta=text))
        return events

    def audio(self, item: Item, delta: AudioDelta) -> list[RealtimeEvent]:
        """More audio; a chunk that ends inside a sample is completed by the next one."""
        blocks = self.open(item)
        data = delta.data
        item.spoken = True
        size = len(data) * 3 // 4 - data.count("=", -2)
        item.playout.generated_ms += size / self._bytes_per_ms if delta.duration_ms is None else delta.duration_ms
        if self.interrupted or not size:
            return []
        if blocks.odd or size % self._sample_size:
            data = self._aligned(blocks, data)
        if blocks.audio_open:
            return [self._audio_delta(blocks, data)] if data else []
        blocks.audio_open = True
        start = DataBlockStartEvent(
            reply_id=self.reply_id,
            block_id=blocks.audio_id,
            media_type=self.media_type,
            metadata=blocks.audio_facts,
        )
        return [start, self._audio_delta(blocks, data)] if data else [start]

    def _audio_delta(self, blocks: _Blocks, data: str) -> DataBlockDeltaEvent:
        blocks.pieces += 1
        return DataBlockDeltaEvent(
            id=f"{blocks.audio_id}-{blocks.pieces}",
            reply_id=self.reply_id,
            block_id=blocks.audio_id,
            media_type=self.media_type,
            data=data,
            metadata=blocks.audio_facts,
        )

    def _aligned(self, blocks: _Blocks, data: str) -> str:
        try:
            raw = blocks.odd + base64.b64decode(data, validate=True)
        except Base64Error as error:
            raise ResponseDecodeError(f"expected base64 in an audio delta of the server: {error}") from error
        whole = len(raw) - len(raw) % self._sample_size
        blocks.odd = raw[whole:]
        return base64.b64encode(raw[:whole]).decode("ascii")

    def call_started(self, item: Item, signal: CallStarted | CallDone) -> list[RealtimeEvent]:
        """A call, of which no arguments have come."""
        blocks = self.open(item)
        if blocks.started or self.interrupted:
            return []
        blocks.started = True
        item.call = ToolCallBlock(id=signal.call_id, name=signal.name, input="")
        return [ToolCallStartEvent(reply_id=self.reply_id, tool_call_id=signal.call_id, tool_call_name=signal.name)]

    def arguments(self, item: Item, signal: CallArguments) -> list[RealtimeEvent]:
        """More of a call's arguments."""
        if item.call is None or self.interrupted:
            return []
        blocks = self.open(item)
        blocks.arguments.append(signal.text)
        blocks.length += len(signal.text)
        if blocks.length > _CALL_LIMIT:
            raise ResponseDecodeError(f"the arguments of a tool call are longer than {_CALL_LIMIT} characters")
        return [ToolCallDeltaEvent(reply_id=self.reply_id, tool_call_id=item.call.id, delta=signal.text)]

    def call_done(self, item: Item, signal: CallDone) -> list[RealtimeEvent]:
        """A call is complete; some servers give all arguments only now."""
        events = self.call_started(item, signal)
        blocks = self.open(item)
        if item.call is None or blocks.ended:
            return events
        given = "".join(blocks.arguments)
        missing = signal.arguments.removeprefix(given)
        if missing and signal.arguments.startswith(given):
            events += self.arguments(item, CallArguments(self.id, item.id, missing))
        item.call.input = signal.arguments or given
        blocks.ended = True
        events.append(ToolCallEndEvent(reply_id=self.reply_id, tool_call_id=item.call.id))
        return events

    def close_item(self, item_id: str) -> list[RealtimeEvent]:
        """No more pieces of this item follow."""
        blocks = self.items.get(item_id)
        if blocks is None:
            return []
        reply_id = self.reply_id
        events: list[RealtimeEvent] = []
        if blocks.thought_open:
            blocks.thought_open = False
            events.append(ThinkingBlockEndEvent(reply_id=reply_id, block_id=blocks.thought_id))
        if blocks.text_open:
            blocks.text_open = False
            events.append(TextBlockEndEvent(reply_id=reply_id, block_id=blocks.text_id))
        if blocks.audio_open:
            blocks.audio_open = False
            if blocks.odd and not self.interrupted:
                rest = self._audio_delta(blocks, base64.b64encode(blocks.odd).decode("ascii"))
                rest.metadata = {**blocks.audio_facts, "partial_sample": True}
                events.append(rest)
            blocks.odd = b""
            events.append(DataBlockEndEvent(reply_id=reply_id, block_id=blocks.audio_id))
        return events

    def close(self) -> list[RealtimeEvent]:
        """No more pieces follow."""
        return [event for item_id in self.items for event in self.close_item(item_id)]

    def audio_blocks(self) -> list[str]:
        """The ids of its audio blocks."""
        return [blocks.audio_id for blocks in self.items.values()]
