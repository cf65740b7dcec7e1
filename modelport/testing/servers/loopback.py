"""Servers on loopback that run in the test's loop or in a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

__all__ = ["LoopbackServer"]

T = TypeVar("T")


class LoopbackServer:
    """A context manager for use in an event loop, or in a thread that runs one."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

    @contextlib.contextmanager
    def in_thread(self) -> Iterator[Self]:
        """The server in a thread of its own, for synchronous tests and clients in other processes.

        What goes wrong there is raised when it is left, unless something else is.
        """
        ready, stop, failures = threading.Event(), asyncio.Event(), list[BaseException]()

        async def serve() -> None:
            async with self:
                ready.set()
                await stop.wait()

        def work() -> None:
            try:
                asyncio.run(serve())
            except BaseException as error:
                failures.append(error)
            finally:
                ready.set()

        thread = threading.Thread(target=work, name="scripted-server", daemon=True)
        thread.start()
        ready.wait()
        if failures:
            raise failures[0]
        try:
            yield self
        finally:
            if thread.is_alive():
                self.set(stop)
            thread.join()
        if failures:
            raise failures[0]

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float = 10.0) -> T:
        """Run a coroutine in the server's loop from another thread: `server.run(server.request(0))`."""
        assert self._loop is not None, "the server was entered"
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(coroutine, timeout), self._loop).result()

    def set(self, event: asyncio.Event) -> None:
        """Set an event that an answer waits for, from any thread."""
        assert self._loop is not None, "the server was entered"
        self._loop.call_soon_threadsafe(event.set)
