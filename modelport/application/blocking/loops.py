"""The event loops that Modelport starts itself, in the command line and for calls without `await`.

They are uvloop's where it is installed (extra `fast`): its work for a packet is half of that of asyncio's own loop. A
loop that an application starts is the application's choice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["loop_factory", "run"]

T = TypeVar("T")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes a loop of uvloop; `None` where it is not installed, as on Windows, which it does not support."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def run(main: Coroutine[Any, Any, T]) -> T:  # Any: as of any coroutine
    """As `asyncio.run`, in the fastest loop."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(main)
