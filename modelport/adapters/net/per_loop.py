"""One resource per event loop, closed when its loop shuts down.

`asyncio.run` closes the async generators that were started in its loop; a generator that holds the resource is thus
told of the loop's end, and nothing need be closed by hand. Nor need anything when the owner is dropped before that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Generic, TypeVar
from weakref import finalize

__all__ = ["PerLoop"]

T = TypeVar("T")
_Held = dict[asyncio.AbstractEventLoop, tuple[T, AsyncGenerator[None, None]]]

_left_behind: dict[int, tuple[asyncio.AbstractEventLoop, AsyncGenerator[None, None]]] = {}
"""By their resource's id what owners left behind. Held until it is closed: a pool that is collected as garbage finds
its connections half dismantled."""
_closing: set[asyncio.Task[None]] = set()


class PerLoop(Generic[T]):
    """Opens at first use in a loop. `close` is awaited in that loop, when it ends or when the owner is dropped.

    So `close` must not refer to the owner, and what is handed out and used longer than a call must.
    """

    def __init__(self, open_: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._open = open_
        self._close = close
        self._held: _Held[T] = {}
        finalize(self, _leave_behind, self._held).atexit = False

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
        for ended in [other for other in list(self._held) if other.is_closed()]:  # a copy: other threads have loops too
            self._held.pop(ended, None)
        resource = self._open()
        keeper = _keep(self._held, loop, resource, self._close)
        held = self._held[loop] = (resource, keeper)
        await keeper.__anext__()  # does not wait: it only makes the loop know the generator
        return held


async def _keep(
    held: _Held[T], loop: asyncio.AbstractEventLoop, resource: T, close: Callable[[T], Awaitable[None]]
) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        held.pop(loop, None)
        try:
            await close(resource)
        finally:
            _left_behind.pop(id(resource), None)


def _leave_behind(held: _Held[Any]) -> None:  # Any: whatever is held
    """The owner is gone, in whatever thread: each loop closes its own, or does when it shuts down."""
    for number, (ended, _) in list(_left_behind.items()):
        if ended.is_closed():
            _left_behind.pop(number, None)
    for loop, (resource, keeper) in list(held.items()):
        _left_behind[id(resource)] = loop, keeper
        try:
            loop.call_soon_threadsafe(_close_soon, keeper)
        except RuntimeError:  # the loop is closed
            _left_behind.pop(id(resource), None)


def _close_soon(keeper: AsyncGenerator[None, None]) -> None:
    task = asyncio.get_running_loop().create_task(_closed(keeper))
    _closing.add(task)
    task.add_done_callback(_closing.discard)


async def _closed(keeper: AsyncGenerator[None, None]) -> None:
    await keeper.aclose()
