"""One attempt over HTTP: encode once per call, send, and read the body of the answer or the error that it means."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

from ...domain.errors import InvalidRequestError, ModelConnectionError, ModelError, ResponseDecodeError
from ...domain.retry import parse_retry_after, parse_should_retry
from ...ports.http import HttpRequest, HttpResponse
from .context import CallContext, request_id
from .lingering import LingeringBody
from .pace import turn_to_begin

__all__ = ["ErrorMap", "HttpBody", "attempt", "decode_whole", "scrub"]

_MAX_ERROR_BYTES = 1024 * 1024
_ERROR_SECONDS = 5.0
"""How long the body of an error may take."""

_REDIRECTS = frozenset({300, 301, 302, 303, 307, 308})

Secrets = Callable[[], Sequence[str]]
"""The words that errors of a call must not repeat; computed when there is an error."""


class ErrorMap(Protocol):
    """The part of a codec that explains unsuccessful answers."""

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an answer with this status means; header names are lower case."""
        ...


class Encoded(Protocol):
    """What a codec makes of a call: at least the request to send."""

    @property
    def http_request(self) -> HttpRequest: ...


WireT = TypeVar("WireT", bound=Encoded)
AnswerT = TypeVar("AnswerT")
DataT = TypeVar("DataT")


async def attempt(
    context: CallContext,
    encode: Callable[[], Awaitable[WireT]],
    read: Callable[[WireT, HttpBody], Awaitable[AnswerT]],
    errors: ErrorMap,
    secrets: Secrets,
) -> AnswerT:
    """Send the call once and return what `read` makes of a successful answer.

    `encode` runs for the first attempt of a call only. Raises the mapped error of an unsuccessful answer.
    """
    try:
        turn = turn_to_begin()
        if turn is not None:
            await turn
        call: WireT | None = context.encoded
        if call is None:
            context.encoding = True
            try:
                call = context.encoded = await encode()
            except (RecursionError, TypeError, ValueError) as error:
                raise _no_request(error) from error
            context.encoding = False
        response = await context.runtime.transport.send(call.http_request, context.clocks.connecting())
        body = HttpBody(response, context, errors, secrets)
        try:
            if not 200 <= response.status < 300:
                raise await body.error()
            return await read(call, body)
        except BaseException:
            await response.aclose()
            raise
    except ModelError as error:
        scrub(error, secrets)
        raise


def scrub(error: ModelError, secrets: Secrets) -> None:
    """Replace the words of the call in the error and its causes; a call without an endpoint has none."""
    with suppress(ModelError):
        error.scrub(secrets())


def _no_request(error: Exception) -> InvalidRequestError:
    """The error of arguments from which no request can be made."""
    if isinstance(error, RecursionError):
        return InvalidRequestError("the messages, the tools or the parameters are nested too deeply")
    return InvalidRequestError(f"no request can be made of these arguments: {type(error).__name__}: {error}")


class HttpBody:
    """The answer to one attempt, read whole. `secrets` gives the words that its errors must not repeat."""

    __slots__ = ("_begun", "_errors", "_pieces", "context", "pieces", "response", "secrets")

    def __init__(self, response: HttpResponse, context: CallContext, errors: ErrorMap, secrets: Secrets) -> None:
        self.response = response
        self.context = context
        self.secrets = secrets
        self._errors = errors
        self.pieces = aiter(response)
        self._begun = b""
        self._pieces: list[bytes] = []
        context.answered(response.status, response.headers, request_id(response.headers))

    async def beginning(self) -> bytes:
        """The first bytes that are not blank; the body's readers must begin with them. Empty when there are none."""
        pull = self.pieces.__anext__
        try:
            while not self._begun or self._begun.isspace():
                self._begun += await pull()
                self.context.clocks.bytes_received()
        except StopAsyncIteration:
            pass
        return self._begun

    async def decoded(self, decode: Callable[[bytes], AnswerT], limit: int | None = None) -> AnswerT:
        """The whole body as a value. Raises `ResponseDecodeError` for a shape that the protocol does not have.

        `limit` is the most bytes that such an answer can have; transports have a limit for all answers.
        """
        data = await self.read(limit)
        await self.response.aclose()
        return decode_whole(decode, data)

    async def error(self) -> ModelError:
        """The error that an unsuccessful answer means, whether or not its body can be read to the end."""
        data = await self._error_body()
        await self.response.aclose()
        headers = self.response.headers
        error = self._errors.map_error(self.response.status, headers, data)
        if self.response.status in _REDIRECTS and headers.get("location"):
            error.message += f"; it redirects to {_shown(headers['location'])}, which is not followed: check base_url"
        error.request_id = request_id(headers) or error.request_id
        error.retry_after = parse_retry_after(headers, self.context.runtime.clock.wall()) or error.retry_after
        error.should_retry = parse_should_retry(headers)
        if error.should_retry is not None:
            error.retryable = error.should_retry
        return error

    async def _error_body(self) -> bytes:
        """The body, or what of it comes in time: the status is an answer already, and no reason to wait or retry."""
        clocks = self.context.clocks
        clocks.between_attempts()
        reading = asyncio.ensure_future(self.read(_MAX_ERROR_BYTES))

        def stop() -> None:
            reading.cancel()

        timer = self.context.runtime.clock.call_later(_ERROR_SECONDS, stop)
        try:
            await asyncio.wait([reading])
        finally:
            timer.cancel()
            if not reading.done():
                stop()
                await asyncio.wait([reading])
        if not reading.cancelled():
            with suppress(ModelConnectionError, ResponseDecodeError):
                return reading.result()
        return b"".join(self._pieces)

    async def read(self, limit: int | None = None) -> bytes:
        """All bytes. A body of unknown length that is whole JSON ends a moment later, though its connection is open."""
        open_end: LingeringBody | None = None
        size, following = len(self._begun), self.pieces.__anext__
        self._pieces.append(self._begun)
        if "content-length" not in self.response.headers:
            open_end = LingeringBody(self.response, self.context.runtime.clock, self.context.clocks, self._pieces)
            open_end.came(self._begun)
        try:
            while True:
                data = await following()
                self.context.clocks.bytes_received()
                size += len(data)
                if limit is not None and size > limit:
                    raise ResponseDecodeError(
                        f"the answer has more than {limit} bytes; that is more than this request can need"
                    )
                self._pieces.append(data)
                if open_end is not None:
                    open_end.came(data)
        except StopAsyncIteration:
            pass
        except ModelConnectionError:
            if open_end is None or not open_end.ended:
                raise
        finally:
            if open_end is not None:
                open_end.stop()
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)


def decode_whole(decode: Callable[[DataT], AnswerT], data: DataT) -> AnswerT:
    """The value of a body or a message. Raises `ResponseDecodeError` for a shape that the protocol does not have."""
    try:
        return decode(data)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ResponseDecodeError(f"the answer has a shape that the protocol does not have: {error}") from error


def _shown(url: str) -> str:
    """The URL without its query, which may hold a signature, and without a user's name and password."""
    start, mark, rest = url.partition("?")[0].partition("://")
    if not mark:
        return start[:200]
    host, slash, path = rest.partition("/")
    return f"{start}://{host.rpartition('@')[2]}{slash}{path}"[:200]
