"""How many calls begin in one turn of the event loop.

Thousands of calls that are started at once would all be encoded and connected in one turn: nothing else runs meanwhile,
and the clocks of their connections run out while the loop has not looked at the first of them.
"""

from __future__ import annotations

import asyncio
from collections import deque

from .per_loop import PerLoop

__all__ = ["begin_in_turn", "turn_to_begin"]

_MOST = 32
"""Calls that begin in one turn: about 20 ms of work."""
_FEW = 8
"""So many are counted over several turns, since to look for the end of a turn costs more than to count."""


class _Pace:
    """Counts the calls of one loop; those that must wait begin in order."""

    __slots__ = ("_begun", "_loop", "_scheduled", "_waiting")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._begun = 0
        self._scheduled = False

    def enter(self) -> asyncio.Future[None] | None:
        """Count a call that may begin now; else what to wait for."""
        if self._begun >= _FEW and not self._scheduled:
            self._schedule()
        if self._begun < _MOST:
            self._begun += 1
            return None
        turn = self._loop.create_future()
        self._waiting.append(turn)
        return turn

    def _schedule(self) -> None:
        self._scheduled = True
        self._loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._begun, self._scheduled = 0, False
        while self._waiting and self._begun < _MOST:
            turn = self._waiting.popleft()
            if not turn.done():  # else its call was cancelled
                turn.set_result(None)
                self._begun += 1
        if self._begun:
            self._schedule()


_paces: PerLoop[_Pace] = PerLoop(_Pace)


def turn_to_begin() -> asyncio.Future[None] | None:
    """What to wait for before a call begins; nothing, unless many calls have begun in this turn of the loop."""
    return _paces.get().enter()


async def begin_in_turn() -> None:
    """Return at once, unless many calls have begun in this turn of the loop: then in a later one."""
    turn = turn_to_begin()
    if turn is not None:
        await turn
