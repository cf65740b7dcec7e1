"""Sync tools run in daemon threads of their own, so that one which hangs holds nothing that others need.

The event loop's own threads look up hosts, read caches and are waited for when `asyncio.run` ends. A tool that never
returns would keep one of them for good.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import signal
import threading
import types
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

__all__ = ["call_in_thread", "only_errors"]

T = TypeVar("T")
V = TypeVar("V")

_AT_ONCE = 64
"""How many sync tools of one event loop run at a time; further calls wait."""
_ABANDONED = 256
"""How many cancelled calls of the process may still run; as their threads cannot be stopped, further calls fail."""

_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_abandoned: set[threading.Thread] = set()
_lock = threading.Lock()


async def call_in_thread(function: Callable[[], T], name: str) -> T:
    """Call the function in a new daemon thread, in the caller's context.

    Cancelling the call leaves the thread behind, and its place to the next call.

    Raises:
        RuntimeError: too many threads of cancelled calls are still running; nothing was called.
    """
    loop = asyncio.get_running_loop()
    with _lock:
        places = _places.setdefault(loop, asyncio.Semaphore(_AT_ONCE))
    async with places:
        with _lock:
            _abandoned.intersection_update([thread for thread in _abandoned if thread.is_alive()])
            if len(_abandoned) >= _ABANDONED:
                raise RuntimeError(f"{_ABANDONED} cancelled calls of tools are still running; wait until some end")
        outcome: asyncio.Future[T] = loop.create_future()
        thread = _start(function, name, loop, outcome)
        try:
            return await outcome
        except asyncio.CancelledError:
            with _lock:
                if thread.is_alive():
                    _abandoned.add(thread)
            raise


def _start(
    function: Callable[[], T], name: str, loop: asyncio.AbstractEventLoop, outcome: asyncio.Future[T]
) -> threading.Thread:
    context = contextvars.copy_context()

    def work() -> None:
        try:
            result = context.run(function)
        except BaseException as error:
            settle = _settler(outcome.set_exception, outcome, _settable(error))
        else:
            settle = _settler(outcome.set_result, outcome, result)
        with contextlib.suppress(RuntimeError):  # the loop was closed in the meantime
            loop.call_soon_threadsafe(settle)

    thread = threading.Thread(target=work, name=f"modelport-tool-{name}", daemon=True)
    thread.start()
    return thread


def _settler(settle: Callable[[V], None], outcome: asyncio.Future[T], value: V) -> Callable[[], None]:
    return lambda: None if outcome.done() else settle(value)


def _settable(error: BaseException) -> BaseException:
    """The error in a form that a future accepts: it refuses `StopIteration`, and `SystemExit` would end the loop."""
    if isinstance(error, Exception | asyncio.CancelledError) and not isinstance(error, StopIteration):
        return error
    return _as_error(error)


@types.coroutine
def only_errors(tool: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:  # Any: what an event loop exchanges
    """Await the tool; what would end the event loop, such as `SystemExit`, becomes a `RuntimeError`.

    The user's Ctrl-C does not, nor does a `GeneratorExit` that closes the coroutine: only one that the tool raised.
    """
    resume: Callable[[], Any] = partial(tool.send, None)
    while True:
        try:
            awaited = resume()
        except StopIteration as ended:
            result: T = ended.value
            return result
        except (Exception, asyncio.CancelledError):
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and _from_user(error):
                raise
            raise _as_error(error) from error
        try:
            resume = partial(tool.send, (yield awaited))
        except GeneratorExit:
            tool.close()
            raise
        except BaseException as thrown:
            resume = partial(tool.throw, thrown)


def _as_error(error: BaseException) -> RuntimeError:
    failure = RuntimeError(f"the function raised {type(error).__name__}")
    failure.__cause__ = error
    return failure


def _from_user(error: KeyboardInterrupt) -> bool:
    """Whether a signal's handler raised it: Python's own, which leaves no frame, or that of `asyncio.run`."""
    if threading.current_thread() is not threading.main_thread():
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    raised_in = trace.tb_frame.f_globals.get("__name__") if trace else None
    return raised_in == "asyncio.runners" or signal.getsignal(signal.SIGINT) is signal.default_int_handler
