"""The connection of a session: opened, and opened again with the handle or the history of what was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...domain.errors import InvalidRequestError, ModelError, NotFoundError, PermissionDeniedError
from ...domain.realtime.signals import Signal
from ...ports.codec.realtime import RealtimeCodec, RealtimeProtocol, RealtimeSetup
from ..call.attempts import Attempts
from ..call.clocks import CallClocks
from ..call.context import CallContext
from ..call.spec import CallSpec
from ..call.websocket import ProtocolConnection, connect, retried

__all__ = ["RealtimeConnection", "open_connection"]

RealtimeConnection = ProtocolConnection[RealtimeProtocol, list[Signal]]
_SWITCHING_PROTOCOLS = 101
"""The HTTP status of a successful WebSocket handshake."""
_REFUSED = (InvalidRequestError, NotFoundError, PermissionDeniedError)
"""The errors by which a server may refuse a handle."""


async def open_connection(
    spec: CallSpec, codec: RealtimeCodec, setup: Callable[[], RealtimeSetup], failed: ModelError | None = None
) -> tuple[RealtimeConnection, bool]:
    """A connection whose set-up the server has accepted, and whether it resumed the session of the handle.

    With retries, within the clocks of a call; raises the last attempt's error. A handle that the server refuses is
    dropped, and the history sent in its place. `setup` is asked anew for each attempt. `failed` is why an earlier
    connection ended: the first attempt then waits as a retry does.
    """
    opening = _Opening(spec, codec, setup)
    try:
        return await retried(opening.attempts, opening.attempt, opening.failure, failed)
    finally:
        opening.clocks.stop()


class _Opening:
    """The attempts to open one connection."""

    def __init__(self, spec: CallSpec, codec: RealtimeCodec, setup: Callable[[], RealtimeSetup]) -> None:
        self.clocks = CallClocks(spec.runtime.clock, spec.timeouts)
        self._context = CallContext.of(spec, clocks=self.clocks)
        self.attempts = Attempts(self._context, spec.retry, spec.retryable)
        self._codec = codec
        self._setup = setup
        self._use_handle = True

    async def attempt(self) -> tuple[RealtimeConnection, bool]:
        setup, codec = self._setup(), self._codec
        if not self._use_handle:
            setup = replace(setup, handle=None)
        connected = self.clocks.connecting()
        with self.clocks:
            try:
                connection: RealtimeConnection = await connect(
                    self._context.runtime,
                    codec.handshake(setup),
                    setup.endpoint.secrets(),
                    lambda: codec.new_protocol(setup),
                    codec.map_error,
                )
            except _REFUSED as error:
                error.retryable = error.retryable or setup.handle is not None  # without the handle, the next time
                raise
        connected()
        self._context.answered(_SWITCHING_PROTOCOLS, {}, None)
        return connection, setup.handle is not None

    def failure(self, error: Exception) -> ModelError:
        failed = self.attempts.failed(error)
        if not isinstance(failed, ModelError):
            raise failed
        self._use_handle = self._use_handle and not isinstance(failed, _REFUSED)
        return failed
