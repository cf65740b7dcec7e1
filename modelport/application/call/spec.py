"""What an engine needs to know of the model that makes a call: values and driven ports, and no model class."""

from __future__ import annotations

from ...domain.records import record
from ...domain.retry import RetryPolicy, Timeouts
from ...ports.runtime import Runtime

__all__ = ["CallSpec"]


@record(frozen=True, slots=True)
class CallSpec:
    """The facts of one call that do not depend on its arguments.

    Attributes:
        provider, model: who is asked, as named in responses, errors and rate limits.
        stream: whether the caller wants the answer as a stream.
        runtime: the driven ports that the call runs on.
        timeouts, retry: the limits of its four clocks, and its retry policy.
        retryable: exceptions of a custom model, in addition to ours, after which the request is sent again.
    """

    provider: str
    model: str
    stream: bool
    runtime: Runtime
    timeouts: Timeouts
    retry: RetryPolicy
    retryable: tuple[type[Exception], ...] = ()
