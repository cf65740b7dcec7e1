"""The four clocks of a call, on one timer that is looked at only when it fires.

Waiting for the provider happens inside `with clocks:`; only there can a clock run out, so a caller who takes its time
between two steps of a stream is never interrupted. Running out cancels the wait the way `asyncio.timeout` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
    """The clocks of one call."""

    __slots__ = (
        "_activity",
        "_cancelling",
        "_clock",
        "_deadlines",
        "_expired",
        "_known_task",
        "_left_at",
        "_monotonic",
        "_task",
        "_timeouts",
        "_timer",
        "_unsettled",
        "reading",
    )

    def __init__(self, clock: Clock, timeouts: Timeouts) -> None:
        self._clock = clock
        self._monotonic = clock.monotonic
        self._timeouts = timeouts
        self._timer: TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._known_task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._expired: str | None = None
        self._deadlines: dict[str, float] = {}
        self._unsettled = True
        self._activity = self._left_at = self._monotonic()
        self.reading = False
        """Whether the head of the answer has arrived, so that the idle clock runs."""
        self._set("total", timeouts.total)

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
        total = self._deadlines.get("total")
        return None if total is None else total - self._monotonic()

    def attempt_started(self) -> None:
        """A request is about to be sent."""
        self.reading = False
        self._deadlines.pop("drain", None)
        self._left_at = self._monotonic()
        self._deadlines.pop("connect", None)
        self._set("first_event", self._timeouts.first_event)

    def between_attempts(self) -> None:
        """No request is on its way: only the total clock runs."""
        self.reading = False
        for name in ("connect", "first_event"):
            self._deadlines.pop(name, None)

    def connecting(self) -> Callable[[], None]:
        """A connection is needed now; returns what to call once it stands.

        Only who opens connections says so: what a custom model waits for is not known here.
        """
        self._set("connect", self._timeouts.connect)
        return self.connected

    def connected(self) -> None:
        """The connection stands."""
        self._deadlines.pop("connect", None)

    def head_received(self) -> None:
        """The answer began."""
        self.connected()
        self.reading = True
        self._activity = self._monotonic()
        self._rearm()  # the idle clock may run out before the one that is ticking

    def bytes_received(self) -> None:
        """The answer goes on, with content or with a sign of life."""
        self._activity = self._monotonic()

    def content_received(self) -> None:
        """The first content is here."""
        self._deadlines.pop("first_event", None)

    def awaiting_content(self, owed: bool) -> None:
        """Whether the provider owes content: not while the caller still writes what it shall answer."""
        self.reading = owed
        self._activity = self._left_at = self._monotonic()
        self._set("first_event", self._timeouts.first_event if owed else None)
        self._rearm()

    def drain_at_most(self, seconds: float) -> None:
        """From now on give the connection this long to end by itself."""
        self._set("drain", seconds)

    def stop(self) -> None:
        """The call is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

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
        """A cancellation of ours becomes the timeout it means; anybody else's stays."""
        expired, self._expired = self._expired or "total", None
        only_ours = task is None or task.uncancel() <= self._cancelling
        if only_ours and kind is asyncio.CancelledError:
            raise self._timeout(expired) from error

    def _settle(self) -> None:
        """Arm the timer, and give the first-event clock back what the caller spent elsewhere."""
        if "first_event" in self._deadlines:
            self._deadlines["first_event"] += self._activity - self._left_at
        else:
            self._unsettled = False
        if self._timer is None:
            self._arm(self._activity)

    def _set(self, name: str, seconds: float | None) -> None:
        if seconds is None:
            self._deadlines.pop(name, None)
            return
        self._deadlines[name] = self._monotonic() + seconds
        self._rearm()

    def _rearm(self) -> None:
        """Set the timer anew: now when somebody waits, else at the next wait."""
        self.stop()
        self._unsettled = True
        if self._task is not None:
            self._arm(self._monotonic())

    def _next(self) -> tuple[float, str] | None:
        """The clock that runs out first, and when."""
        due = [(when, name) for name, when in self._deadlines.items()]
        if self.reading and self._timeouts.idle is not None:
            due.append((self._activity + self._timeouts.idle, "idle"))
        return min(due, default=None)

    def _arm(self, now: float) -> None:
        due = self._next()
        self._timer = None
        if due is not None:
            self._timer = self._clock.call_later(max(0.0, due[0] - now), self._fire)

    def _fire(self) -> None:
        self._timer = None
        due = self._next()
        if self._task is None or due is None:
            self._unsettled = True  # the next wait arms it again
            return
        now = self._monotonic()
        if due[0] > now:
            self._arm(now)
            return
        self._expired = due[1]
        self._task.cancel()

    def _timeout(self, name: str) -> ModelTimeoutError:
        seconds = getattr(self._timeouts, name, None) or 0.0
        return ModelTimeoutError(_ADVICE[name].format(seconds), clock=name, retryable=name != "total")
