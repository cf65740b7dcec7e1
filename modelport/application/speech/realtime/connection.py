"""The connections of a realtime speech model: how one is opened, and the idle one that the next utterance takes."""

from __future__ import annotations

from ....ports.clock import Clock
from ....ports.codec.realtime_speech import RealtimeRequest, RealtimeTTSCodec, SpeechEvent, SpeechProtocol
from ....ports.runtime import Runtime
from ...call.websocket import ProtocolConnection
from ...call.websocket import connect as connect_protocol

__all__ = ["ConnectionPool", "RealtimeConnection", "connect"]

RealtimeConnection = ProtocolConnection[SpeechProtocol, SpeechEvent | None]

_MAX_IDLE_SECONDS = 50.0
"""Servers close a connection that was idle for 60 seconds. Facts: docs/protocols/dashscope-tts.md#limits."""


async def connect(runtime: Runtime, codec: RealtimeTTSCodec, request: RealtimeRequest) -> RealtimeConnection:
    """Open a connection and wait until its protocol is ready. Raises a `ModelError`."""
    return await connect_protocol(
        runtime,
        codec.handshake(request),
        request.endpoint.secrets(),
        lambda: codec.new_protocol(request),
        codec.map_error,
    )


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
