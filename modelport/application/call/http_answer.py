"""A streamed answer over HTTP: bytes to deltas, by a framer and a decoder that do no I/O."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Generic, NoReturn, Protocol, Self, TypeVar

from ...domain.errors import ModelConnectionError, ModelError, ResponseDecodeError, StreamTruncatedError
from ...ports.clock import TimerHandle
from ...ports.codec.base import Framer
from .http import HttpBody, decode_whole, scrub
from .lingering import close_soon, grace_seconds
from .whole_body import BodyCollector, BodyDecoder

__all__ = ["HttpAnswer", "is_stream", "read_answer"]

_STREAM_TYPES = frozenset({"text/event-stream", "application/x-ndjson", "application/stream+json"})
_WHOLE_TYPES = frozenset({"application/json", "text/html", "application/xhtml+xml"})

DeltaT = TypeVar("DeltaT")
DeltaT_co = TypeVar("DeltaT_co", covariant=True)


@lru_cache(maxsize=32)
def is_stream(content_type: str, asked: bool) -> bool:
    """Whether an answer of this type is probably a stream: some servers send a whole answer in place of a stream, and
    some the reverse.

    `read_answer` and `HttpAnswer` correct it by the first bytes of the body.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in _STREAM_TYPES or (asked and media_type not in _WHOLE_TYPES)


class StreamDecoder(Protocol[DeltaT_co]):
    """Payloads of one streamed answer to deltas; see `ports.codec.chat.Decoder`."""

    ended: bool
    failure: ModelError | None

    def feed(self, payloads: Sequence[bytes]) -> DeltaT_co | None: ...

    def finish(self) -> DeltaT_co: ...


class StreamedCall(Protocol[DeltaT_co]):
    """What a codec provides for reading a streamed answer."""

    @property
    def new_framer(self) -> Callable[[], Framer]: ...

    @property
    def new_decoder(self) -> Callable[[], StreamDecoder[DeltaT_co]]: ...

    @property
    def decode_body(self) -> Callable[[bytes], DeltaT_co]: ...


async def read_answer(
    call: StreamedCall[DeltaT], body: HttpBody, as_delta: Callable[[DeltaT], DeltaT]
) -> DeltaT | HttpAnswer[DeltaT]:
    """Either kind of answer, as its content type and its first bytes say; both may be wrong on their own.

    `as_delta` makes a delta of a whole answer that came where a stream was expected.
    """
    if is_stream(body.response.headers.get("content-type", ""), body.context.stream):
        return HttpAnswer(call, body, as_delta)
    begins: Callable[[bytes], bool] | None = getattr(call.new_framer, "begins_as_events", None)
    if begins is not None and (first := await body.beginning()) and begins(first):
        return HttpAnswer(call, body, as_delta)
    return await body.decoded(call.decode_body)


def _finished(decoder: StreamDecoder[DeltaT]) -> DeltaT:
    return decoder.finish()


class HttpAnswer(AsyncGenerator[DeltaT, None], Generic[DeltaT]):
    """The deltas of one answer; `decoder.finish()` returns the last one.

    The first bytes decide: a body that is not a stream is decoded as a whole and becomes one delta.

    `ended` is true once the last delta was returned. Reading on drains the connection, so that it can be used again.
    An answer that is dropped closes its connection.
    """

    _closed = True  # until there is something to close

    def __init__(
        self, call: StreamedCall[DeltaT], body: HttpBody, as_delta: Callable[[DeltaT], DeltaT] = lambda whole: whole
    ) -> None:
        self.ended = False
        self._response = body.response
        self._secrets = body.secrets
        self._clocks = body.context.clocks
        self._framer = call.new_framer()
        self._decoder = call.new_decoder()
        self._pull: Callable[[], Awaitable[bytes]] | None = None  # until the first bytes have come
        self._body = body
        self._decode_body = lambda data: as_delta(call.decode_body(data))
        self._exhausted = False
        self._loop = asyncio.get_running_loop()
        self._clock = body.context.runtime.clock
        self._may_linger: bool = hasattr(self._decoder, "complete")
        self._grace: TimerHandle | None = None
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> DeltaT:
        decoder = self._decoder
        if self.ended or self._closed:
            await self._drain()
            raise StopAsyncIteration
        while decoder.failure is None and not decoder.ended and not self._exhausted:
            try:
                pull = self._pull
                data = await (self._pull_first() if pull is None else pull())
            except StopAsyncIteration:
                delta = self._feed_tail()
            except ModelConnectionError as broken:
                return self._last(broken)
            else:
                decoder = self._decoder  # the first bytes may have replaced it
                delta = decoder.feed(self._framer.feed(data))
                if self._may_linger and getattr(decoder, "complete", False) and not decoder.ended:
                    self._may_linger = False
                    self._clocks.bytes_received()
                    self._grace = self._clock.call_later(grace_seconds(self._clocks), self._end_grace)
            if delta is not None:
                return delta
            self._clocks.bytes_received()
        if decoder.failure is not None and not self._exhausted:
            self._raise_failure(decoder.failure)
        return self._last()

    async def asend(self, value: None) -> DeltaT:
        """The next delta."""
        return await self.__anext__()

    async def athrow(self, *error: Any) -> DeltaT:  # Any: the three forms of the protocol
        """Close the answer and raise the error."""
        await self.aclose()
        raise error[1] if len(error) > 1 and error[1] is not None else error[0]

    async def aclose(self) -> None:
        """Close the connection, unless the body was read to its end."""
        self._closed = True
        self._stop_grace()
        await self._response.aclose()

    def __del__(self) -> None:
        if not self._closed and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(close_soon, self._response)

    def _end_grace(self) -> None:
        """Close the connection of a complete answer; the read that waits for more finds the end."""
        close_soon(self._response)

    def _stop_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()

    async def _pull_first(self) -> bytes:
        """The first bytes; they decide how the answer is read."""
        first = await self._body.beginning()
        pull = self._pull = self._body.pieces.__anext__
        may_begin: Callable[[bytes], bool] | None = getattr(self._framer, "may_begin", None)
        if may_begin is not None and not may_begin(first):
            self._framer, self._decoder = BodyCollector(), BodyDecoder(self._decode_body)
            self._pull = _nothing
            return await self._body.read()
        return first or await pull()

    async def _drain(self) -> None:
        if self._closed:
            return
        with suppress(ModelConnectionError, StopAsyncIteration):
            while True:
                await anext(self._body.pieces)
        await self.aclose()

    def _last(self, broken: ModelConnectionError | None = None) -> DeltaT:
        """The last delta. A connection that broke after the protocol's end marker is not an error."""
        self.ended = True
        self._stop_grace()
        if broken is not None and getattr(self._decoder, "ends_with_body", False):
            self._raise_failure(broken)  # no event says where the answer ends
        try:
            return decode_whole(_finished, self._decoder)
        except ModelError as failure:
            if broken is not None and isinstance(failure, StreamTruncatedError):
                failure.__cause__ = broken
            self._raise_failure(failure)

    def _feed_tail(self) -> DeltaT | None:
        """An event without its terminator counts when it is whole; otherwise `finish` says whether the answer is."""
        self._exhausted = True
        tail = self._framer.tail()
        delta = self._decoder.feed([tail]) if tail is not None else None
        failure = self._decoder.failure
        if failure is not None and not isinstance(failure, ResponseDecodeError):
            self._raise_failure(failure)
        return delta

    def _raise_failure(self, failure: ModelError) -> NoReturn:
        scrub(failure, self._secrets)
        raise failure


async def _nothing() -> bytes:
    """What follows on a body that was read to its end."""
    raise StopAsyncIteration
