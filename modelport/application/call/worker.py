"""One thread for short blocking work: handing work to it and back costs half of what an executor takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar
from weakref import finalize

__all__ = ["Worker"]

T = TypeVar("T")

_Then = Callable[[], object] | None
_Job = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]", _Then]  # Any: what the work gives


class _Jobs:
    """What a thread shares with those who give it work; it must not hold the worker, whose end is the thread's."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[_Job | None] = SimpleQueue()
        self.running = False


class Worker:
    """A thread that starts with the first work and ends with this object; several event loops may use it.

    A forked process gets a thread of its own. Work that a cancelled call has begun is ended.
    """

    def __init__(self) -> None:
        self._starting = Lock()
        self._thread: Thread | None = None
        self._jobs = _Jobs()

    async def run(self, function: Callable[..., T], *args: Any) -> T:  # Any: the function's own
        """What the function returns or raises; while the thread is busy it runs in one of the loop's executor."""
        work = partial(function, *args)
        if self._jobs.running or not self._jobs.queue.empty():
            return await asyncio.get_running_loop().run_in_executor(None, work)
        return await self.start(work)

    def start(self, work: Callable[[], T], then: _Then = None) -> asyncio.Future[T]:
        """Queue work, in order; `then` is called in the event loop when it has ended, even for a cancelled call."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        thread = self._thread
        if thread is None or not thread.is_alive():
            self._start_thread()
        self._jobs.queue.put((work, loop, future, then))
        return future

    def _start_thread(self) -> None:
        with self._starting:
            if self._thread is not None and self._thread.is_alive():
                return
            self._jobs = jobs = _Jobs()  # the queue of a process that was forked belongs to its thread
            finalize(self, jobs.queue.put, None)
            # A daemon, so that a process whose event loop was left open can end.
            self._thread = Thread(target=_serve, args=(jobs,), name="modelport-worker", daemon=True)
            self._thread.start()


def _serve(jobs: _Jobs) -> None:
    while _one(jobs):
        pass


def _one(jobs: _Jobs) -> bool:
    """Do one piece of work, and keep nothing of it."""
    job = jobs.queue.get()
    if job is None:
        return False
    work, loop, future, then = job
    jobs.running = True
    result: Any = None  # Any: what the work gives
    error: BaseException | None = None
    try:
        result = work()
    except BaseException as raised:
        error = raised
    del job, work
    jobs.running = False
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(_deliver, future, result, error, then)
    error = None  # its traceback holds this frame
    return True


def _deliver(future: asyncio.Future[Any], result: Any, error: BaseException | None, then: _Then) -> None:
    if then is not None:
        then()
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
