"""The four clocks of a call, on one timer that is looked at only when it fires.

Waiting for the provider happens inside `with clocks:`; only there can a clock run out, so a caller who takes its time
between two steps of a stream is never interrupted. Running out cancels the wait the way `asyncio.timeout` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from math import inf
from types import TracebackType

from ...domain.errors import ModelTimeoutError
from ...domain.retry import Timeouts
from ...ports.clock import Clock, TimerHandle

__all__ = ["CallClocks"]

_ADVICE = {
    "connect": "no connection within {0:g} s; check base_url, proxy and network",
    "first_event": "no content within {0:g} s of sending the request; raise timeouts.first_event for slow models",
    "idle": "no byte for {0:g} s in the middle of the answer; raise timeouts.idle if the provider pauses that long",
    "total": "the call took longer than {0:g} s with its retries; raise timeouts.total",
    "drain": "the connection was not finished within {0:g} s",
}


_current_task = asyncio.current_task


class CallClocks:
    """The clocks of one call: connect, first event, idle and total, and the one that drains a connection."""

    __slots__ = (
        "_activity",
        "_armed",
        "_cancelling",
        "_clock",
        "_connect",
        "_drain",
        "_expired",
        "_first",
        "_known_task",
        "_left_at",
        "_monotonic",
        "_task",
        "_timeouts",
        "_timer",
        "_total",
        "_unsettled",
        "reading",
    )

    def __init__(self, clock: Clock, timeouts: Timeouts) -> None:
        self._clock = clock
        self._monotonic = clock.monotonic
        self._timeouts = timeouts
        self._timer: TimerHandle | None = None
        self._armed = inf
        self._task: asyncio.Task[object] | None = None
        self._known_task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._expired: str | None = None
        self._connect = self._first = self._drain = inf
        self._unsettled = True
        self._activity = self._left_at = now = self._monotonic()
        self._total = inf if timeouts.total is None else now + timeouts.total
        self.reading = False
        """Whether the head of the answer has arrived, so that the idle clock runs."""

    @property
    def task(self) -> asyncio.Task[object] | None:
        """The task that waited last."""
        return self._known_task

    @property
    def cancelling(self) -> int:
        """How many cancellations that task had pending when it began to wait."""
        return self._cancelling

    def time_left(self) -> float | None:
        """Seconds until the total clock runs out."""
        return None if self._total == inf else self._total - self._monotonic()

    def seconds_left(self) -> float:
        """Seconds until the first of the clocks runs out, were nothing to arrive from now on; may be infinity."""
        return max(0.0, self._next()[0] - self._monotonic())

    def attempt_started(self) -> None:
        """A request is about to be sent."""
        self.reading = False
        self._drain = self._connect = inf
        self._left_at = now = self._monotonic()
        first = self._timeouts.first_event
        self._first = inf if first is None else now + first
        self._unsettled = True  # the next wait arms the timer

    def between_attempts(self) -> None:
        """No request is in flight: only the total clock runs."""
        self.reading = False
        self._connect = self._first = inf

    def connecting(self) -> Callable[[], None]:
        """A connection is being opened; returns the function to call once it is open.

        Only transports report this; what a custom model waits for is not known here.
        """
        seconds = self._timeouts.connect
        if seconds is not None:
            self._connect = when = self._monotonic() + seconds
            self._unsettled = True
            if when < self._armed:
                self._nearer(when)
        return self.connected

    def connected(self) -> None:
        """The connection is open."""
        self._connect = inf

    def head_received(self) -> None:
        """The answer began."""
        self._connect = inf
        self.reading = True
        self._activity = now = self._monotonic()
        idle = self._timeouts.idle
        if idle is not None:
            self._unsettled = True
            if now + idle < self._armed:
                self._nearer(now + idle)

    def bytes_received(self) -> None:
        """Bytes of the answer arrived, with or without content."""
        self._activity = self._monotonic()

    def content_received(self) -> None:
        """The first content is here."""
        self._first = inf

    def awaiting_content(self, owed: bool) -> None:
        """Whether the provider owes content: not while the caller still writes what is to be answered."""
        self.reading = owed
        self._activity = self._left_at = now = self._monotonic()
        first = self._timeouts.first_event if owed else None
        self._first = inf if first is None else now + first
        self._nearer(self._next()[0])

    def drain_at_most(self, seconds: float) -> None:
        """From now on give the connection this long to end by itself."""
        self._drain = self._monotonic() + seconds
        self._nearer(self._drain)

    def stop(self) -> None:
        """The call is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._armed = None, inf

    def __enter__(self) -> None:
        self._task = task = _current_task()
        if task is not self._known_task and task is not None:
            self._known_task, self._cancelling = task, task.cancelling()
        self._activity = self._monotonic()
        if self._unsettled:
            self._settle()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if self._unsettled:
            self._left_at = self._monotonic()
        if self._expired is not None:
            self._convert(task, kind, error)

    def _convert(
        self, task: asyncio.Task[object] | None, kind: type[BaseException] | None, error: BaseException | None
    ) -> None:
        """Turn our own cancellation into the timeout it means; others propagate."""
        expired, self._expired = self._expired or "total", None
        only_ours = task is None or task.uncancel() <= self._cancelling
        if only_ours and kind is asyncio.CancelledError:
            raise self._timeout(expired) from error

    def _settle(self) -> None:
        """Arm the timer, and give the first-event clock back the time that the caller spent elsewhere."""
        if self._first != inf:
            self._first += self._activity - self._left_at
        else:
            self._unsettled = False
        when, _ = self._next()
        if self._timer is None or when < self._armed:
            connect = self._timeouts.connect
            if connect is not None and not self.reading:  # then `connecting`, which follows, need not arm it again
                when = min(when, self._activity + connect)
            self._arm(when, self._activity)

    def _nearer(self, when: float) -> None:
        """A deadline was set: arm the timer for it if that is earlier, now or when the next wait begins."""
        self._unsettled = True
        if self._task is not None and when < self._armed:
            self._arm(when, self._monotonic())

    def _next(self) -> tuple[float, str]:
        """When the first clock runs out, and which one; never is infinity."""
        when, name = self._total, "total"
        if self._first < when:
            when, name = self._first, "first_event"
        if self._connect < when:
            when, name = self._connect, "connect"
        if self._drain < when:
            when, name = self._drain, "drain"
        idle = self._timeouts.idle
        if self.reading and idle is not None and self._activity + idle < when:
            when, name = self._activity + idle, "idle"
        return when, name

    def _arm(self, when: float, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._armed = None, inf
        if when != inf:
            self._armed = when
            # In a context of its own: a loop keeps cancelled timers, with the context that they were made in and so
            # with the body of the request, until their time has come.
            self._timer = Context().run(self._clock.call_later, max(0.0, when - now), self._fire)

    def _fire(self) -> None:
        self._timer, self._armed = None, inf
        when, name = self._next()
        if self._task is None or when == inf:
            self._unsettled = True  # the next wait arms it again
            return
        now = self._monotonic()
        if when > now:
            self._arm(when, now)
            return
        self._expired = name
        self._task.cancel()

    def _timeout(self, name: str) -> ModelTimeoutError:
        seconds = getattr(self._timeouts, name, None) or 0.0
        return ModelTimeoutError(_ADVICE[name].format(seconds), clock=name, retryable=name != "total")
