"""The event loop of calls without `await`: one for the process, in a daemon thread that the first call starts.

It is a blocking portal of anyio. All calls share the loop, and so the connections that models keep for a loop.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from _thread import allocate_lock
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .loops import loop_factory

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

__all__ = ["fire_and_forget", "run"]

T = TypeVar("T")

_STOP_SECONDS = 5.0
"""How long the end of the program waits for the loop to close its connections."""


class _Loop:
    """The loop's thread. It does not survive a fork: the child process starts its own."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        started: Future[tuple[BlockingPortal, asyncio.AbstractEventLoop]] = Future()
        self.ending = threading.Event()
        self.waiting: set[Any] = set()
        """The locks (Any: of `_thread`) of calls that wait; the loop releases those that are left at its end."""
        self.thread = threading.Thread(
            target=_serve, args=(started, self.ending, self.waiting), name="modelport-sync", daemon=True
        )
        self.thread.start()
        self.portal, self.loop = started.result()

    @property
    def usable(self) -> bool:
        """Whether the loop runs in this process."""
        return self.pid == os.getpid() and self.thread.is_alive()


_loop: _Loop | None = None
_lock = threading.Lock()


class _Call(Generic[T]):
    """One call in the loop, and a lock that is free once it has ended.

    Neither `portal.call` nor a future of another thread: they take up to a third of a short call's CPU time.
    """

    __slots__ = ("ended", "error", "made", "results", "task")

    def __init__(self, made: Callable[[], Awaitable[T]]) -> None:
        self.made = made
        self.ended = allocate_lock()
        self.ended.acquire()
        self.results: list[T] = []
        self.error: BaseException | None = None
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin it; in the loop."""
        self.task = asyncio.get_running_loop().create_task(self._run())

    def cancel(self) -> None:
        """End it; in the loop."""
        if self.task is not None:
            self.task.cancel()

    async def _run(self) -> None:
        try:
            self.results.append(await self.made())
        except BaseException as error:
            self.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            self.ended.release()

    def result(self) -> T:
        """Its result; raises its error. `CancelledError` for a call that the loop did not end."""
        if self.results:
            return self.results[0]
        error, self.error = self.error, None
        if error is None or isinstance(error, asyncio.CancelledError):
            raise CancelledError
        try:
            raise error
        finally:
            del error  # its traceback holds this frame


def run(function: Callable[..., Awaitable[T]], /, *arguments: Any, **options: Any) -> T:  # Any: what it takes
    """Call the function in the loop, wait for its result, and return or raise it.

    An exception in the waiting thread, such as Ctrl-C, cancels the call. Raises `RuntimeError` in the loop's own
    thread, which cannot wait for itself.
    """
    loop = _running()
    if threading.current_thread() is loop.thread:
        raise RuntimeError(
            "a call without `await` cannot wait inside the loop that makes it; await the model itself here"
        )
    call = _Call(partial(function, *arguments, **options))
    loop.waiting.add(call.ended)
    try:
        loop.loop.call_soon_threadsafe(call.start)
        call.ended.acquire()
    except BaseException:
        with suppress(RuntimeError):  # the loop is closed
            loop.loop.call_soon_threadsafe(call.cancel)
        raise
    finally:
        loop.waiting.discard(call.ended)
    return call.result()


def fire_and_forget(function: Callable[[], Awaitable[object]]) -> None:
    """Call the function in the loop, if that still runs, without waiting for it; for objects that are collected."""
    loop = _loop
    if loop is not None and loop.usable:

        async def called() -> None:
            await function()

        with suppress(RuntimeError):  # it stopped in between
            loop.portal.start_task_soon(called)


def _running() -> _Loop:
    global _loop
    loop = _loop
    if loop is not None and loop.usable:
        return loop
    with _lock:
        if _loop is None or not _loop.usable:
            if _loop is None:
                atexit.register(_stop)
            _loop = _Loop()
        return _loop


def _forget() -> None:
    """In a child process: the parent's thread is not here, and another of its threads may have held the lock."""
    global _loop, _lock
    _loop, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _serve(
    started: Future[tuple[BlockingPortal, asyncio.AbstractEventLoop]], ending: threading.Event, waiting: set[Any]
) -> None:
    import anyio
    from anyio.from_thread import BlockingPortal

    async def serve() -> None:
        async with BlockingPortal() as portal:
            started.set_result((portal, asyncio.get_running_loop()))
            await portal.sleep_until_stopped()

    try:
        anyio.run(serve, backend_options={"loop_factory": loop_factory()})
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        elif not (ending.is_set() and isinstance(error, RuntimeError)):
            raise  # but Python 3.12 starts no thread at the program's end, which is how the loop ends its own threads
    finally:
        for lock in [*waiting]:
            with suppress(RuntimeError):  # its call ended
                lock.release()


def _stop() -> None:
    """At the end of the program: end what still runs, and close the loop with its connections."""
    global _loop
    loop, _loop = _loop, None
    if loop is None or not loop.usable:
        return
    loop.ending.set()
    try:
        loop.portal.call(loop.portal.stop, True)
    except RuntimeError:  # it stopped already
        return
    loop.thread.join(_STOP_SECONDS)
