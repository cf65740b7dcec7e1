"""Turns the deltas of one model call into start, delta and end events of blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

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

__all__ = ["BlockEvents", "call_ended", "call_failed", "reason_of"]

_TextEvents = tuple[Callable[..., Event], Callable[..., Event], Callable[..., Event]]
_TEXT: _TextEvents = (TextBlockStartEvent, TextBlockDeltaEvent, TextBlockEndEvent)
_THINKING: _TextEvents = (ThinkingBlockStartEvent, ThinkingBlockDeltaEvent, ThinkingBlockEndEvent)
_TEXT_FIELDS = {"text": "text", "thinking": "thinking", "tool_call": "input"}


class BlockEvents:
    """The events of one model call's blocks; pure.

    Deltas do not mark where a block ends. Text and thinking end when another block starts, except audio, which is
    interleaved with its transcript; every other block ends with the answer. Text that goes on after its end starts
    again, with the id that it has in the message, and ends with the answer.
    """

    def __init__(self, reply_id: str) -> None:
        self._reply_id = reply_id
        self._open: dict[str, Callable[[], Event]] = {}
        """Makes the end event of each open block, by block id."""
        self._texts: set[str] = set()
        """The open blocks of text and thinking, which end when another block starts."""
        self._ended: dict[str, str] = {}
        """When each block ended, by id."""
        self._pieces: dict[str, list[str]] = {}
        """The text in the events of each block that has started; none of data."""

    def add(self, blocks: Sequence[ContentBlock]) -> list[Event]:
        """The events of one delta."""
        events: list[Event] = []
        for block in blocks:
            if isinstance(block, TextBlock):
                self._text(block.id, block.text, _TEXT, events)
            elif isinstance(block, ThinkingBlock):
                self._text(block.id, block.thinking, _THINKING, events)
            elif isinstance(block, ToolCallBlock):
                self._call(block, events)
            elif isinstance(block, DataBlock):
                self._data(block, events)
        return events

    def end(self, content: Sequence[ContentBlock] = ()) -> list[Event]:
        """The events at the end of the answer: what no delta contained, and the end of every open block."""
        events = self.add([rest for block in content if (rest := self._rest(block)) is not None])
        self._end(list(self._open), events)
        return events

    def finished(self, content: Sequence[ContentBlock]) -> list[ContentBlock]:
        """The blocks of the answer with the times at which they ended; after `end`."""
        times = {block.id: block.finished_at or self._ended.get(block.id) for block in content}
        return [block.model_copy(update={"finished_at": times[block.id]}) for block in content]

    def _rest(self, block: ContentBlock) -> ContentBlock | None:
        """What the events lack of a block; `None` when they have it, or have another text of it."""
        pieces = self._pieces.get(block.id)
        if pieces is None:
            return block
        field = _TEXT_FIELDS.get(block.type)
        whole, shown = getattr(block, field, "") if field else "", "".join(pieces)
        if field is None or len(whole) <= len(shown) or not whole.startswith(shown):
            return None
        return block.model_copy(update={field: whole[len(shown) :]})

    def _text(self, block_id: str, text: str, made: _TextEvents, events: list[Event]) -> None:
        if not text:
            return
        start, delta, end = made
        if block_id not in self._open:
            if block_id not in self._pieces:
                self._end_texts(events)
            events.append(start(reply_id=self._reply_id, block_id=block_id))
            self._open[block_id] = partial(end, reply_id=self._reply_id, block_id=block_id)
            self._texts.add(block_id)
        self._pieces.setdefault(block_id, []).append(text)
        events.append(delta(reply_id=self._reply_id, block_id=block_id, delta=text))

    def _end_texts(self, events: list[Event]) -> None:
        self._end([block_id for block_id in self._open if block_id in self._texts], events)
        self._texts.clear()

    def _end(self, block_ids: Iterable[str], events: list[Event]) -> None:
        for block_id in block_ids:
            ended = self._open.pop(block_id)()
            self._ended[block_id] = ended.created_at
            events.append(ended)

    def _call(self, call: ToolCallBlock, events: list[Event]) -> None:
        if call.id not in self._pieces:
            if not call.name:
                return  # a custom model may name its tool later: `end` adds the call from the whole answer
            self._end_texts(events)
            self._pieces[call.id] = []
            self._open[call.id] = partial(ToolCallEndEvent, reply_id=self._reply_id, tool_call_id=call.id)
            start = ToolCallStartEvent(reply_id=self._reply_id, tool_call_id=call.id, tool_call_name=call.name)
            events.append(start)
        if call.input:
            self._pieces[call.id].append(call.input)
            events.append(ToolCallDeltaEvent(reply_id=self._reply_id, tool_call_id=call.id, delta=call.input))

    def _data(self, block: DataBlock, events: list[Event]) -> None:
        reply_id, block_id = self._reply_id, block.id
        if block_id not in self._open:
            self._pieces[block_id] = []
            media_type = block.source.media_type
            events.append(
                DataBlockStartEvent(reply_id=reply_id, block_id=block_id, media_type=media_type, name=block.name)
            )
            self._open[block_id] = partial(DataBlockEndEvent, reply_id=reply_id, block_id=block_id)
        events.append(DataBlockDeltaEvent(reply_id=reply_id, block_id=block_id, **data_of(block)))


def call_ended(reply_id: str, answer: ChatResponse, error: str | None = None) -> ModelCallEndEvent:
    """The event that ends one model call, with its usage and attempts; `error` when only a part of the answer came."""
    usage = answer.usage or ChatUsage()
    return ModelCallEndEvent(
        reply_id=reply_id,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_input_tokens=usage.cache_input_tokens,
        cache_creation_input_tokens=usage.cache_creation_input_tokens,
        finish_reason=answer.finish_reason,
        warnings=list(answer.warnings),
        usage=answer.usage,
        attempts=list(answer.attempts),
        error=error,
    )


def call_failed(reply_id: str, error: Exception) -> ModelCallEndEvent:
    """The event that ends a failed model call, with the usage that arrived and the attempts that were made."""
    partial_answer = getattr(error, "partial", None) or ChatResponse(())
    attempts = getattr(error, "attempts", ())
    return call_ended(reply_id, replace(partial_answer, attempts=attempts), reason_of(error))


def reason_of(error: Exception) -> str:
    """The words of an error, which are never empty."""
    return str(error) or type(error).__name__
