"""One value per event loop: a lock, a connection pool or whatever else works in one loop only.

`asyncio.run` closes the asynchronous generators that were started in its loop. A value that must be closed is held by
such a generator, so it is closed when its loop shuts down, and nothing has to be closed by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar
from weakref import finalize

__all__ = ["PerLoop"]

T = TypeVar("T")
_Keeper = AsyncGenerator[None, None]
_Held = dict[asyncio.AbstractEventLoop, tuple[T, _Keeper | None]]

_left_behind: dict[int, tuple[asyncio.AbstractEventLoop, _Keeper]] = {}
"""What dropped owners have left open, by its id. It is held until it is closed, since a connection pool that is
collected as garbage cannot close its connections cleanly."""
_closing: set[asyncio.Task[None]] = set()


class PerLoop(Generic[T]):
    """Makes a value at first use in a loop, and forgets those of loops that are closed.

    Args:
        make: makes the value of the running loop.
        close: awaited in the value's loop when the loop shuts down or, if that is sooner, when this object is
            garbage. It must not refer to the object that owns this one, or that would never be garbage.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]] | None = None) -> None:
        self._make = make
        self._close = close
        self._held: _Held[T] = {}
        if close is not None:
            finalize(self, _leave_behind, self._held).atexit = False

    def __reduce_ex__(self, protocol: Any, /) -> Any:  # Any: as `object` declares them
        if self._close is not None:
            raise TypeError("what belongs to an event loop cannot be copied")
        return super().__reduce_ex__(protocol)

    def get(self) -> T:
        """The running loop's value."""
        loop = asyncio.get_running_loop()
        held = self._held.get(loop)
        return held[0] if held is not None else self._hold(loop)

    async def aclose(self) -> None:
        """Close and forget the running loop's value; the next use makes another."""
        _, keeper = self._held.pop(asyncio.get_running_loop(), (None, None))
        if keeper is not None:
            await keeper.aclose()

    def _hold(self, loop: asyncio.AbstractEventLoop) -> T:
        for ended in [other for other in list(self._held) if other.is_closed()]:  # a copy: other threads have loops too
            self._held.pop(ended, None)
        value = self._make()
        keeper = None if self._close is None else _keep(self._held, loop, value, self._close)
        self._held[loop] = (value, keeper)
        if keeper is not None:
            with suppress(StopIteration):
                anext(keeper).send(None)  # runs to the `yield`, so that the loop registers the generator
        return value


async def _keep(
    held: _Held[T], loop: asyncio.AbstractEventLoop, value: T, close: Callable[[T], Awaitable[None]]
) -> _Keeper:
    try:
        yield
    finally:
        held.pop(loop, None)
        try:
            await close(value)
        finally:
            _left_behind.pop(id(value), None)


def _leave_behind(held: _Held[Any]) -> None:  # Any: whatever is held
    """Have each loop close its value. Runs in whatever thread dropped the owner."""
    for number, (ended, _) in list(_left_behind.items()):
        if ended.is_closed():
            _left_behind.pop(number, None)
    for loop, (value, keeper) in list(held.items()):
        if keeper is None:
            continue
        _left_behind[id(value)] = loop, keeper
        try:
            loop.call_soon_threadsafe(_close_soon, keeper)
        except RuntimeError:  # the loop is closed
            _left_behind.pop(id(value), None)


def _close_soon(keeper: _Keeper) -> None:
    task = asyncio.get_running_loop().create_task(_closed(keeper))
    _closing.add(task)
    task.add_done_callback(_closing.discard)


async def _closed(keeper: _Keeper) -> None:
    await asyncio.sleep(0)  # a loop that is shutting down closes its generators now, and twice at once is an error
    if not getattr(keeper, "ag_running", False):
        await keeper.aclose()
