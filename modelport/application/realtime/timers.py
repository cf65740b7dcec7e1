"""The timers of a session: a reply that never ends, and a connection whose end is known beforehand."""

from __future__ import annotations

import asyncio
from typing import Protocol

from ...ports.clock import TimerHandle
from ..call.spec import CallSpec
from .dialogue import Dialogue
from .link import RealtimeConnection

__all__ = ["SessionTimers"]

_CANCEL_SECONDS = 5.0
"""How long the end of an interrupted reply is awaited. Facts: docs/protocols/realtime-dashscope.md#server-events."""
_MARGIN_SECONDS = 60.0
"""So long before its planned end a connection is replaced."""


class _Session(Protocol):
    def going_away(self, reason: str, seconds: float | None) -> None: ...

    def give_up(self, response_id: str, error: str | None) -> None: ...


class SessionTimers:
    """Calls the session back; nothing runs while the server does its part."""

    def __init__(self, spec: CallSpec, session: _Session) -> None:
        self._clock = spec.runtime.clock
        self._idle = spec.timeouts.idle
        self._session = session
        self._response: str | None = None
        self._cut = False
        self._alive = 0.0
        self._paused = False
        self._reply_timer: TimerHandle | None = None
        self._end_timer: TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def watch(self, dialogue: Dialogue | None) -> None:
        """Something happened: while a reply is open, its end or a sign of life is awaited."""
        response = dialogue.active if dialogue is not None else None
        if response is None:
            if self._response is not None:
                self._stop_reply()
            return
        self._alive = self._clock.monotonic()
        cut = dialogue is not None and dialogue.cut
        if response == self._response and cut == self._cut:
            return
        self._stop_reply()
        self._response, self._cut = response, cut
        seconds = _CANCEL_SECONDS if cut else self._idle
        if seconds is not None:
            self._reply_timer = self._clock.call_later(seconds, self._reply_late)

    def paused(self, paused: bool) -> None:
        """Whether nothing is read, since the application has enough to take: the server is not silent then."""
        self._paused, self._alive = paused, self._clock.monotonic()

    def _reply_late(self) -> None:
        response, self._reply_timer = self._response, None
        if response is None:
            return
        if self._cut:
            self._response = None
            self._session.give_up(response, None)
            return
        idle = self._idle or 0.0
        left = idle if self._paused else idle - (self._clock.monotonic() - self._alive)
        if left > 0:
            self._reply_timer = self._clock.call_later(left, self._reply_late)
            return
        self._response = None
        self._session.give_up(response, f"the reply was silent for {self._idle:g} s; raise timeouts.idle")

    def _stop_reply(self) -> None:
        self._response = None
        if self._reply_timer is not None:
            self._reply_timer.cancel()
            self._reply_timer = None

    def opened(self, longest: int | None) -> None:
        """A connection was opened, which the server closes after so many seconds."""
        self._plan_end(None if longest is None else float(longest))

    def expires(self, wall: float | None) -> None:
        """The server says when the connection ends, in seconds since the epoch."""
        if wall is not None:
            self._plan_end(wall - self._clock.wall())

    def _plan_end(self, seconds: float | None) -> None:
        if self._end_timer is not None:
            self._end_timer.cancel()
            self._end_timer = None
        if seconds is not None and seconds > _MARGIN_SECONDS:
            self._end_timer = self._clock.call_later(seconds - _MARGIN_SECONDS, self._ending)

    def _ending(self) -> None:
        self._end_timer = None
        self._session.going_away("the connection nears its longest duration", _MARGIN_SECONDS)

    def close_soon(self, connection: RealtimeConnection) -> None:
        """Close a connection from within a callback; whoever reads from it notices."""
        task = asyncio.get_running_loop().create_task(connection.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def stop(self) -> None:
        """Call back no more."""
        self._stop_reply()
        self._plan_end(None)
