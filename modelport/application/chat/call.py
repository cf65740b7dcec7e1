"""The engine of one chat call: attempts, the one budget, the clocks, and a stream that cannot lie."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from functools import partial

from pydantic import BaseModel

from ...domain.chat.fold import ChatFold
from ...domain.errors import ModelError, ResponseDecodeError
from ...domain.message.responses import ChatResponse, ChatUsage
from ...domain.retry import RetryPolicy
from ..call.attempts import Attempts
from ..call.context import CallContext, current_call
from ..call.streams import close, unnoticed

__all__ = ["Answer", "ChatCall", "checked_answer", "mistake", "started"]

Answer = ChatResponse | AsyncGenerator[ChatResponse, None]
"""What one attempt gives: a whole response, or its deltas."""

_RETURN = "return a ChatResponse, or an async generator of them"
_CONTENT = "give a list of blocks, e.g. [TextBlock(text='Hello')]"


def checked_answer(given: object) -> Answer:
    """The answer, also of an asynchronous iterator of any kind; raises `ResponseDecodeError` for anything else."""
    if isinstance(given, AsyncGenerator):
        return given
    if isinstance(given, AsyncIterable):
        return _each(given)
    wrong = mistake(given)
    if wrong is not None:
        raise wrong
    assert isinstance(given, ChatResponse), "else it is a mistake"
    return given


def mistake(given: object) -> ResponseDecodeError | None:
    """What is wrong with a response that should be one, if anything."""
    if not isinstance(given, ChatResponse):
        return ResponseDecodeError(f"`_call_api` gave a {type(given).__name__}; {_RETURN}")
    content: object = given.content
    usage: object = given.usage
    if not isinstance(content, Sequence) or isinstance(content, str):
        return ResponseDecodeError(f"the content of a ChatResponse of `_call_api` is {content!r:.60}; {_CONTENT}")
    for block in content:
        if not isinstance(block, BaseModel):
            return ResponseDecodeError(f"the content of a ChatResponse of `_call_api` holds {block!r:.60}; {_CONTENT}")
    if usage is not None and not isinstance(usage, ChatUsage):
        return ResponseDecodeError(f"the usage of a ChatResponse of `_call_api` is {usage!r:.60}; give a ChatUsage")
    return None


async def _each(source: AsyncIterable[ChatResponse]) -> AsyncGenerator[ChatResponse, None]:
    close = getattr(source, "aclose", None)
    try:
        async for response in source:
            yield response
    finally:
        if close is not None:
            await close()


_DRAIN_SECONDS = 0.1
"""How long a connection may take to end by itself after the protocol's end, so that it can be used again."""


class ChatCall:
    """One call: `open` it, then either `collect` its answer or iterate its `deltas`."""

    def __init__(
        self,
        context: CallContext,
        attempt: Callable[[], Awaitable[object] | object],
        policy: RetryPolicy,
        retryable: tuple[type[Exception], ...] = (),
        tokens: int = 0,
    ) -> None:
        self._context = context
        self._attempt = attempt
        self._attempts = Attempts(context, policy, retryable, tokens)
        self._started = context.runtime.clock.monotonic()
        self._finished = False
        self.fold = ChatFold(context.provider, context.model)

    async def open(self, failed: ModelError | None = None) -> Answer:
        """Send the request, and again where that may help; returns at the head of the answer.

        `failed` is the error of an attempt that got further than that. Raises the last attempt's error.
        """
        try:
            while True:
                await self._attempts.begin(failed)
                try:
                    return await self._send()
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

    async def deltas(self, answer: Answer, *, owned: bool = False) -> AsyncGenerator[ChatResponse, None]:
        """The deltas as they come, then the whole response with `is_last=True`.

        The generator is started already, so that closing or dropping it unread closes the connection. `owned` says
        that another generator closes it.
        """
        deltas = self._deltas(answer)
        if owned or current_call.get() is not None:  # or a custom model asks another one
            return await started(deltas)
        await deltas.__anext__()
        return deltas

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
                    await close(source)
                source = _as_stream(await self.open(failed))
        except BaseException as error:
            if isinstance(error, ModelError) and error.partial is None:
                error.partial = self.fold.partial()
            self._finish(error)
            raise
        finally:
            await close(source)

    async def _read(self, source: AsyncGenerator[ChatResponse, None]) -> AsyncGenerator[ChatResponse, None]:
        """One attempt's deltas that have content, each folded, up to the protocol's end."""
        clocks, add, content_seen, response = self._context.clocks, self.fold.add, False, STARTED
        following = source.__anext__
        step: Callable[[], Awaitable[ChatResponse]] = partial(unnoticed, source)
        try:
            while True:
                with clocks:
                    response = await step()
                step = following
                if response.is_last and response.content and (wrong := mistake(response)):
                    raise wrong
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
            raise self._attempts.failed(mistake(response) or error)

    async def _send(self) -> Answer:
        """The attempt that has begun, to the head of its answer."""
        context = self._context
        self.fold = ChatFold(context.provider, context.model)
        token = current_call.set(context)
        try:
            with context.clocks:
                answer = self._attempt()
                if inspect.isawaitable(answer):
                    answer = await answer
            return checked_answer(answer)
        except Exception as error:
            raise self._attempts.failed(error)
        finally:
            current_call.reset(token)

    async def _drain(self, source: AsyncGenerator[ChatResponse, None]) -> None:
        """Let the connection end by itself, so that it can be used again."""
        clocks = self._context.clocks
        clocks.drain_at_most(_DRAIN_SECONDS)
        with suppress(StopAsyncIteration, ModelError), clocks:
            await source.__anext__()

    def _final(self) -> ChatResponse:
        context = self._context
        self._attempts.ended()
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
        self._attempts.ended(error)  # cancelled, or left by the caller
        context.clocks.stop()
        context.runtime.telemetry.call_ended(context.provider, context.model, self.fold.usage, error)


STARTED = ChatResponse((), is_last=False, id="", created_at="")
"""What a generator yields once to whoever starts it, before it does anything."""


ENDED = ChatResponse((), is_last=True, id="", created_at="")
"""What a generator yields at the protocol's end, before it lets the connection end."""


async def started(generator: AsyncGenerator[ChatResponse, None]) -> AsyncGenerator[ChatResponse, None]:
    """The generator, past its first `yield STARTED`, for the one that closes it.

    A generator that was never started runs no `finally` when it is closed, and is not closed when it is dropped.
    """
    await unnoticed(generator)
    return generator


def _as_stream(answer: Answer) -> AsyncGenerator[ChatResponse, None]:
    return _once(answer) if isinstance(answer, ChatResponse) else answer


async def _once(response: ChatResponse) -> AsyncGenerator[ChatResponse, None]:
    """A whole response, from a server that does not stream, as a stream of one delta."""
    yield ChatResponse(response.content, is_last=False, id=response.id, created_at=response.created_at)
    yield response
