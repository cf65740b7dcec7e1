"""Reading the body of one HTTP answer whole, and the error that an unsuccessful one means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from ...domain.errors import ModelConnectionError, ModelError, ResponseDecodeError
from ...domain.retry import parse_retry_after, parse_should_retry
from ...ports.http import HttpResponse
from .context import CallContext, request_id

__all__ = ["ErrorMap", "HttpBody"]

_MAX_BODY_BYTES = 256 * 1024 * 1024
_MAX_ERROR_BYTES = 1024 * 1024


class ErrorMap(Protocol):
    """The part of a codec that explains unsuccessful answers."""

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an answer with this status means; header names are lower case."""
        ...


class HttpBody:
    """One answer to one call. `secrets` are words that its errors must not repeat."""

    def __init__(self, response: HttpResponse, context: CallContext, errors: ErrorMap, secrets: Sequence[str]) -> None:
        self._response = response
        self._context = context
        self._errors = errors
        self._secrets = secrets
        context.answered(response.status, response.headers, request_id(response.headers))

    def succeeded(self) -> bool:
        """Whether the status says so."""
        return 200 <= self._response.status < 300

    async def read(self) -> bytes:
        """The whole body; the connection is given back."""
        data = await self._read(_MAX_BODY_BYTES)
        await self._response.aclose()
        return data

    async def error(self) -> ModelError:
        """The error that an unsuccessful answer means, whether or not its body can be read to the end."""
        data = b""
        with suppress(ModelConnectionError, ResponseDecodeError):
            data = await self._read(_MAX_ERROR_BYTES)
        await self._response.aclose()
        headers = self._response.headers
        error = self._errors.map_error(self._response.status, headers, data)
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
