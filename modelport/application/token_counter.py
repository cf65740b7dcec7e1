"""Counting the tokens of a request: at the provider where it can and is asked to, else by an estimate."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Iterator
from typing import TYPE_CHECKING

from ..domain.blocks import DataBlock, HintBlock, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock
from ..domain.errors import NotFoundError, UnsupportedFeatureError
from ..domain.messages import Msg
from ..domain.responses import ChatResponse
from ..domain.token_estimate import MEDIA_TOKENS, TokenCount, estimate_tokens
from ..domain.tool_choice import ToolSchema, validate_tools
from .chat_call import Answer, ChatCall
from .chat_engine import new_context
from .formatter import check_messages

if TYPE_CHECKING:
    from .chat_model import ChatModelBase

__all__ = ["count_tokens"]

_PER_MESSAGE = 4
"""What stands around a message: its role and its ends."""
_PER_TOOL = 8


async def count_tokens(
    model: ChatModelBase, messages: list[Msg], tools: list[ToolSchema] | None, *, exact: bool
) -> TokenCount:
    """See `ChatModelBase.count_tokens`. A server without the provider's endpoint gets an estimate, too."""
    check_messages(messages)
    validate_tools(tools, None)
    if exact and getattr(getattr(model, "codec", None), "counts_tokens", False):
        try:
            return TokenCount(await _counted(model, messages, tools), estimated=False, source=model.provider_name)
        except (NotFoundError, UnsupportedFeatureError):
            pass
    return TokenCount(estimated(messages, tools), estimated=True, source="estimate")


async def _counted(model: ChatModelBase, messages: list[Msg], tools: list[ToolSchema] | None) -> int:
    await model._prepare()
    context = new_context(model)
    context.stream, context.counting = False, True

    def attempt() -> Awaitable[Answer] | Answer:
        made: Awaitable[Answer] | Answer = model._call_api(model.model, messages, tools, None)
        return made

    call = ChatCall(context, attempt, model.retry_policy, model._get_retryable_exceptions())
    answer: ChatResponse = await call.collect(await call.open())
    assert answer.usage is not None, "counting codecs give usage"
    return answer.usage.input_tokens


def estimated(messages: list[Msg], tools: list[ToolSchema] | None) -> int:
    """About how many tokens these are."""
    total = 0
    for message in messages:
        total += _PER_MESSAGE
        for part in _parts(message.content):
            total += estimate_tokens(part) if isinstance(part, str) else MEDIA_TOKENS
    for tool in tools or ():
        total += _PER_TOOL + estimate_tokens(json.dumps(tool["function"], ensure_ascii=False, separators=(",", ":")))
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
