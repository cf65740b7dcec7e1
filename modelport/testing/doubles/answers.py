"""The answers of a test double, and their conversion to the deltas of a model."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, get_args

from ...domain.chat.fold import ChatFold
from ...domain.chat.tokens import estimated
from ...domain.chat.tools import ToolChoice, ToolSchema, allowed_tools, tool_name
from ...domain.ids import new_id
from ...domain.message.blocks import ContentBlock, TextBlock, ThinkingBlock, ToolCallBlock
from ...domain.message.messages import AssistantMsg
from ...domain.message.responses import ChatResponse, ChatUsage, FinishReason

__all__ = ["Answer", "Pause", "Step", "deltas_of", "steps_of"]


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this many seconds of the model's clock before the next step."""

    seconds: float


Step = str | ContentBlock | Pause | Exception
"""One step of an answer: text, a block, a pause, or an error to raise there."""

Answer = Step | Mapping[str, Any] | ChatResponse | Sequence[Step]
"""The answer to one attempt.

A text or a block is cut into deltas. Of a list each step is a delta as it stands; texts that follow each other are one
block. A mapping is an object (Any: JSON values): the arguments of the tool that the request is bound to, else JSON
text. A `ChatResponse` also has finish reason, usage and metadata. An error is raised instead of an answer.
"""

_PIECES = re.compile(r"\s*\S+\s*|\s+")
_ARGUMENT_PIECE = 12
_BLOCKS: tuple[type, ...] = get_args(get_args(ContentBlock)[0])


def steps_of(answer: Answer, tools: Sequence[ToolSchema], choice: ToolChoice | None) -> list[Step]:
    """The steps of an answer; raises `TypeError` for anything else."""
    if isinstance(answer, ChatResponse):
        return [piece for block in answer.content for piece in _pieces(block)]
    if isinstance(answer, Mapping):
        return list(_pieces(_object(answer, tools, choice)))
    if isinstance(answer, str):
        return list(_pieces(TextBlock(text=answer)))
    if isinstance(answer, _BLOCKS):
        return list(_pieces(answer))  # type: ignore[arg-type]  # one of the classes of `ContentBlock`
    if isinstance(answer, Pause | Exception):
        return [answer]
    if isinstance(answer, Sequence) and all(isinstance(step, (str, Pause, Exception, *_BLOCKS)) for step in answer):
        return list(answer)
    raise TypeError(
        f"expected an answer, got a {type(answer).__name__}; give texts, blocks, a dict, a ChatResponse or an error"
    )


def _object(value: Mapping[str, Any], tools: Sequence[ToolSchema], choice: ToolChoice | None) -> ContentBlock:
    text = json.dumps(dict(value), ensure_ascii=False)
    if choice is not None and choice.mode != "none":
        left = [tool_name(tool) for tool in allowed_tools(tools, choice)]
        name = choice.named_tool or (left[0] if len(left) == 1 else None)
        if name is not None:
            return ToolCallBlock(id=f"call_{new_id()}", name=name, input=text)
    return TextBlock(text=text)


def _pieces(block: ContentBlock) -> Iterator[ContentBlock]:
    """The block as a provider streams it: texts word by word, arguments in short pieces."""
    if isinstance(block, TextBlock) and block.text:
        for piece in _PIECES.findall(block.text):
            yield block.model_copy(update={"text": piece})
    elif isinstance(block, ThinkingBlock) and block.thinking:
        for piece in _PIECES.findall(block.thinking):
            yield block.model_copy(update={"thinking": piece})
    elif isinstance(block, ToolCallBlock):
        for start in range(0, len(block.input) or 1, _ARGUMENT_PIECE):
            yield block.model_copy(update={"input": block.input[start : start + _ARGUMENT_PIECE]})
    else:
        yield block


async def deltas_of(
    steps: AsyncGenerator[Step, None],
    facts: ChatResponse | None,
    input_tokens: int,
    sleep: Callable[[float], Awaitable[None]],
) -> AsyncGenerator[ChatResponse, None]:
    """The steps as deltas, then the end with its reason and usage: those of `facts`, else an estimate."""
    head, fold = facts or ChatResponse(()), ChatFold()
    async with aclosing(steps):
        async for block in _blocks(steps, sleep):
            delta = ChatResponse([block], is_last=False, id=head.id, created_at=head.created_at)
            fold.add(delta)
            yield delta
    message = AssistantMsg("assistant", list(fold.partial().content))
    yield ChatResponse(
        (),
        usage=head.usage or ChatUsage(input_tokens, estimated([message], None)),
        id=head.id,
        created_at=head.created_at,
        metadata=head.metadata,
        model=head.model,
        finish_reason=head.finish_reason or FinishReason.STOP,
        raw_finish_reason=head.raw_finish_reason,
        warnings=head.warnings,
    )


async def _blocks(
    steps: AsyncIterator[Step], sleep: Callable[[float], Awaitable[None]]
) -> AsyncGenerator[ContentBlock, None]:
    """The blocks, after the pauses between them; texts that follow each other have one id."""
    text_id = new_id()
    async for step in steps:
        if isinstance(step, Pause):
            await sleep(step.seconds)
        elif isinstance(step, Exception):
            raise step
        elif isinstance(step, str):
            yield TextBlock(id=text_id, text=step)
        else:
            text_id = new_id()
            yield step.model_copy(update={"id": step.id})  # its id counts as given: it continues no other block
