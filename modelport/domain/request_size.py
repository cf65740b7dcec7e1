"""How large a request is, in tokens of no model in particular: an estimate, and a quick one for rate limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from .blocks import DataBlock, HintBlock, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock
from .messages import Msg
from .token_estimate import MEDIA_TOKENS, estimate_tokens
from .tool_choice import ToolSchema

__all__ = ["estimated", "estimated_quickly", "quick_tokens"]

_PER_MESSAGE = 4
"""What stands around a message: its role and its ends."""
_PER_TOOL = 8
_BYTES_PER_TOKEN = 3


def estimated(messages: Sequence[Msg], tools: Sequence[ToolSchema] | None) -> int:
    """About how many tokens these are."""
    return _sum(messages, tools, estimate_tokens)


def estimated_quickly(messages: Sequence[Msg], tools: Sequence[ToolSchema] | None) -> int:
    """About how many tokens these count for; high rather than low, and cheap enough to do before every request."""
    return _sum(messages, tools, quick_tokens)


def quick_tokens(text: str) -> int:
    """A third of the text's bytes: more than English needs, and about what Chinese does."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return size // _BYTES_PER_TOKEN + 1


def _sum(messages: Sequence[Msg], tools: Sequence[ToolSchema] | None, measure: Callable[[str], int]) -> int:
    total = 0
    for message in messages:
        total += _PER_MESSAGE
        for part in _parts(message.content):
            total += measure(part) if isinstance(part, str) else MEDIA_TOKENS
    for tool in tools or ():
        total += _PER_TOOL + measure(
            json.dumps(tool["function"], ensure_ascii=False, separators=(",", ":"), default=str)
        )
    return total


def _parts(blocks: object) -> Iterator[str | DataBlock]:
    """What a model reads of the blocks: texts, and media."""
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, TextBlock):
            yield block.text
        elif isinstance(block, ThinkingBlock):
            yield block.thinking
        elif isinstance(block, ToolCallBlock):
            yield f"{block.name} {block.input}"
        elif isinstance(block, DataBlock):
            yield block
        elif isinstance(block, HintBlock | ToolResultBlock):
            inner = block.hint if isinstance(block, HintBlock) else block.output
            yield from [inner] if isinstance(inner, str) else _parts(inner)
