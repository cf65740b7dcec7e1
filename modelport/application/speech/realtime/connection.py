"""One connection of a realtime speech model: couples a socket with a protocol; neither refers to the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ....domain.errors import ModelError
from ....domain.retry import parse_retry_after, parse_should_retry
from ....ports.clock import Clock
from ....ports.codec.realtime_speech import RealtimeRequest, RealtimeTTSCodec, SpeechEvent
from ....ports.runtime import Runtime
from ....ports.websocket import Frame, WebSocketClosed, WebSocketConnection, WebSocketRejected
from ...call.attempts import Attempts
from ...call.context import request_id

__all__ = ["ConnectionPool", "RealtimeConnection", "connect", "retried"]

T = TypeVar("T")

_MAX_IDLE_SECONDS = 50.0
"""Servers close a connection that was idle for 60 seconds. Facts: docs/protocols/dashscope-tts.md#limits."""


async def retried(
    attempts: Attempts,
    attempt: Callable[[], Awaitable[T]],
    failure: Callable[[Exception], ModelError],
) -> T:
    """The result of the first attempt that succeeds. `failure` maps an attempt's error, and raises a final one."""
    failed: ModelError | None = None
    try:
        while True:
            await attempts.begin(failed)
            try:
                result = await attempt()
            except Exception as error:
                failed = failure(error)
            else:
                attempts.ended()
                return result
    except BaseException as error:
        attempts.ended(error)
        raise


async def connect(runtime: Runtime, codec: RealtimeTTSCodec, request: RealtimeRequest) -> RealtimeConnection:
    """Open a connection and wait until its protocol is ready. Raises a `ModelError`."""
    try:
        socket = await runtime.websockets.connect(codec.handshake(request))
    except WebSocketRejected as refused:
        error = _rejection(runtime, codec, request, refused)
        error.__cause__ = refused
        error.scrub(request.endpoint.secrets())
        raise error
    except ModelError as error:
        error.scrub(request.endpoint.secrets())
        raise
    connection = RealtimeConnection(socket, codec, request)
    try:
        while not connection.protocol.ready:
            await connection.receive()
    except BaseException:
        await connection.aclose()
        raise
    return connection


def _rejection(
    runtime: Runtime, codec: RealtimeTTSCodec, request: RealtimeRequest, refused: WebSocketRejected
) -> ModelError:
    error = codec.map_error(refused.status, refused.headers, refused.body)
    error.request_id = request_id(refused.headers) or error.request_id
    error.retry_after = parse_retry_after(refused.headers, runtime.clock.wall()) or error.retry_after
    should_retry = parse_should_retry(refused.headers)
    if should_retry is not None:
        error.retryable = should_retry
    return error


class RealtimeConnection:
    """An open connection. Sending never waits: a task sends the protocol's frames as fast as the socket takes them.

    A server may stop reading until its audio is read, so the receiving task must not wait until something is sent.
    """

    def __init__(self, socket: WebSocketConnection, codec: RealtimeTTSCodec, request: RealtimeRequest) -> None:
        self._socket = socket
        self._secrets = request.endpoint.secrets()
        self._writer: asyncio.Task[None] | None = None
        self._receiver: asyncio.Task[object] | None = None
        self._send_error: Exception | None = None
        self.protocol = codec.new_protocol(request)
        self.received = False
        """Whether a frame has come since this was last set to false."""
        self.sent = False
        """Whether a frame was sent since then."""
        self.idle_since = 0.0
        """When it was last used, by the runtime's clock."""

    async def receive(self) -> SpeechEvent | None:
        """The event of the next frame, if it has one.

        Raises a `ModelError` for an error of the server's and for the end of the connection, and the connector's own
        error where sending failed.
        """
        try:
            frame = await self._next_frame()
            self.received = True
            event = self.protocol.receive(frame)
        except WebSocketClosed as closed:
            error = self.protocol.closed(closed.code, closed.reason)
            error.__cause__ = closed
            error.scrub(self._secrets)
            raise error
        except ModelError as error:
            error.scrub(self._secrets)
            raise
        self.flush()
        return event

    def flush(self) -> None:
        """Start sending the frames that the protocol has ready."""
        if self._writer is None or self._writer.done():
            frames = self.protocol.frames_to_send()
            if frames:
                self._writer = asyncio.get_running_loop().create_task(self._write(frames))

    async def aclose(self) -> None:
        """Close it at once; the protocol's farewell is sent where the socket takes it without waiting."""
        try:
            self.protocol.cancel()
            self.flush()
            await asyncio.sleep(0)
            if self._writer is not None:
                self._writer.cancel()
                await asyncio.wait([self._writer])
        finally:
            await self._socket.aclose()

    async def _next_frame(self) -> Frame:
        """The next frame. A failed send interrupts the wait, since a socket may stay silent after it."""
        if self._send_error is not None:
            raise self._send_error
        task = self._receiver = asyncio.current_task()
        cancelling = task.cancelling() if task is not None else 0
        try:
            return await self._socket.receive()
        except (asyncio.CancelledError, Exception) as error:
            if self._send_error is None:
                raise
            if task is not None and task.uncancel() > cancelling:
                raise  # cancelled from outside as well
            raise self._send_error from error
        finally:
            self._receiver = None

    async def _write(self, frames: list[Frame]) -> None:
        """Send these frames, and those added meanwhile. `receive` raises what a failed send raised."""
        try:
            while frames:
                for frame in frames:
                    await self._socket.send(frame)
                    self.sent = True
                frames = self.protocol.frames_to_send()
        except WebSocketClosed:
            pass  # `receive` gets the same, with the reason
        except Exception as error:  # a connector of the application's, or a replayed cassette, may raise anything
            self._send_error = error
            if self._receiver is not None:
                self._receiver.cancel()


class ConnectionPool:
    """Keeps at most one idle connection, which the next utterance takes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._idle: RealtimeConnection | None = None
        self._closed = False

    async def take(self) -> RealtimeConnection | None:
        """The idle connection, if there is one and the server has not closed it for its age."""
        idle, self._idle = self._idle, None
        if idle is None or self._clock.monotonic() - idle.idle_since <= _MAX_IDLE_SECONDS:
            return idle
        await idle.aclose()
        return None

    async def put(self, connection: RealtimeConnection) -> None:
        """Keep a connection for the next utterance; close it if there is one already."""
        if self._closed or self._idle is not None:
            await connection.aclose()
        else:
            connection.idle_since = self._clock.monotonic()
            self._idle = connection

    def close(self) -> RealtimeConnection | None:
        """Keep no further connection; returns the idle one, which the caller closes."""
        self._closed = True
        idle, self._idle = self._idle, None
        return idle
