"""Async generators inside of others, which an event loop that shuts down must leave to their owner."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable
from typing import Generic, Self, TypeVar

__all__ = ["Owned", "close", "unnoticed"]

T = TypeVar("T")


class Owned(Generic[T]):
    """An async iterator that only its owner closes.

    An event loop closes every async generator that was begun in it, all at the same time, when it shuts down. Of one
    inside of another it would close both, and the outer one, which closes the inner one, would fail. So the inner one
    is begun without the loop's notice.
    """

    def __init__(self, source: AsyncIterator[T]) -> None:
        self._source = source
        self._begun = False

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[T]:
        if self._begun:
            return self._source.__anext__()
        self._begun = True
        return unnoticed(self._source)

    async def aclose(self) -> None:
        """Close it, if it can be closed."""
        if isinstance(self._source, AsyncGenerator):
            await self._source.aclose()


def unnoticed(source: AsyncIterator[T]) -> Awaitable[T]:
    """The first step of a generator that its owner closes; dropped without that, the loop still closes it."""
    noticed = sys.get_asyncgen_hooks().firstiter
    sys.set_asyncgen_hooks(firstiter=None)
    try:
        return source.__anext__()
    finally:
        sys.set_asyncgen_hooks(firstiter=noticed)


async def close(stream: AsyncIterable[T]) -> None:
    """Close somebody else's stream, if it can be closed, unless the loop that shuts down is doing that."""
    aclose = getattr(stream, "aclose", None)
    if aclose is None:
        return
    try:
        await aclose()
    except RuntimeError as error:
        if "already running" not in str(error):
            raise
