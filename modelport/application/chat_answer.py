"""What one attempt may give, and words for what it may not: people write `_call_api` by hand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Sequence

from pydantic import BaseModel

from ..domain.errors import ResponseDecodeError
from ..domain.responses import ChatResponse, ChatUsage

__all__ = ["Answer", "checked_answer", "mistake"]

Answer = ChatResponse | AsyncGenerator[ChatResponse, None]
"""What one attempt gives: a whole response, or its deltas."""

_RETURN = "return a ChatResponse, or an async generator of them"
_CONTENT = "give a list of blocks, e.g. [TextBlock(text='Hello')]"


def checked_answer(given: object) -> Answer:
    """The answer, also of an asynchronous iterator of any kind; raises `ResponseDecodeError` for anything else."""
    if isinstance(given, AsyncGenerator):
        return given
    if isinstance(given, AsyncIterable):
        return _each(given)
    wrong = mistake(given)
    if wrong is not None:
        raise wrong
    assert isinstance(given, ChatResponse), "else it is a mistake"
    return given


def mistake(given: object) -> ResponseDecodeError | None:
    """What is wrong with a response that should be one, if anything."""
    if not isinstance(given, ChatResponse):
        return ResponseDecodeError(f"`_call_api` gave a {type(given).__name__}; {_RETURN}")
    content: object = given.content
    usage: object = given.usage
    if not isinstance(content, Sequence) or isinstance(content, str):
        return ResponseDecodeError(f"the content of a ChatResponse of `_call_api` is {content!r:.60}; {_CONTENT}")
    for block in content:
        if not isinstance(block, BaseModel):
            return ResponseDecodeError(f"the content of a ChatResponse of `_call_api` holds {block!r:.60}; {_CONTENT}")
    if usage is not None and not isinstance(usage, ChatUsage):
        return ResponseDecodeError(f"the usage of a ChatResponse of `_call_api` is {usage!r:.60}; give a ChatUsage")
    return None


async def _each(source: AsyncIterable[ChatResponse]) -> AsyncGenerator[ChatResponse, None]:
    close = getattr(source, "aclose", None)
    try:
        async for response in source:
            yield response
    finally:
        if close is not None:
            await close()
