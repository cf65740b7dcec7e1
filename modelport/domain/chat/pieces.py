"""Cuts a conversation into pieces that can be rendered one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..message.blocks import ContentBlock, ToolResultBlock
from ..message.messages import Msg

__all__ = ["Place", "pieces"]

Place = tuple[int, int]
"""A place between pieces: so many whole messages, and so many blocks of the message after them."""


def pieces(messages: Sequence[Msg], start: Place = (0, 0)) -> Iterator[tuple[Msg, Place]]:
    """The messages from a place on, and the place after each.

    A message of the assistant is cut after each run of results: its turns are divided there anyway, and an agent's
    reply, which is one message, grows there.
    """
    whole, part = start
    for index in range(whole, len(messages)):
        message = messages[index]
        begin = part if index == whole else 0
        cuts = _cuts(message.content, begin) if message.role == "assistant" else []
        for end in cuts:
            yield _part(message, begin, end), (index, end)
            begin = end
        yield message if begin == 0 else _part(message, begin, None), (index + 1, 0)


def _cuts(content: Sequence[ContentBlock], begin: int) -> list[int]:
    """Where a run of results ends."""
    results = [isinstance(block, ToolResultBlock) for block in content[begin:]]
    pairs = enumerate(zip(results, [*results[1:], False], strict=False), begin + 1)
    return [place for place, (result, next_result) in pairs if result and not next_result]


def _part(message: Msg, begin: int, end: int | None) -> Msg:
    content = message.content[begin:end]
    return Msg.model_construct(role=message.role, name=message.name, content=content, id="", created_at="")
