"""Async generators inside of others, which an event loop that shuts down must leave to their owner."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from typing import Generic, Self, TypeVar

__all__ = ["Owned", "close"]

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
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(None, None)
        try:
            return self._source.__anext__()
        finally:
            sys.set_asyncgen_hooks(*hooks)

    async def aclose(self) -> None:
        """Close it, if it can be closed."""
        if isinstance(self._source, AsyncGenerator):
            await self._source.aclose()


async def close(stream: AsyncGenerator[T, None]) -> None:
    """Close somebody else's stream, unless the loop that shuts down is doing that."""
    try:
        await stream.aclose()
    except RuntimeError as error:
        if "already running" not in str(error):
            raise
