"""A transport that keeps what passes through another one as a cassette, without keys."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from itertools import accumulate
from pathlib import Path

from ...domain.errors import ModelConnectionError, ModelError
from ...ports.clock import Clock
from ...ports.http import HttpRequest, HttpResponse, HttpTransport
from ..net.clock import SystemClock
from ..net.closing import Closing
from .http_file import Flow
from .redact import public_interaction, server_of
from .writer import CassetteWriter, Entry, Scrubber

__all__ = ["RecordTransport", "Scrubber"]


_LEAST_ERROR = 400


class RecordTransport(Closing):
    """Sends through another transport and writes every answer, as it arrived, to one cassette.

    Left out: all headers but a few harmless ones; keys in URLs; and, wherever the request or the answer repeats them,
    the secrets that either names as such in its headers, cookies, JSON, forms, or in URLs and JSON within these. Add a
    scrubber for what no name tells. The file is replaced whole after each answer, so it is valid at any time; a new
    transport begins it anew. A cassette that was there before is replaced when the transport is closed, and only if
    every request got a whole answer; see `CassetteWriter`.

    Args:
        inner: sends the requests.
        file: the cassette; without `.yaml` or `.yml` at its end, the folder in which to write `recorded.yaml`.
        scrubbers: what else to take out of an interaction, in this order.
        clock: gives the time.

    Attributes:
        stand_in: that of the inner transport.
    """

    def __init__(
        self, inner: HttpTransport, file: str | Path, scrubbers: Iterable[Scrubber] = (), clock: Clock | None = None
    ) -> None:
        self._inner = inner
        self.stand_in: str = getattr(inner, "stand_in", "")
        self._clock = clock or SystemClock()
        self._writer = CassetteWriter(file, "recorded.yaml", "interactions", server_of, scrubbers, self._clock)

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Send; the answer is written when it was read or closed. What gets no answer is not recorded."""
        start = self._clock.monotonic()
        asked = (request.method, request.url, request.body)
        try:
            response = await self._inner.send(request, on_connected)
        except ModelError:
            self._writer.answered(asked, False)
            raise
        number = self._writer.place()

        def keep(answer: _Response) -> None:
            self._writer.answered(asked, answer.status < _LEAST_ERROR and answer.ended != "broken")
            self._writer.keep(number, _entry(request, answer))

        return _Response(response, start, self._clock, keep)

    async def aclose(self) -> None:
        """Close the inner transport's connections, and put the recording in its place."""
        try:
            await self._inner.aclose()
        finally:
            self._writer.close()


class _Response:
    """Passes an answer on and notes its pieces and their times."""

    def __init__(self, inner: HttpResponse, start: float, clock: Clock, keep: Callable[[_Response], None]) -> None:
        self._inner = inner
        self._start = start
        self._clock = clock
        self._keep: Callable[[_Response], None] | None = keep
        self.status = inner.status
        self.headers: Mapping[str, str] = inner.headers
        self.head = self._now()
        self.pieces: list[tuple[float, bytes]] = []
        self.ended = "closed"

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body()

    async def _body(self) -> AsyncGenerator[bytes, None]:
        body = aiter(self._inner)
        try:
            async for data in body:
                self.pieces.append((self._now(), data))
                yield data
        except ModelConnectionError:
            self.ended = "broken" if self._keep is not None else self.ended
            self._finish()
            raise
        self.ended = "whole"
        self._finish()

    async def aclose(self) -> None:
        """Release the connection; what was read so far is recorded."""
        try:
            await self._inner.aclose()
        finally:
            self._finish()

    def _now(self) -> float:
        return round(self._clock.monotonic() - self._start, 4)

    def _finish(self) -> None:
        keep, self._keep = self._keep, None
        if keep is not None:
            keep(self)


def _entry(request: HttpRequest, answer: _Response) -> Entry:
    """The interaction without keys; where pieces end is moved along with what is replaced."""
    ends = list(accumulate(len(data) for _, data in answer.pieces))
    interaction = {
        "request": {
            "method": request.method,
            "uri": request.url,
            "body": request.body,
            "headers": {name: [value] for name, value in request.headers.items()},
        },
        "response": {
            "status": {"code": answer.status, "message": ""},
            "headers": {name: [value] for name, value in answer.headers.items()},
            "body": {"string": b"".join(data for _, data in answer.pieces)},
        },
    }
    entry, ends = public_interaction(interaction, ends)
    sizes = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    chunks = Flow(Flow([at, size]) for (at, _), size in zip(answer.pieces, sizes, strict=True))
    return {**entry, "modelport": {"head": answer.head, "chunks": chunks, "ended": answer.ended}}
