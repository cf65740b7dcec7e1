"""How many calls begin in one turn of the event loop.

Thousands of calls that are started at once would all be encoded and connected in one turn: nothing else runs meanwhile,
and the clocks of their connections run out while the loop has not looked at the first of them.
"""

from __future__ import annotations

import asyncio
from collections import deque

from .per_loop import PerLoop

__all__ = ["begin_in_turn"]

_MOST = 32
"""Calls that begin in one turn: about 20 ms of work."""


class _Pace:
    """Counts the calls of one loop; those that must wait begin in order."""

    __slots__ = ("_begun", "_loop", "_waiting")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._begun = 0

    def enter(self) -> asyncio.Future[None] | None:
        """Count a call that may begin now; else what to wait for."""
        if self._begun == 0:
            self._loop.call_soon(self._next_turn)
        if self._begun < _MOST:
            self._begun += 1
            return None
        turn = self._loop.create_future()
        self._waiting.append(turn)
        return turn

    def _next_turn(self) -> None:
        self._begun = 0
        while self._waiting and self._begun < _MOST:
            turn = self._waiting.popleft()
            if not turn.done():  # else its call was cancelled
                turn.set_result(None)
                self._begun += 1
        if self._begun:
            self._loop.call_soon(self._next_turn)


_paces: PerLoop[_Pace] = PerLoop(_Pace)


async def begin_in_turn() -> None:
    """Return at once, unless many calls have begun in this turn of the loop: then in a later one."""
    turn = _paces.get().enter()
    if turn is not None:
        await turn
