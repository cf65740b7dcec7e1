"""The state of one call that is not an argument: budget, clocks, warnings, and the record of each attempt."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from ...domain.message.responses import AttemptRecord, ModelWarning
from ...domain.records import record
from ...domain.retry import Budget
from ...ports.runtime import Runtime
from .clocks import CallClocks
from .spec import CallSpec

if TYPE_CHECKING:
    from ...domain.structured.plan import OutputRequest

__all__ = ["CallContext", "current_call", "request_id"]


_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-ds-trace-id", "msh-request-id")


def request_id(headers: Mapping[str, str]) -> str | None:
    """The provider's id of the request. Facts: docs/protocols/transport.md#error-bodies."""
    for name in _REQUEST_ID_HEADERS:
        value = headers.get(name)
        if value is not None:
            return value
    return None


@record(slots=True)
class CallContext:
    """One call of a model, with all its attempts."""

    runtime: Runtime
    clocks: CallClocks
    budget: Budget
    stream: bool
    provider: str
    model: str
    warnings: list[ModelWarning] = field(default_factory=list)
    attempts: list[AttemptRecord] = field(default_factory=list)
    encoded: Any = None
    """The request as the first attempt encoded it, kept for retries (Any: a codec's own value)."""
    encoding: bool = False
    """Whether the running attempt is still encoding its request: if it fails now, nothing was sent."""
    output: OutputRequest | None = None
    """The form of the answer that structured output asks for."""
    counting: bool = False
    """Whether the request only counts tokens."""
    _status: int | None = None
    _request_id: str | None = field(default=None, repr=False)
    """As the server wrote it; a server may write anything there."""
    _started: float = 0.0
    _waited: float = 0.0

    @classmethod
    def of(
        cls,
        spec: CallSpec,
        *,
        clocks: CallClocks | None = None,
        budget: Budget | None = None,
        stream: bool | None = None,
    ) -> CallContext:
        """The context of a new call; `clocks` and `budget` when it is a part of another one and shares theirs."""
        runtime = spec.runtime
        return cls(
            runtime=runtime,
            clocks=clocks or CallClocks(runtime.clock, spec.timeouts),
            budget=budget or Budget(spec.retry.max_retries + 1),
            stream=spec.stream,
            provider=spec.provider,
            model=spec.model,
        )

    def for_output(self, output: OutputRequest | None) -> CallContext:
        """The context of a further part of this call: other arguments, but the same budget, clocks and attempts."""
        return replace(self, output=output, warnings=[], encoded=None)

    def attempt_started(self, waited: float) -> None:
        """Begin the next attempt, after so many seconds of waiting."""
        self._status = self._request_id = None
        self._waited = waited
        self.encoding = False
        self._started = self.runtime.clock.monotonic()
        self.clocks.attempt_started()

    def answered(self, status: int, headers: Mapping[str, str], request_id: str | None) -> None:
        """Record the head of the answer."""
        self._status, self._request_id = status, request_id
        self.clocks.head_received()
        limiter = self.runtime.rate_limiter
        if not getattr(limiter, "unlimited", False):
            limiter.observe(self.rate_key, status, headers)

    def attempt_ended(self, error: BaseException | None = None) -> None:
        """Record the end of the attempt."""
        record = AttemptRecord(
            len(self.attempts) + 1,
            self._status or getattr(error, "status_code", None),
            type(error).__name__ if error else None,
            getattr(error, "request_id", None) or self._request_id,
            self._waited,
            self.runtime.clock.monotonic() - self._started,
        )
        self.attempts.append(record)
        self.runtime.telemetry.attempt_ended(self.provider, self.model, record)

    @property
    def rate_key(self) -> str:
        """The name under which rate limits are counted."""
        return f"{self.provider}/{self.model}"


current_call: ContextVar[CallContext | None] = ContextVar("modelport_current_call", default=None)
"""The call to which the running `_call_api` belongs; set while it is awaited."""
