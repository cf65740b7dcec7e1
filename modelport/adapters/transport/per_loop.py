"""One resource per event loop, closed when its loop shuts down.

`asyncio.run` closes the async generators that were started in its loop; a generator that holds the resource is thus
told of the loop's end, and nothing need be closed by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

__all__ = ["PerLoop"]

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Opens at first use in a loop; `close` is awaited in that loop."""

    def __init__(self, open_: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._open = open_
        self._close = close
        self._held: dict[asyncio.AbstractEventLoop, tuple[T, AsyncGenerator[None, None]]] = {}

    async def get(self) -> T:
        """The running loop's resource."""
        loop = asyncio.get_running_loop()
        held = self._held.get(loop)
        if held is None:
            held = await self._hold(loop)
        return held[0]

    async def aclose(self) -> None:
        """Close the running loop's resource; the next use opens another."""
        held = self._held.pop(asyncio.get_running_loop(), None)
        if held is not None:
            await held[1].aclose()

    async def _hold(self, loop: asyncio.AbstractEventLoop) -> tuple[T, AsyncGenerator[None, None]]:
        for ended in [other for other in self._held if other.is_closed()]:
            del self._held[ended]
        resource = self._open()
        keeper = self._keep(loop, resource)
        held = self._held[loop] = (resource, keeper)
        await keeper.__anext__()  # does not wait: it only makes the loop know the generator
        return held

    async def _keep(self, loop: asyncio.AbstractEventLoop, resource: T) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._held.pop(loop, None)
            await self._close(resource)
