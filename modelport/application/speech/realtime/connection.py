"""One connection of a realtime speech model: the socket and its protocol, which know nothing of each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ....domain.errors import ModelError
from ....domain.retry import parse_retry_after, parse_should_retry
from ....ports.codec.realtime_speech import RealtimeRequest, RealtimeTTSCodec, SpeechEvent
from ....ports.runtime import Runtime
from ....ports.websocket import WebSocketClosed, WebSocketConnection, WebSocketRejected
from ...call.attempts import Attempts
from ...call.context import request_id

__all__ = ["RealtimeConnection", "connect", "repeated"]

T = TypeVar("T")


async def repeated(
    attempts: Attempts,
    attempt: Callable[[], Awaitable[T]],
    failure: Callable[[Exception], ModelError],
) -> T:
    """What the first attempt that succeeds gives. `failure` says what one failed of, and raises where that is final."""
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
    """Open a connection and wait for the server's greeting, where it has one. Raises a `ModelError`."""
    try:
        socket = await runtime.websockets.connect(codec.handshake(request))
    except WebSocketRejected as refused:
        raise _rejection(runtime, codec, request, refused) from refused
    connection = RealtimeConnection(socket, codec, request)
    try:
        while not connection.protocol.greeted:
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
    error.scrub(request.endpoint.secrets())
    return error


class RealtimeConnection:
    """An open connection. Sending never waits: what the protocol has to say leaves as the socket takes it.

    The server's audio may wait for its listener while the server waits to be read, and the other way round; so the one
    who receives must not wait until something is sent.
    """

    def __init__(self, socket: WebSocketConnection, codec: RealtimeTTSCodec, request: RealtimeRequest) -> None:
        self._socket = socket
        self._secrets = request.endpoint.secrets()
        self._writer: asyncio.Task[None] | None = None
        self._unsent: Exception | None = None
        self.protocol = codec.new_protocol(request)
        self.heard = False
        """Whether the server said anything since this was last set to false."""
        self.idle_since = 0.0
        """When it was last used, by the runtime's clock."""

    async def receive(self) -> SpeechEvent | None:
        """What the next message means. Raises a `ModelError` for an error of the server's and for its going away."""
        try:
            frame = await self._socket.receive()
            self.heard = True
            event = self.protocol.receive(frame)
        except WebSocketClosed as closed:
            if self._unsent is not None:
                raise self._unsent from closed
            error = self.protocol.closed(closed.code, closed.reason)
            error.scrub(self._secrets)
            raise error from closed
        except ModelError as error:
            error.scrub(self._secrets)
            raise
        self.flush()
        return event

    def flush(self) -> None:
        """Have sent what the protocol wants to be sent."""
        if self._writer is None or self._writer.done():
            frames = self.protocol.frames_to_send()
            if frames:
                self._writer = asyncio.get_running_loop().create_task(self._write(frames))

    async def aclose(self) -> None:
        """Close it: at once, saying goodbye where the protocol has a word for it and the socket takes it."""
        try:
            self.protocol.cancel()
            self.flush()
            await asyncio.sleep(0)
            if self._writer is not None:
                self._writer.cancel()
                await asyncio.wait([self._writer])
        finally:
            await self._socket.aclose()

    async def _write(self, frames: list[str | bytes]) -> None:
        """Send these, and what has been added meanwhile. Why that failed is met by whoever receives."""
        try:
            while frames:
                for frame in frames:
                    await self._socket.send(frame)
                frames = self.protocol.frames_to_send()
        except WebSocketClosed:
            pass  # receiving tells the same
        except Exception as error:  # what a connector of somebody else's, or of a replayed cassette, objects to
            self._unsent = error
            await self._socket.aclose()
