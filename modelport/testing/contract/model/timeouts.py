"""What servers that fall silent are checked with: turns of the event loop, and which clock ran out."""

from __future__ import annotations

import asyncio
from typing import Any

from ....domain.errors import ModelError, ModelTimeoutError
from ..core.case import require

__all__ = ["require_timeout", "turns", "until_silent"]

_TURNS = 50


async def turns(count: int = _TURNS) -> None:
    """Let everything run that can run without time passing."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until_silent(waiting: asyncio.Event, call: asyncio.Task[Any], patience: float) -> None:
    """Until the call waits for a server that says nothing more; raises when it ends instead, or never comes to that."""
    silence = asyncio.ensure_future(waiting.wait())
    both: list[asyncio.Future[Any]] = [silence, call]
    try:
        await asyncio.wait(both, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    finally:
        silence.cancel()
    if waiting.is_set():
        return
    ended = repr(call.exception() or call.result())[:200] if call.done() and not call.cancelled() else ""
    require(not ended, f"the call ends although the server has not answered to the end: {ended}")
    raise AssertionError(f"the call neither waits for the server nor ends within {patience} s")


def require_timeout(error: ModelError | None, *clocks: str) -> None:
    """Raise unless it is the error of one of these clocks."""
    require(isinstance(error, ModelTimeoutError), f"silence gives {error!r}, not a ModelTimeoutError")
    assert isinstance(error, ModelTimeoutError)
    require(error.clock in clocks, f"the clock that ran out is {error.clock}, not {' or '.join(clocks)}")
