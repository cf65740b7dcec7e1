"""One WebSocket connection: a socket and the protocol spoken over it, which do not know each other.

Realtime speech and realtime models share it; it is generic over what the protocol makes of a frame.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from ...domain.errors import ModelError
from ...domain.retry import parse_retry_after, parse_should_retry
from ...ports.runtime import Runtime
from ...ports.websocket import Frame, WebSocketClosed, WebSocketConnection, WebSocketRejected, WebSocketRequest
from .attempts import Attempts
from .context import request_id
from .http import decode_whole
from .pace import begin_in_turn

__all__ = ["ErrorMapper", "ProtocolConnection", "SocketProtocol", "connect", "retried"]

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
P = TypeVar("P", bound="SocketProtocol[Any]")  # Any: what the frames mean

ErrorMapper = Callable[[int, Mapping[str, str], bytes], ModelError]
"""The error of a handshake that was answered with this status, these headers (lower case) and this body."""


class SocketProtocol(Protocol[R_co]):
    """What a connection needs of a protocol. Pure: frames in, whatever they mean out, and the frames to send."""

    @property
    def ready(self) -> bool:
        """Whether the connection can be used: the server has greeted, or accepted the set-up."""
        ...

    def receive(self, frame: Frame) -> R_co:
        """What a frame means. Raises a `ModelError` for an invalid frame and for an error that ends the connection."""
        ...

    def closed(self, code: int, reason: str) -> ModelError:
        """The error for a connection that ended; `retryable` says whether a new one may help."""
        ...

    def cancel(self) -> None:
        """Prepare the frames to send before the connection is closed."""
        ...

    def frames_to_send(self) -> list[Frame]:
        """The frames that may go out now, once."""
        ...


async def retried(
    attempts: Attempts,
    attempt: Callable[[], Awaitable[T]],
    failure: Callable[[Exception], ModelError],
    failed: ModelError | None = None,
) -> T:
    """The result of the first attempt that succeeds. `failure` maps an attempt's error, and raises a final one.

    `failed` is what makes the first attempt a retry, if it is one.
    """
    try:
        while True:
            await attempts.begin(failed)
            await begin_in_turn()
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


async def connect(
    runtime: Runtime,
    request: WebSocketRequest,
    secrets: Sequence[str],
    new_protocol: Callable[[], P],
    map_error: ErrorMapper,
) -> ProtocolConnection[P, Any]:  # Any: the caller names the protocol's own type
    """Open a connection and wait until its protocol is ready. Raises a `ModelError`."""
    try:
        socket = await runtime.websockets.connect(request)
    except WebSocketRejected as refused:
        error = _rejection(runtime, map_error, refused)
        error.__cause__ = refused
        error.scrub(secrets)
        raise error
    except ModelError as error:
        error.scrub(secrets)
        raise
    connection: ProtocolConnection[P, Any] = ProtocolConnection(socket, new_protocol(), secrets)
    try:
        connection.flush()
        while not connection.protocol.ready:
            connection.early.append(await connection.receive())
    except BaseException:
        await connection.aclose()
        raise
    return connection


def _rejection(runtime: Runtime, map_error: ErrorMapper, refused: WebSocketRejected) -> ModelError:
    error = map_error(refused.status, refused.headers, refused.body)
    error.request_id = request_id(refused.headers) or error.request_id
    error.retry_after = parse_retry_after(refused.headers, runtime.clock.wall()) or error.retry_after
    should_retry = parse_should_retry(refused.headers)
    if should_retry is not None:
        error.retryable = should_retry
    return error


class ProtocolConnection(Generic[P, R]):
    """An open connection. Sending never waits: a task sends the protocol's frames as fast as the socket takes them.

    A server may stop reading until its audio is read, so the receiving task must not wait until something is sent.
    """

    def __init__(self, socket: WebSocketConnection, protocol: P, secrets: Sequence[str] = ()) -> None:
        self._socket = socket
        self._secrets = secrets
        self._writer: asyncio.Task[None] | None = None
        self._receiver: asyncio.Task[object] | None = None
        self._send_error: Exception | None = None
        self._unsent: deque[Frame] = deque()
        self._taken = asyncio.Event()
        self.protocol = protocol
        self.early: list[R] = []
        """What the frames before the protocol was ready meant."""
        self.unsent = 0
        """The size of the frames that the socket has not taken."""
        self.received = False
        """Whether a frame has come since this was last set to false."""
        self.sent = False
        """Whether a frame was sent since then."""
        self.idle_since = 0.0
        """When it was last used, by the runtime's clock."""

    async def receive(self) -> R:
        """What the next frame means.

        Raises a `ModelError` for an error of the server's and for the end of the connection, and the connector's own
        error where sending failed.
        """
        try:
            frame = await self._next_frame()
            self.received = True
            event: R = decode_whole(self.protocol.receive, frame)
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
        frames = self.protocol.frames_to_send()
        if not frames:
            return
        self._unsent.extend(frames)
        self.unsent += sum(map(len, frames))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def room(self, limit: int) -> None:
        """Wait while more than this much is unsent, and the connection still sends."""
        while self.unsent > limit and self._writer is not None and not self._writer.done():
            self._taken.clear()
            await self._taken.wait()

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

    async def _write(self) -> None:
        """Send the frames in order, and those added meanwhile. `receive` raises what a failed send raised."""
        try:
            while self._unsent:
                frame = self._unsent.popleft()
                await self._socket.send(frame)
                self.sent = True
                self.unsent -= len(frame)
                self._taken.set()
                if not self._unsent:
                    self.flush()
        except WebSocketClosed:
            pass  # `receive` gets the same, with the reason
        except Exception as error:  # a connector of the application's, or a replayed cassette, may raise anything
            self._send_error = error
            if self._receiver is not None:
                self._receiver.cancel()
        finally:
            self._taken.set()
