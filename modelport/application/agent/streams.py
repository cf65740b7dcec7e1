"""Iterators inside async generators, which an event loop that shuts down must leave to the generator around them."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable
from typing import Generic, Self, TypeVar

__all__ = ["Owned", "close"]

T = TypeVar("T")


class Owned(Generic[T]):
    """An async iterator that only its owner closes.

    An event loop that shuts down closes all async generators that were started in it at the same time. Of two nested
    ones it would close both, and the outer one would fail when it closes the inner one. So the inner one is started
    while the loop's hook, which registers generators, is switched off. If it is dropped, it is still closed.
    """

    def __init__(self, source: AsyncIterator[T]) -> None:
        self._source = source
        self._started = False

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[T]:
        if self._started:
            return self._source.__anext__()
        self._started = True
        hook = sys.get_asyncgen_hooks().firstiter
        sys.set_asyncgen_hooks(firstiter=None)
        try:
            return self._source.__anext__()
        finally:
            sys.set_asyncgen_hooks(firstiter=hook)

    async def aclose(self) -> None:
        """Close the iterator, if it can be closed."""
        if isinstance(self._source, AsyncGenerator):
            await self._source.aclose()


async def close(stream: AsyncIterable[T]) -> None:
    """Close the stream of a custom model, if it can be closed and an event loop is not closing it already."""
    aclose = getattr(stream, "aclose", None)
    if aclose is not None and not getattr(stream, "ag_running", False):
        await aclose()
