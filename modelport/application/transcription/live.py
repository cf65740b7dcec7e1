"""Live transcription: audio is pushed while segments are iterated over."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from ...domain.errors import InvalidRequestError, ModelError, ModelTimeoutError
from ...domain.message.blocks import TextBlock
from ...domain.message.responses import ChatResponse, ChatUsage, ModelWarning
from ...domain.realtime.resample import Resampler
from ...domain.transcription.live import LiveFold, LiveSegment, LiveSignal
from ...domain.transcription.transcript import Transcript
from ...ports.codec.live_transcription import LiveCodec, LiveProtocol, LiveRequest
from ..call.attempts import Attempts
from ..call.clocks import CallClocks
from ..call.context import CallContext
from ..call.spec import CallSpec
from ..call.websocket import ProtocolConnection, connect, retried

__all__ = ["LiveTranscription"]

_OUTGOING_SECONDS = 2
"""Audio that may wait for the socket before `push_audio` waits."""
_SWITCHING_PROTOCOLS = 101
_Connection = ProtocolConnection[LiveProtocol, list[LiveSignal]]


class LiveTranscription:
    """One session: `async with model.live() as session`. One task pushes, one iterates; they may be the same.

    `async for` yields a `LiveSegment` whenever there is news of one, and ends once everything pushed before `finish` is
    transcribed. A session that breaks off raises its error, whose `partial` has the text so far; nothing is sent again,
    for the audio is gone.

    Args:
        spec: the model's facts.
        codec, request: the provider's protocol, and what the session is set up with.
        sample_rate: samples per second of the audio that is pushed.
    """

    def __init__(
        self,
        spec: CallSpec,
        codec: LiveCodec,
        request: LiveRequest,
        sample_rate: int,
        warnings: list[ModelWarning],
    ) -> None:
        self._spec = spec
        self._codec = codec
        self._request = request
        self._context = CallContext.of(spec)
        self._context.warnings += warnings
        self._clocks = CallClocks(spec.runtime.clock, replace(spec.timeouts, total=None))
        self._resampler = Resampler(sample_rate, codec.new_protocol(request).input_rate)
        self._fold = LiveFold()
        self._fresh: deque[LiveSegment] = deque()
        self._connection: _Connection | None = None
        self._opening = asyncio.Lock()
        self._failed: ModelError | None = None
        self._finished = self._over = False

    def __await__(self) -> Generator[Any, None, Self]:  # Any: whatever the event loop passes
        return self.open().__await__()

    async def open(self) -> Self:
        """Connect, unless it is open; raises the error of a refused connection or set-up."""
        async with self._opening:
            if self._connection is None and not self._over:
                connection = await self._connect()
                if self._over:  # closed meanwhile
                    await connection.aclose()
                else:
                    self._connection = connection
        return self

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the session at once; what is not transcribed yet is lost."""
        connection, self._connection = self._connection, None
        if not self._over:
            self._end(None)
        self._clocks.stop()
        if connection is not None:
            await connection.aclose()

    @property
    def transcript(self) -> Transcript:
        """Everything that was said so far, and what was counted; interim texts included."""
        made = self._fold.transcript()
        made.provider, made.model, made.is_last = self._spec.provider, self._spec.model, self._over
        made.warnings, made.attempts = list(self._context.warnings), tuple(self._context.attempts)
        return made

    async def push_audio(self, pcm: bytes) -> None:
        """Send speech: 16-bit little-endian mono samples. Waits while more than two seconds of it are unsent."""
        if not isinstance(pcm, bytes | bytearray | memoryview):
            raise InvalidRequestError(f"push_audio() takes bytes of 16-bit samples, not {type(pcm).__name__}")
        connection = await self._opened()
        if self._finished:
            raise InvalidRequestError("push_audio() comes after finish(); open another session with model.live()")
        data = self._resampler.feed(bytes(pcm))
        if data:
            connection.protocol.audio(data)
            connection.flush()
            await connection.room(_OUTGOING_SECONDS * connection.protocol.input_rate * 8 // 3)

    async def finish(self) -> None:
        """No more audio follows; the iteration ends with the last segment. A second call does nothing."""
        connection = await self._opened()
        if self._finished:
            return
        self._finished = True
        connection.protocol.finish()
        connection.flush()
        self._clocks.awaiting_content(True)
        self._await_quiet(connection)

    def _await_quiet(self, connection: _Connection) -> None:
        """Count from now, where the end of a session is known by its silence only."""
        if connection.protocol.quiet_end is not None:
            self._clocks.drain_at_most(connection.protocol.quiet_end)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveSegment:
        while not self._fresh:
            if self._over:
                if self._failed is not None:
                    raise self._failed
                raise StopAsyncIteration
            connection = await self._opened()
            if connection.protocol.ended:
                self._end(None)
                continue
            await self._read(connection)
        return self._fresh.popleft()

    async def _read(self, connection: _Connection) -> None:
        """Wait for the next frame. The clocks run once the audio is complete: before that, a server may be silent."""
        protocol = connection.protocol
        try:
            with self._clocks:
                signals = await connection.receive()
                while self._finished and not (signals or protocol.ended or protocol.quiet_end is not None):
                    signals = await connection.receive()  # the idle clock runs on: frames without news are no progress
            if self._finished:
                self._clocks.bytes_received()
                self._await_quiet(connection)
            self._take(signals)
        except ModelTimeoutError as error:
            if error.clock != "drain":
                self._end(error)
                return
            self._take(connection.protocol.quiet())
            self._end(None)
        except ModelError as error:
            self._end(error)

    def _take(self, signals: Sequence[LiveSignal]) -> None:
        self._fresh += [segment for signal in signals if (segment := self._fold.add(signal)) is not None]

    def _end(self, error: ModelError | None) -> None:
        if self._over:
            return  # `aclose` ended it, which a task that reads meanwhile notices as a broken connection
        self._over, self._failed = True, error
        counted = self._fold.usage
        if error is not None:
            error.provider = error.provider or self._spec.provider
            error.model = error.model or self._spec.model
            error.attempts = tuple(self._context.attempts)
            text = self._fold.transcript().text
            error.partial = ChatResponse([TextBlock(text=text)] if text else [], is_last=False)
        usage = ChatUsage(counted.input_tokens, counted.output_tokens)
        self._spec.runtime.telemetry.call_ended(self._spec.provider, self._spec.model, usage, error)

    async def _opened(self) -> _Connection:
        if self._failed is not None:
            raise self._failed
        if self._connection is None and not self._over:
            await self.open()
        if self._connection is None:
            raise InvalidRequestError("the session is closed; open another one with model.live()")
        return self._connection

    async def _connect(self) -> _Connection:
        """With retries, within the clocks of a call."""
        attempts = Attempts(self._context, self._spec.retry, self._spec.retryable)
        try:
            return await retried(attempts, self._attempt, lambda error: _model_error(attempts.failed(error)))
        finally:
            self._context.clocks.stop()

    async def _attempt(self) -> _Connection:
        codec, request, clocks = self._codec, self._request, self._context.clocks
        connected = clocks.connecting()
        with clocks:
            connection: _Connection = await connect(
                self._spec.runtime,
                codec.handshake(request),
                request.endpoint.secrets(),
                lambda: codec.new_protocol(request),
                codec.map_error,
            )
        connected()
        self._context.answered(_SWITCHING_PROTOCOLS, {}, None)
        self._clocks.awaiting_content(False)
        for signals in connection.early:
            self._take(signals)
        return connection


def _model_error(error: Exception) -> ModelError:
    if not isinstance(error, ModelError):
        raise error
    return error
