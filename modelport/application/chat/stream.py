"""The stream that a caller iterates: it reads, folds and retries, keeps the clocks, and closes what it reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ...domain.errors import ModelError, StreamTruncatedError
from ...domain.message.responses import ChatResponse
from ..call.http_answer import HttpAnswer
from .call import Answer, ChatCall, mistake

__all__ = ["ChatStream", "whole"]

_DRAIN_SECONDS = 0.1
"""How long a connection may take to end after the protocol's end, so that it can be used again."""

_running_loop = asyncio.get_running_loop


class ChatStream(AsyncGenerator[ChatResponse, None]):
    """Deltas with `is_last=False`, then exactly one whole response with `is_last=True`.

    Leaving the loop early closes the connection: at once with `aclose()` or `async with`, else when the stream is
    collected. `aclose()` may be called from another task, whose reader then finds the end. A stream whose read was
    cancelled, or whose event loop has ended, raises `StreamTruncatedError` when it is read on. `partial` is the
    accumulation so far.
    """

    _over = True  # until there is something to end
    _last: ChatResponse | None = None

    def __init__(self, call: ChatCall, answer: Answer) -> None:
        self._call = call
        self._clocks = call.context.clocks
        self._loop = _running_loop()
        self._ready = True  # to be read: the last response was not handed out, and no task is reading
        self._complete = False  # the last response was handed out
        self._delivered = False
        self._closing: asyncio.Event | None = None
        self._broken_off: str | None = None
        self._read_from(answer)
        self._over = False

    @property
    def partial(self) -> ChatResponse:
        """Everything that has arrived so far, as a response that is not the last."""
        return self._call.fold.partial()

    async def whole(self) -> ChatResponse:
        """Read to the end and return the whole response. Raises what an iteration raises."""
        async with self:
            async for _ in self:
                pass
        if self._last is None:
            error = StreamTruncatedError("the stream was closed before its end; `partial` holds what has arrived")
            error.partial = self.partial
            raise error
        return self._last

    async def texts(self) -> AsyncGenerator[str, None]:
        """The visible text piece by piece, as it arrives; `whole()` then returns the whole response."""
        async for response in self:
            if not response.is_last and (text := response.text):
                yield text

    def __repr__(self) -> str:
        state = "read to its end" if self._complete else "closed" if self._over else "open"
        return f"<ChatStream {self._call.context.provider}/{self._call.context.model}, {state}: {self.partial!r}>"

    if not TYPE_CHECKING:  # a type checker says it before the program runs

        def __getattr__(self, name: str) -> Any:  # Any: never returns
            raise AttributeError(_no_attribute(name), name=name, obj=self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ChatResponse:
        if not self._ready or _running_loop() is not self._loop:
            await self._drain_or_refuse()
            raise StopAsyncIteration
        self._ready = False
        clocks, response = self._clocks, None
        try:
            while True:
                try:
                    http = self._http
                    if http is not None and http.ended:
                        return self._final()
                    with clocks:
                        response = await self._next()
                    if response.is_last:
                        return self._final(response)
                    if http is None and response.content:
                        response = self._call.identified(response)
                    self._call.fold.add(response)
                    if response.content:
                        if not self._delivered:
                            self._delivered = True
                            clocks.content_received()
                        self._ready = True
                        return response
                except StopAsyncIteration:
                    return self._final()
                except Exception as error:
                    await self._retry(error if response is None else mistake(response) or error)
        except BaseException as error:
            await self._end(error)
            if self._stopped(error):
                raise StopAsyncIteration from None
            raise

    async def asend(self, value: None) -> ChatResponse:
        """The next response."""
        return await self.__anext__()

    async def athrow(self, *error: Any) -> ChatResponse:  # Any: the three forms of the protocol
        """Close the stream and raise the error."""
        raised = error[1] if len(error) > 1 and error[1] is not None else error[0]
        raised = raised() if isinstance(raised, type) else raised
        await self._end(raised)
        raise raised

    async def aclose(self) -> None:
        """Close the stream and its connection; a task that is reading it finds its end."""
        reader = self._clocks.task
        reading = not (self._ready or self._complete or self._over)
        if not reading or reader is None or reader is asyncio.current_task() or reader.done():
            return await self._end(GeneratorExit())
        self._closing = self._closing or asyncio.Event()
        reader.cancel()
        await self._closing.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if not self._over:
            self._call.finish(GeneratorExit())

    def _read_from(self, answer: Answer) -> None:
        self._source = _once(answer) if isinstance(answer, ChatResponse) else answer
        self._next = self._source.__anext__
        self._http = answer if isinstance(answer, HttpAnswer) else None

    def _final(self, own: ChatResponse | None = None) -> ChatResponse:
        """The whole response; `own` is the one with which a custom model ended its answer."""
        if own is not None:
            if own.content:
                if wrong := mistake(own):
                    raise wrong
                own = self._call.identified(own)
            self._call.fold.add(own)
        self._complete = True
        self._last = last = self._call.final()
        return last

    async def _retry(self, error: Exception) -> None:
        """Open another attempt; raises the error where that is not possible, and after the first content."""
        failure = self._call.failed(error)
        if self._delivered or not isinstance(failure, ModelError):
            raise failure
        await self._close_source()
        self._read_from(await self._call.reopen(failure))

    async def _drain_or_refuse(self) -> None:
        """After the last response: let the connection end. Raises for a stream that was broken off or is being read."""
        if self._complete and not self._over and _running_loop() is self._loop:
            self._clocks.drain_at_most(_DRAIN_SECONDS)
            try:
                with suppress(StopAsyncIteration, ModelError), self._clocks:
                    await self._next()
            finally:
                await self._end(GeneratorExit())
        elif not self._over and not self._complete:
            if _running_loop() is self._loop:
                raise RuntimeError("another task is reading this stream; read a stream from one task at a time")
            self._over = True
            self._broken_off = "it was opened in another event loop; read a stream in the loop that opened it"
            self._call.finish(GeneratorExit())
        if self._broken_off is not None:
            error = StreamTruncatedError(f"the stream was broken off before its end: {self._broken_off}")
            error.partial = self.partial
            raise error

    async def _end(self, error: BaseException) -> None:
        """End the call and close what it reads; later calls of this do nothing."""
        if self._over:
            return
        self._over, self._ready = True, False
        if isinstance(error, ModelError) and error.partial is None:
            error.partial = self.partial
        if isinstance(error, asyncio.CancelledError) and self._closing is None:
            self._broken_off = "a read of it was cancelled, which closes the connection"
        try:
            self._call.finish(error)
            await self._close_source()
        finally:
            self._clocks.stop()
            if self._closing is not None:
                self._closing.set()

    async def _close_source(self) -> None:
        if not getattr(self._source, "ag_running", False):  # else an event loop that shuts down is closing it
            await self._source.aclose()

    def _stopped(self, error: BaseException) -> bool:
        """Whether the error is the cancellation by which `aclose()` stops a reader, and no other one is pending."""
        task = asyncio.current_task()
        if self._closing is None or not isinstance(error, asyncio.CancelledError) or task is None:
            return False
        return task.uncancel() <= self._clocks.cancelling


def _no_attribute(name: str) -> str:
    """Why a stream has no such attribute, and where a response's is."""
    if not name.startswith("_") and hasattr(ChatResponse, name):
        return (
            f"a ChatStream has no {name!r}, because the answer is still arriving: write "
            f"`response = await stream.whole()` and then `response.{name}`, iterate with `async for`, or make the "
            "model with stream=False"
        )
    return f"'ChatStream' object has no attribute {name!r}"


async def whole(call: ChatCall, answer: Answer) -> ChatResponse:
    """An opened call's answer as one response. Raises the mapped error, with `partial`."""
    if isinstance(answer, ChatResponse):
        return call.final(call.identified(answer))
    async with ChatStream(call, answer) as stream:
        async for response in stream:
            last = response
    return last


async def _once(response: ChatResponse) -> AsyncGenerator[ChatResponse, None]:
    """A whole response, from a server that does not stream, as a stream of one delta."""
    yield ChatResponse(response.content, is_last=False, id=response.id, created_at=response.created_at)
    yield response
