"""Reading one HTTP answer: a stream, a whole body, or an error."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

from ...domain.errors import ModelConnectionError, ModelError, ResponseDecodeError, StreamTruncatedError
from ...domain.message.responses import ChatResponse
from ...ports.codec.chat import Decoder, WireCall
from ...ports.http import HttpResponse
from ..call.context import CallContext
from ..call.http import ErrorMap, HttpBody
from .call import ENDED, STARTED

__all__ = ["HttpAnswer", "is_stream"]

_STREAM_TYPES = frozenset({"text/event-stream", "application/x-ndjson", "application/stream+json"})


def is_stream(content_type: str, asked: bool) -> bool:
    """Whether an answer of this type is read as a stream: servers may answer a stream whole, and the other way."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in _STREAM_TYPES:
        return True
    return asked and media_type not in ("application/json", "text/html", "application/xhtml+xml")


class HttpAnswer(HttpBody):
    """One answer to one call of a chat or speech model. `secrets` are words that its errors must not repeat."""

    def __init__(
        self, response: HttpResponse, call: WireCall, context: CallContext, codec: ErrorMap, secrets: Sequence[str]
    ) -> None:
        super().__init__(response, context, codec, secrets)
        self._call = call

    def streams(self) -> bool:
        """Whether the answer is read as a stream."""
        return is_stream(self._response.headers.get("content-type", ""), self._context.stream)

    async def body(self) -> ChatResponse:
        """The whole answer."""
        data = await self.read()
        try:
            return self._call.decode_body(data)
        except ModelError as error:
            error.scrub(self._secrets)
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ResponseDecodeError(f"the answer has a shape that the protocol does not have: {error}") from error

    async def deltas(self) -> AsyncGenerator[ChatResponse, None]:
        """`STARTED`, the deltas, `ENDED`; what follows that only drains the connection."""
        framer, decoder, clocks = self._call.new_framer(), self._call.new_decoder(), self._context.clocks
        body = aiter(self._response)
        try:
            yield STARTED
            try:
                async for data in body:
                    delta = decoder.feed(framer.feed(data))
                    if delta is not None:
                        yield delta
                    self._raise_failure(decoder)
                    if decoder.ended:
                        break
                    clocks.bytes_received()
            except ModelConnectionError as broken:
                yield _finish(decoder, broken)
                return
            delta = self._feed_tail(decoder, None if decoder.ended else framer.tail())
            if delta is not None:
                yield delta
            yield decoder.finish()
            yield ENDED
            with suppress(ModelConnectionError):
                async for _ in body:
                    pass
        finally:
            await self._response.aclose()

    def _raise_failure(self, decoder: Decoder) -> None:
        if decoder.failure is not None:
            decoder.failure.scrub(self._secrets)
            raise decoder.failure

    def _feed_tail(self, decoder: Decoder, tail: bytes | None) -> ChatResponse | None:
        """An event without its end counts when it is whole; otherwise `finish` says whether the answer is."""
        delta = decoder.feed([tail]) if tail is not None else None
        if not isinstance(decoder.failure, ResponseDecodeError):
            self._raise_failure(decoder)
        return delta


def _finish(decoder: Decoder, broken: ModelConnectionError) -> ChatResponse:
    """A connection that broke after the protocol's end did no harm."""
    try:
        return decoder.finish()
    except StreamTruncatedError as truncated:
        raise truncated from broken
