"""Listening to a chat model, and what must hold of anything it says: the grammar of a stream."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ....domain.errors import ModelError
from ....domain.message.blocks import ContentBlock, DataBlock, TextBlock, ThinkingBlock, ToolCallBlock
from ....domain.message.messages import Msg, UserMsg
from ....domain.message.responses import ChatResponse, ChatUsage
from ..core.case import require, require_equal

__all__ = ["Heard", "Told", "check_grammar", "hear", "question", "said", "told"]


@dataclass
class Heard:
    """Everything that one call gave: the steps, the last response, and the error that it ended with."""

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


async def hear(
    model: Any,  # Any: a chat model of anybody's
    messages: Sequence[Msg] | None = None,
    **options: Any,  # Any: arguments of the call
) -> Heard:
    """Ask, and listen to the end; the grammar of what was said is checked. Only a `ModelError` is kept."""
    heard = Heard()
    try:
        answer = await model(list(messages or question()), **options)
        if isinstance(answer, AsyncGenerator):
            async for response in answer:
                require(heard.last is None, "a response came after the one with is_last=True")
                if response.is_last:
                    heard.last = response
                else:
                    heard.deltas.append(response)
        else:
            heard.last = answer
    except ModelError as error:
        heard.error = error
    check_grammar(heard, isinstance(answer, AsyncGenerator) if heard.error is None else True)
    return heard


def check_grammar(heard: Heard, streamed: bool) -> None:
    """Deltas join to the whole, under ids that stay; the last response says why it ended."""
    whole = heard.last or (heard.error.partial if heard.error is not None else None)
    if streamed and whole is not None:
        joined: dict[str, str] = {}
        for block in (block for delta in heard.deltas for block in delta.content):
            joined[block.id] = joined.get(block.id, "") + said(block)
        blocks = {block.id: said(block) for block in whole.content}
        require_equal("what the deltas add up to, by block id", joined, blocks)
    if heard.last is not None:
        require(heard.last.is_last, "the last response does not say is_last=True")
        require(heard.last.finish_reason is not None, "the last response has no finish_reason")


def said(block: ContentBlock) -> str:
    """The text that a block has; empty for media."""
    if isinstance(block, TextBlock):
        return block.text
    if isinstance(block, ThinkingBlock):
        return block.thinking
    return block.input if isinstance(block, ToolCallBlock) else ""


@dataclass(frozen=True)
class Told:
    """A response without what differs from call to call."""

    blocks: tuple[tuple[str, ...], ...]
    finish_reason: str
    raw_finish_reason: str | None
    usage: tuple[int, ...] | None

    def without_owned(self) -> Told:
        """This, less the data that only the provider can read."""
        return replace(self, blocks=tuple(block[:-1] for block in self.blocks))

    def begins_with(self, part: Told) -> bool:
        """Whether the other is what was known of this one at some time."""
        pairs = zip(part.blocks, self.blocks, strict=False)
        return len(part.blocks) <= len(self.blocks) and all(
            kind == whole_kind and text_of.startswith(said_of)
            for (kind, said_of, *_), (whole_kind, text_of, *_) in pairs
        )


def told(response: ChatResponse, wire: bytes = b"") -> Told:
    """What a response says. Ids of calls count where the server gave them, that is where `wire` holds them."""
    return Told(
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
    return block.type, said(block), owned


def _counts(usage: ChatUsage | None) -> tuple[int, ...] | None:
    if usage is None:
        return None
    cached = (usage.cache_input_tokens, usage.cache_creation_input_tokens)
    return (usage.input_tokens, usage.output_tokens, *cached, usage.reasoning_tokens)
