"""The attempts of one call: leave for each, the wait before it, how it ended. Shared by every engine."""

from __future__ import annotations

import random

from ...domain.errors import ModelConnectionError, ModelError
from ...domain.retry import RetryPolicy, wait_before_retry
from .context import CallContext
from .error_translation import from_foreign

__all__ = ["Attempts"]


class Attempts:
    """Begins and ends attempts, one at a time.

    Args:
        context: the call, whose budget is spent and whose record is written.
        policy: how often and how patiently to try again.
        retryable: exceptions, beside ours, after which the request is sent again.
        tokens: about how many tokens one request sends, for the rate limiter.
    """

    __slots__ = ("_context", "_open", "_policy", "_retryable", "_tokens")

    def __init__(
        self,
        context: CallContext,
        policy: RetryPolicy,
        retryable: tuple[type[Exception], ...] = (),
        tokens: int = 0,
    ) -> None:
        self._context = context
        self._policy = policy
        self._retryable = retryable
        self._tokens = tokens
        self._open = False

    async def begin(self, failed: ModelError | None = None) -> None:
        """Start an attempt: at once, or after the wait that the error of the last one asks for.

        Raises that error when there shall be no further attempt.
        """
        context = self._context
        waited = await self._wait(failed) if failed else 0.0
        context.clocks.between_attempts()
        with context.clocks:
            await context.runtime.rate_limiter.acquire(context.rate_key, self._tokens)
        context.budget.take()
        context.attempt_started(waited)
        self._open = True

    def failed(self, error: Exception) -> Exception:
        """Write the failed attempt down; the same error with its facts, or what a foreign one means."""
        context = self._context
        failure = self._mapped(error)
        self.ended(failure)
        if isinstance(failure, ModelError):
            failure.provider = failure.provider or context.provider
            failure.model = failure.model or context.model
            failure.attempts = tuple(context.attempts)
        return failure

    def ended(self, error: BaseException | None = None) -> None:
        """Write the open attempt down, if there is one: it succeeded, or was cancelled by `error`."""
        if not self._open:
            return
        self._open = False
        if self._context.encoding and not getattr(error, "retryable", False):
            self._context.budget.give_back()  # refused before a request was made, and for good
        else:
            self._context.attempt_ended(error)

    async def _wait(self, error: ModelError) -> float:
        """Wait before the next attempt and return the seconds, or raise when there shall be none."""
        context = self._context
        wait = None
        if context.budget.left > 0:
            retries = len(context.attempts) - 1
            time_left = context.clocks.time_left()
            wait = wait_before_retry(error, self._policy, retries, random.random(), time_left)
        if wait is None:
            raise error
        await context.runtime.clock.sleep(wait)
        return wait

    def _mapped(self, error: Exception) -> Exception:
        if isinstance(error, ModelError):
            return error
        mapped = from_foreign(error)
        if isinstance(error, self._retryable):
            mapped = mapped or ModelConnectionError(f"{type(error).__name__}: {error}")
            mapped.retryable = True
        if mapped is None:
            return error
        mapped.__cause__ = error
        return mapped
