"""The attempts of one call: permission for each, the wait before it, and its outcome. Shared by every engine."""

from __future__ import annotations

import inspect
import logging
import random
from collections.abc import Awaitable, Callable
from types import CoroutineType
from typing import Generic, TypeVar

from ...domain.errors import ModelConnectionError, ModelError, forget_frames
from ...domain.retry import RetryPolicy, wait_before_retry
from .context import CallContext, current_call
from .error_translation import from_foreign, innermost

__all__ = ["Attempts", "Call"]

T = TypeVar("T")
_log = logging.getLogger("modelport")


class Attempts:
    """Begins and ends attempts, one at a time.

    Args:
        context: the call, whose budget is spent and whose record is written.
        policy: how often, and after which wait, a failed request is sent again.
        retryable: exceptions, in addition to ours, after which the request is sent again.
        tokens: about how many tokens one request sends, for the rate limiter.
    """

    __slots__ = ("_context", "_policy", "_retryable", "_tokens", "_unlimited", "running")

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
        self._unlimited: bool = getattr(context.runtime.rate_limiter, "unlimited", False)
        self.running = False

    async def begin(self, failed: ModelError | None = None) -> None:
        """Start an attempt: at once, or after the wait that the error of the last one asks for.

        Raises that error when there is no further attempt.
        """
        waited = await self._wait(failed) if failed else 0.0
        if not self._unlimited:
            context = self._context
            context.clocks.between_attempts()
            with context.clocks:
                await context.runtime.rate_limiter.acquire(context.rate_key, self._tokens)
        self._begin(waited)

    def begin_at_once(self) -> bool:
        """Start the first attempt if nothing has to be waited for; whether that was possible."""
        if self._unlimited:
            self._begin(0.0)
        return self._unlimited

    def _begin(self, waited: float) -> None:
        context = self._context
        context.budget.take()
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("%s/%s: attempt %d", context.provider, context.model, len(context.attempts) + 1)
        context.attempt_started(waited)
        self.running = True

    def failed(self, error: Exception) -> Exception:
        """Record the failed attempt; returns the error with its facts, translated if it is a foreign one."""
        context = self._context
        failure = self._mapped(error)
        self.ended(failure)
        if isinstance(failure, ModelError):
            failure.provider = failure.provider or context.provider
            failure.model = failure.model or context.model
            failure.attempts = tuple(context.attempts)
            forget_frames(failure)
        return failure

    def ended(self, error: BaseException | None = None) -> None:
        """Record the open attempt, if there is one: it succeeded, or was cancelled by `error`."""
        if not self.running:
            return
        self.running = False
        if self._context.encoding and not getattr(error, "retryable", False):
            self._context.budget.give_back()  # refused before a request was made, and for good
        else:
            self._context.attempt_ended(error)

    async def _wait(self, error: ModelError) -> float:
        """Wait before the next attempt and return the seconds; raises `error` when there is none."""
        context = self._context
        wait = None
        if context.budget.left > 0:
            retries = len(context.attempts) - 1
            time_left = context.clocks.time_left()
            wait = wait_before_retry(error, self._policy, retries, random.random(), time_left)
        if wait is None:
            raise error
        _log.info(
            "%s/%s: attempt %d failed (%s: %s); the next one in %.2f s",
            context.provider,
            context.model,
            len(context.attempts),
            type(error).__name__,
            error.status_code or "no answer",
            wait,
        )
        context.clocks.between_attempts()
        await context.runtime.clock.sleep(wait)
        return wait

    def _mapped(self, error: Exception) -> Exception:
        if isinstance(error, ModelError):
            return error
        mapped = from_foreign(error)
        if isinstance(innermost(error), self._retryable):
            mapped = mapped or ModelConnectionError(f"{type(error).__name__}: {error}")
            mapped.retryable = True
        if mapped is None:
            return innermost(error)
        if mapped.__cause__ is None:
            mapped.__cause__ = error
        return mapped


class Call(Generic[T]):
    """One call: attempts of one function until one answers, within one budget and one set of clocks.

    Args:
        context: budget, clocks, warnings and records of the call.
        attempts: how attempts begin and end.
        send: exactly one attempt; returns its answer or an awaitable of it.
        check: returns the answer if it is one; raises `ResponseDecodeError` otherwise.
    """

    def __init__(
        self,
        context: CallContext,
        attempts: Attempts,
        send: Callable[[], Awaitable[object] | object],
        check: Callable[[object], T],
    ) -> None:
        self.context = context
        self._attempts = attempts
        self._send = send
        self._check = check

    async def open(self, failed: ModelError | None = None) -> T:
        """Send the request, again where that may help; returns the answer, or its head when it is a stream.

        `failed` is the error of an earlier attempt, which got further than that. Raises the last attempt's error.
        """
        context = self.context
        try:
            while True:
                if failed is not None or not self._attempts.begin_at_once():
                    await self._attempts.begin(failed)
                token = current_call.set(context)
                try:
                    with context.clocks:
                        answer = self._send()
                        if answer.__class__ is CoroutineType or inspect.isawaitable(answer):
                            answer = await answer
                    return self._check(answer)
                except Exception as error:
                    failure = self._attempts.failed(error)
                    if not isinstance(failure, ModelError):
                        raise failure
                    failed = failure
                finally:
                    current_call.reset(token)
        except BaseException as error:
            self.finish(error)
            raise

    def finish(self, error: BaseException | None = None) -> None:
        """End the call, which succeeded or failed with `error`."""
        if self._attempts.running:
            self._attempts.ended(error)
        self.context.clocks.stop()
