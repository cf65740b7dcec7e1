"""Rebuilds the blocks of a message from the events of a reply, event by event.

It reads events by their `type` and fields, so that messages need not know the classes of events.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from .blocks import (
    Base64Source,
    ContentBlock,
    DataBlock,
    HintBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolCallState,
    ToolResultBlock,
    URLSource,
)

__all__ = ["append_block_event"]

Content = list[ContentBlock]
Step = Callable[[Content, Any], bool]
"""Applies one event (Any: its class) to the blocks; false when it speaks of a block that is not there."""


def append_block_event(content: Content, event: Any) -> bool | None:  # Any: an event of a reply
    """Apply an event to the blocks of its message: whether its block was found, `None` for an event of no block."""
    step = _STEPS.get(str(event.type))
    return None if step is None else step(content, event)


def _found(content: Content, kind: str, block_id: str) -> Any:  # Any: a block of that type, or `None`
    return next((block for block in reversed(content) if block.type == kind and block.id == block_id), None)


def _start_text(content: Content, event: Any) -> bool:
    if _found(content, "text", event.block_id) is None:  # else it goes on after its end
        content.append(TextBlock(id=event.block_id, created_at=event.created_at, text=""))
    return True


def _start_thinking(content: Content, event: Any) -> bool:
    if _found(content, "thinking", event.block_id) is None:
        content.append(ThinkingBlock(id=event.block_id, created_at=event.created_at, thinking=""))
    return True


def _start_data(content: Content, event: Any) -> bool:
    source = Base64Source(data="", media_type=event.media_type)
    content.append(DataBlock(id=event.block_id, created_at=event.created_at, source=source, name=event.name))
    return True


def _start_call(content: Content, event: Any) -> bool:
    content.append(
        ToolCallBlock(id=event.tool_call_id, created_at=event.created_at, name=event.tool_call_name, input="")
    )
    return True


def _start_result(content: Content, event: Any) -> bool:
    content.append(
        ToolResultBlock(id=event.tool_call_id, created_at=event.created_at, name=event.tool_call_name, output="")
    )
    return True


def _hint(content: Content, event: Any) -> bool:
    content.append(HintBlock(id=event.block_id, created_at=event.created_at, hint=event.hint, source=event.source))
    return True


def _more(kind: str, field: str, key: str) -> Step:
    def step(content: Content, event: Any) -> bool:
        block = _found(content, kind, getattr(event, key))
        if block is not None:
            setattr(block, field, getattr(block, field) + event.delta)
        return block is not None

    return step


def _ended(kind: str, key: str) -> Step:
    def step(content: Content, event: Any) -> bool:
        block = _found(content, kind, getattr(event, key))
        if block is not None:
            block.finished_at = event.created_at
            if kind == "tool_result":
                block.state = event.state
                call = _found(content, "tool_call", block.id)
                if call is not None:
                    call.state = ToolCallState.FINISHED
        return block is not None

    return step


def _more_data(content: Content, event: Any) -> bool:
    block = _found(content, "data", event.block_id)
    if block is not None:
        block.source = _joined(block.source, event)
    return block is not None


def _more_result(content: Content, event: Any) -> bool:
    result = _found(content, "tool_result", event.tool_call_id)
    if result is None:
        return False
    if isinstance(result.output, str):
        result.output += event.delta
    elif result.output and isinstance(result.output[-1], TextBlock):
        result.output[-1].text += event.delta
    else:
        result.output.append(TextBlock(text=event.delta))
    return True


def _result_data(content: Content, event: Any) -> bool:
    result = _found(content, "tool_result", event.tool_call_id)
    if result is None:
        return False
    if isinstance(result.output, str):
        result.output = [TextBlock(text=result.output)] if result.output else []
    block = _found(result.output, "data", event.block_id)
    if block is None:
        block = DataBlock(id=event.block_id, source=Base64Source(data="", media_type=event.media_type))
        result.output.append(block)
    block.source = _joined(block.source, event)
    return True


def _joined(source: Base64Source | URLSource, event: Any) -> Base64Source | URLSource:
    """What there was, with the bytes of the event behind it."""
    if event.url is not None:
        return URLSource(url=event.url, media_type=event.media_type)
    before = source.data if isinstance(source, Base64Source) else ""
    if before.endswith("="):  # the bytes before do not fill a group of base64
        before, data = "", base64.b64encode(base64.b64decode(before) + base64.b64decode(event.data)).decode()
    else:
        data = event.data
    return Base64Source(data=before + data, media_type=event.media_type)


_STEPS: Mapping[str, Step] = {
    "TEXT_BLOCK_START": _start_text,
    "TEXT_BLOCK_DELTA": _more("text", "text", "block_id"),
    "TEXT_BLOCK_END": _ended("text", "block_id"),
    "THINKING_BLOCK_START": _start_thinking,
    "THINKING_BLOCK_DELTA": _more("thinking", "thinking", "block_id"),
    "THINKING_BLOCK_END": _ended("thinking", "block_id"),
    "DATA_BLOCK_START": _start_data,
    "DATA_BLOCK_DELTA": _more_data,
    "DATA_BLOCK_END": _ended("data", "block_id"),
    "HINT_BLOCK": _hint,
    "TOOL_CALL_START": _start_call,
    "TOOL_CALL_DELTA": _more("tool_call", "input", "tool_call_id"),
    "TOOL_CALL_END": _ended("tool_call", "tool_call_id"),
    "TOOL_RESULT_START": _start_result,
    "TOOL_RESULT_TEXT_DELTA": _more_result,
    "TOOL_RESULT_DATA_DELTA": _result_data,
    "TOOL_RESULT_END": _ended("tool_result", "tool_call_id"),
}
