"""Reading one HTTP answer: a stream, a whole body, or an error."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress

from ..domain.errors import ModelConnectionError, ModelError, ResponseDecodeError, StreamTruncatedError
from ..domain.responses import ChatResponse
from ..domain.retry import parse_retry_after, parse_should_retry
from ..ports.transport import HttpResponse
from .chat_call import ENDED, STARTED
from .codec import ChatCodec, Decoder, WireCall
from .context import CallContext

__all__ = ["HttpAnswer", "is_stream"]

_MAX_BODY_BYTES = 256 * 1024 * 1024
_MAX_ERROR_BYTES = 1024 * 1024
_STREAM_TYPES = frozenset({"text/event-stream", "application/x-ndjson", "application/stream+json"})


def is_stream(content_type: str, asked: bool) -> bool:
    """Whether an answer of this type is read as a stream: servers may answer a stream whole, and the other way."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in _STREAM_TYPES:
        return True
    return asked and media_type not in ("application/json", "text/html", "application/xhtml+xml")


def request_id(headers: Mapping[str, str]) -> str | None:
    """The provider's id of the request; facts: wire/transport, section 4."""
    names = ("x-request-id", "request-id", "x-ds-trace-id", "msh-request-id")
    return next((headers[name] for name in names if name in headers), None)


class HttpAnswer:
    """One answer to one call. `secrets` are words that its errors must not repeat."""

    def __init__(
        self, response: HttpResponse, call: WireCall, context: CallContext, codec: ChatCodec, secrets: Sequence[str]
    ) -> None:
        self._response = response
        self._call = call
        self._context = context
        self._codec = codec
        self._secrets = secrets
        context.answered(response.status, response.headers, request_id(response.headers))

    def succeeded(self) -> bool:
        """Whether the status says so."""
        return 200 <= self._response.status < 300

    def streams(self) -> bool:
        """Whether the answer is read as a stream."""
        return is_stream(self._response.headers.get("content-type", ""), self._context.stream)

    async def body(self) -> ChatResponse:
        """The whole answer."""
        data = await self._read(_MAX_BODY_BYTES)
        await self._response.aclose()
        try:
            return self._call.decode_body(data)
        except ModelError as error:
            error.scrub(self._secrets)
            raise

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

    async def error(self) -> ModelError:
        """The error that an unsuccessful answer means, whether or not its body can be read to the end."""
        data = b""
        with suppress(ModelConnectionError, ResponseDecodeError):
            data = await self._read(_MAX_ERROR_BYTES)
        await self._response.aclose()
        headers = self._response.headers
        error = self._codec.map_error(self._response.status, headers, data)
        error.request_id = request_id(headers) or error.request_id
        error.retry_after = parse_retry_after(headers, self._context.runtime.clock.wall()) or error.retry_after
        error.should_retry = parse_should_retry(headers)
        if error.should_retry is not None:
            error.retryable = error.should_retry
        error.scrub(self._secrets)
        return error

    async def _read(self, limit: int) -> bytes:
        pieces, size = [], 0
        async for data in self._response:
            self._context.clocks.bytes_received()
            size += len(data)
            if size > limit:
                raise ResponseDecodeError(f"the answer is larger than {limit} bytes")
            pieces.append(data)
        return b"".join(pieces)

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
