"""What servers that fall silent are checked with: turns of the event loop, and which clock ran out."""

from __future__ import annotations

import asyncio

from ...domain.errors import ModelError, ModelTimeoutError
from .case import require

__all__ = ["require_timeout", "turns"]

_TURNS = 50


async def turns(count: int = _TURNS) -> None:
    """Let everything run that can run without time passing."""
    for _ in range(count):
        await asyncio.sleep(0)


def require_timeout(error: ModelError | None, *clocks: str) -> None:
    """Raise unless it is the error of one of these clocks."""
    require(isinstance(error, ModelTimeoutError), f"silence gives {error!r}, not a ModelTimeoutError")
    assert isinstance(error, ModelTimeoutError)
    require(error.clock in clocks, f"the clock that ran out is {error.clock}, not {' or '.join(clocks)}")
