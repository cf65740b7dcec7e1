"""Answers that are whole although their connection stays open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from ...ports.clock import Clock, TimerHandle
from ...ports.http import HttpResponse
from .clocks import CallClocks

__all__ = ["LingeringBody", "close_soon", "grace_seconds"]

_LONGEST_GRACE = 1.0

_closing: set[asyncio.Task[None]] = set()
"""Tasks that close answers; the event loop holds tasks weakly."""


def grace_seconds(clocks: CallClocks) -> float:
    """How long an answer that is complete may go on, with its usage for example, before its connection is closed.

    At most half of what the clocks of the call leave, which would make an error of a good answer.
    """
    return min(_LONGEST_GRACE, clocks.seconds_left() / 2)


class LingeringBody:
    """Watches the pieces of a body of unknown length: whole JSON with nothing after it for a moment is its end."""

    __slots__ = ("_clock", "_clocks", "_pieces", "_response", "_timer", "ended")

    def __init__(self, response: HttpResponse, clock: Clock, clocks: CallClocks, pieces: Sequence[bytes]) -> None:
        self._response, self._clock, self._clocks, self._pieces = response, clock, clocks, pieces
        self._timer: TimerHandle | None = None
        self.ended = False
        """Whether the connection was closed because the body is whole."""

    def came(self, data: bytes) -> None:
        """A piece came, which may be the last one."""
        self.stop()
        if data.rstrip().endswith((b"}", b"]")):
            self._timer = self._clock.call_later(grace_seconds(self._clocks), self._look)

    def stop(self) -> None:
        """The body has ended, or goes on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        try:
            json.loads(b"".join(self._pieces))
        except (ValueError, RecursionError):
            return
        self.ended = True
        close_soon(self._response)


def close_soon(response: HttpResponse) -> None:
    """Close the connection of an answer from a place that cannot wait for it."""
    task = asyncio.get_running_loop().create_task(response.aclose())
    _closing.add(task)
    task.add_done_callback(_closed)


def _closed(task: asyncio.Task[None]) -> None:
    _closing.discard(task)
    if not task.cancelled():
        task.exception()  # a connection that cannot be closed in order is of no further interest
