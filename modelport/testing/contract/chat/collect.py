"""Calls a chat model and collects its responses; checks what holds for every response; makes responses comparable."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ....domain.errors import ModelError
from ....domain.message.blocks import ContentBlock, DataBlock, TextBlock, ThinkingBlock, ToolCallBlock
from ....domain.message.messages import Msg, UserMsg
from ....domain.message.responses import ChatResponse, ChatUsage
from ..core.case import NotApplicableError, require, require_equal
from ..core.recordings import Recording

__all__ = [
    "ChatResult",
    "Normalized",
    "check_finish_reason",
    "check_usage",
    "collect",
    "normalized",
    "question",
    "text_of",
]

_CUT = re.compile("length|max_(output_)?tokens", re.IGNORECASE)


@dataclass
class ChatResult:
    """Everything that one call gave: the deltas, the last response, and the error that it ended with."""

    deltas: list[ChatResponse] = field(default_factory=list)
    last: ChatResponse | None = None
    error: ModelError | None = None

    def whole(self) -> ChatResponse:
        """The last response; raises the error when there is none."""
        if self.error is not None:
            raise self.error
        require(self.last is not None, "the stream ended without a response that has is_last=True")
        assert self.last is not None
        return self.last


def question() -> list[Msg]:
    """Any conversation."""
    return [UserMsg("user", "Say hello")]


async def collect(
    model: Any,  # Any: any chat model
    messages: Sequence[Msg] | None = None,
    **options: Any,  # Any: arguments of the call
) -> ChatResult:
    """Ask, read to the end and check the order and the ids of the responses. A `ModelError` is kept."""
    result = ChatResult()
    try:
        answer = await model(list(messages or question()), **options)
        if isinstance(answer, AsyncGenerator):
            async for response in answer:
                require(result.last is None, "a response came after the one with is_last=True")
                if response.is_last:
                    result.last = response
                else:
                    result.deltas.append(response)
        else:
            result.last = answer
    except ModelError as error:
        result.error = error
    _check_responses(result, isinstance(answer, AsyncGenerator) if result.error is None else True)
    return result


def _check_responses(result: ChatResult, streamed: bool) -> None:
    """Raise unless the deltas join to the whole, under the same ids, and the last response has a finish reason."""
    whole = result.last or (result.error.partial if result.error is not None else None)
    if streamed and whole is not None:
        joined: dict[str, str] = {}
        for block in (block for delta in result.deltas for block in delta.content):
            joined[block.id] = joined.get(block.id, "") + text_of(block)
        blocks = {block.id: text_of(block) for block in whole.content}
        require_equal("what the deltas add up to, by block id", joined, blocks)
    if result.last is not None:
        require(result.last.is_last, "the last response does not say is_last=True")
        require(result.last.finish_reason is not None, "the last response has no finish_reason")


def text_of(block: ContentBlock) -> str:
    """The text that a block has; empty for media."""
    if isinstance(block, TextBlock):
        return block.text
    if isinstance(block, ThinkingBlock):
        return block.thinking
    return block.input if isinstance(block, ToolCallBlock) else ""


@dataclass(frozen=True)
class Normalized:
    """The parts of a response that do not differ from call to call."""

    blocks: tuple[tuple[str, ...], ...]
    finish_reason: str
    raw_finish_reason: str | None
    usage: tuple[int, ...] | None

    def without_owned(self) -> Normalized:
        """The same without the data that only the provider can read."""
        return replace(self, blocks=tuple(block[:-1] for block in self.blocks))

    def begins_with(self, part: Normalized) -> bool:
        """Whether the other is a partial response of this one."""
        pairs = zip(part.blocks, self.blocks, strict=False)
        return len(part.blocks) <= len(self.blocks) and all(
            kind == whole_kind and whole_text.startswith(text)
            for (kind, text, *_), (whole_kind, whole_text, *_) in pairs
        )


def normalized(response: ChatResponse, wire: bytes = b"") -> Normalized:
    """A response to compare. Ids of calls count where the server gave them, that is where `wire` holds them."""
    return Normalized(
        tuple(_block(block, wire) for block in response.content),
        str(response.finish_reason),
        response.raw_finish_reason,
        _counts(response.usage),
    )


def _block(block: ContentBlock, wire: bytes) -> tuple[str, ...]:
    owned = json.dumps(block.provider_data.model_dump(), sort_keys=True) if block.provider_data else ""
    if isinstance(block, ToolCallBlock):
        own = block.id if block.id.encode() in wire else ""
        return block.type, block.input, block.name, own, owned
    if isinstance(block, DataBlock):
        return block.type, "", block.source.model_dump_json(), owned
    return block.type, text_of(block), owned


def _counts(usage: ChatUsage | None) -> tuple[int, ...] | None:
    if usage is None:
        return None
    cached = (usage.cache_input_tokens, usage.cache_creation_input_tokens)
    return (usage.input_tokens, usage.output_tokens, *cached, usage.reasoning_tokens)


def check_finish_reason(whole: ChatResponse, tape: Recording) -> None:
    """Raise unless the reason is the one on the cassette, and `tool_calls` exactly for a normal end with calls."""
    raw, reason = whole.raw_finish_reason, whole.finish_reason
    require(raw is None or raw.encode() in tape.body, f"raw_finish_reason is {raw!r}, which the server did not send")
    if raw is not None and _CUT.search(raw):
        require_equal(f"finish_reason of {raw!r}", str(reason), "length")
    calls = any(block.type == "tool_call" for block in whole.content)
    if reason in ("stop", "tool_calls"):
        require_equal(f"finish_reason with{'' if calls else 'out'} calls", reason, "tool_calls" if calls else "stop")


def check_usage(response: ChatResponse, tape: Recording) -> None:
    """Raise unless the server's counts are there: cached tokens within the input, reasoning within the output."""
    if not tape.token_counts:
        raise NotApplicableError("the server counts no tokens here")
    usage = response.usage
    if usage is None:
        raise AssertionError(f"the server counts tokens ({tape.token_counts}), but the response has no usage")
    cached = usage.cache_input_tokens + usage.cache_creation_input_tokens
    counts = (*(_counts(usage) or ()), usage.time)
    require(min(counts) >= 0, f"a count is negative: {usage}")
    require(usage.input_tokens > 0, f"no input is counted: {usage}")
    require(usage.output_tokens > 0 or not response.content, f"no output is counted: {usage}")
    require(cached <= usage.input_tokens, f"more cached tokens than input tokens: {usage}")
    require(usage.reasoning_tokens <= usage.output_tokens, f"more reasoning tokens than output tokens: {usage}")
    require(usage.raw, "the provider's own counts are not kept in usage.raw")
