"""The engine of one chat call: attempts, the one budget, the clocks, and a stream that cannot lie."""

from __future__ import annotations

import inspect
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress

from ..domain.accumulation import ChatFold
from ..domain.errors import ModelConnectionError, ModelError
from ..domain.responses import ChatResponse
from ..domain.retry import RetryPolicy, wait_before_retry
from .context import CallContext, current_call
from .foreign_errors import from_foreign

__all__ = ["Answer", "ChatCall"]

Answer = ChatResponse | AsyncGenerator[ChatResponse, None]
"""What one attempt gives: a whole response, or its deltas."""

_DRAIN_SECONDS = 0.1
"""How long a connection may take to end by itself after the protocol's end, so that it can be used again."""


class ChatCall:
    """One call: `open` it, then either `collect` its answer or iterate its `deltas`."""

    def __init__(
        self,
        context: CallContext,
        attempt: Callable[[], Awaitable[Answer] | Answer],
        policy: RetryPolicy,
        retryable: tuple[type[Exception], ...] = (),
    ) -> None:
        self._context = context
        self._attempt = attempt
        self._policy = policy
        self._retryable = retryable
        self._started = context.runtime.clock.monotonic()
        self._attempt_open = self._finished = False
        self.fold = ChatFold(context.provider, context.model)

    async def open(self, failed: ModelError | None = None) -> Answer:
        """Send the request, and again where that may help; returns at the head of the answer.

        `failed` is the error of an attempt that got further than that. Raises the last attempt's error.
        """
        try:
            while True:
                waited = await self._wait(failed) if failed else 0.0
                try:
                    return await self._send(waited)
                except ModelError as error:
                    failed = error
        except BaseException as error:
            self._finish(error)
            raise

    async def collect(self, answer: Answer) -> ChatResponse:
        """The whole answer as one response."""
        if isinstance(answer, ChatResponse):
            self.fold.add(answer)
            return self._final()
        last = STARTED
        async with aclosing(self._deltas(answer)) as responses:
            async for response in responses:
                last = response
        return last

    async def deltas(self, answer: Answer) -> AsyncGenerator[ChatResponse, None]:
        """The deltas as they come, then the whole response with `is_last=True`.

        The generator is started already, so that closing or dropping it unread closes the connection.
        """
        return await started(self._deltas(answer))

    async def _deltas(self, answer: Answer) -> AsyncGenerator[ChatResponse, None]:
        source = _as_stream(answer)
        try:
            yield STARTED
            while True:
                delivered = False
                try:
                    async with aclosing(self._read(source)) as responses:
                        async for response in responses:
                            delivered = True
                            yield response
                    yield self._final()
                    await self._drain(source)
                    return
                except ModelError as error:
                    if delivered:
                        raise
                    failed = error
                finally:
                    await source.aclose()
                source = _as_stream(await self.open(failed))
        except BaseException as error:
            if isinstance(error, ModelError) and error.partial is None:
                error.partial = self.fold.partial()
            self._finish(error)
            raise
        finally:
            await source.aclose()

    async def _read(self, source: AsyncGenerator[ChatResponse, None]) -> AsyncGenerator[ChatResponse, None]:
        """One attempt's deltas that have content, each folded, up to the protocol's end."""
        clocks, add, content_seen = self._context.clocks, self.fold.add, False
        try:
            while True:
                with clocks:
                    response = await source.__anext__()
                add(response)
                if response.content and not response.is_last:
                    if not content_seen:
                        content_seen = True
                        clocks.content_received()
                    yield response
                elif response.is_last:
                    return
        except StopAsyncIteration:
            return
        except Exception as error:
            raise self._attempt_failed(error)

    async def _send(self, waited: float) -> Answer:
        """One attempt, to the head of its answer."""
        context = self._context
        with context.clocks:
            await context.runtime.rate_limiter.acquire(context.rate_key, 0)
        self._begin_attempt(waited)
        token = current_call.set(context)
        try:
            with context.clocks:
                answer = self._attempt()
                if inspect.isawaitable(answer):
                    answer = await answer
        except Exception as error:
            raise self._attempt_failed(error)
        finally:
            current_call.reset(token)
        return answer

    def _begin_attempt(self, waited: float) -> None:
        context = self._context
        context.budget.take()
        context.attempt_started(waited)
        self.fold = ChatFold(context.provider, context.model)
        self._attempt_open = True

    async def _drain(self, source: AsyncGenerator[ChatResponse, None]) -> None:
        """Let the connection end by itself, so that it can be used again."""
        clocks = self._context.clocks
        clocks.drain_at_most(_DRAIN_SECONDS)
        with suppress(StopAsyncIteration, ModelError), clocks:
            await source.__anext__()

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

    def _attempt_failed(self, error: Exception) -> Exception:
        """Write the failed attempt down; the same error with its facts, or what a foreign one means."""
        context = self._context
        failure = self._mapped(error)
        context.attempt_ended(failure)
        self._attempt_open = False
        if isinstance(failure, ModelError):
            failure.provider = failure.provider or context.provider
            failure.model = failure.model or context.model
            failure.attempts = tuple(context.attempts)
        return failure

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

    def _final(self) -> ChatResponse:
        context = self._context
        if self._attempt_open:
            self._attempt_open = False
            context.attempt_ended()
        seconds = context.runtime.clock.monotonic() - self._started
        response = self.fold.final(list(context.attempts), seconds)
        response.warnings = [*context.warnings, *response.warnings]
        self._finish(None)
        return response

    def _finish(self, error: BaseException | None) -> None:
        """The call is over, however it ended; later calls of this do nothing."""
        if self._finished:
            return
        self._finished = True
        context = self._context
        if self._attempt_open:  # cancelled, or left by the caller
            context.attempt_ended(error)
        context.clocks.stop()
        context.runtime.telemetry.call_ended(context.provider, context.model, self.fold.usage, error)


STARTED = ChatResponse((), is_last=False, id="", created_at="")
"""What a generator yields once to whoever starts it, before it does anything."""


ENDED = ChatResponse((), is_last=True, id="", created_at="")
"""What a generator yields at the protocol's end, before it lets the connection end."""


async def started(generator: AsyncGenerator[ChatResponse, None]) -> AsyncGenerator[ChatResponse, None]:
    """The generator, past its first `yield STARTED`.

    A generator that was never started runs no `finally` when it is closed, and is not closed when it is dropped.
    """
    await generator.__anext__()
    return generator


def _as_stream(answer: Answer) -> AsyncGenerator[ChatResponse, None]:
    return _once(answer) if isinstance(answer, ChatResponse) else answer


async def _once(response: ChatResponse) -> AsyncGenerator[ChatResponse, None]:
    """A whole response, from a server that does not stream, as a stream of one delta."""
    yield ChatResponse(response.content, is_last=False, id=response.id, created_at=response.created_at)
    yield response
