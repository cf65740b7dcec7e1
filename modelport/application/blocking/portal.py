"""The event loop of calls without `await`: one for the process, in a daemon thread that the first call starts.

It is a blocking portal of anyio. All calls share the loop, and so the connections that models keep for a loop.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

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
        self.thread = threading.Thread(target=_serve, args=(started, self.ending), name="modelport-sync", daemon=True)
        self.thread.start()
        self.portal, self.loop = started.result()

    @property
    def usable(self) -> bool:
        """Whether the loop runs in this process."""
        return self.pid == os.getpid() and self.thread.is_alive()


_loop: _Loop | None = None
_lock = threading.Lock()


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

    async def called() -> T:
        return await function(*arguments, **options)

    # not `portal.call`, whose scopes cost a third of a short call's CPU time
    future = asyncio.run_coroutine_threadsafe(called(), loop.loop)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


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


def _serve(started: Future[tuple[BlockingPortal, asyncio.AbstractEventLoop]], ending: threading.Event) -> None:
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
