"""What a connected realtime model keeps between its calls: an idle connection, and the utterance being written."""

from __future__ import annotations

import asyncio

from ....domain.errors import ModelError
from ....ports.codec.realtime_speech import RealtimeRequest, RealtimeTTSCodec
from ...call.attempts import Attempts
from ...call.clocks import CallClocks
from ...call.context import CallContext
from ...call.spec import CallSpec
from .connection import ConnectionPool, RealtimeConnection, connect, retried
from .utterance import RealtimeUtterance

__all__ = ["RealtimeSession"]


class RealtimeSession:
    """From `connect` to `close`, in one event loop. `writing` is the utterance that takes text now."""

    def __init__(self, spec: CallSpec, codec: RealtimeTTSCodec) -> None:
        self.writing: RealtimeUtterance | None = None
        self.utterances: set[RealtimeUtterance] = set()
        """The utterances that have not ended."""
        self.pool = ConnectionPool(spec.runtime.clock)
        self._spec = spec
        self._codec = codec
        self._loop = asyncio.get_running_loop()
        self._closed = False

    @property
    def usable(self) -> bool:
        """Whether it is open in the running event loop; connections of another loop cannot be used."""
        return not self._closed and self._loop is asyncio.get_running_loop()

    async def open(self, request: RealtimeRequest) -> None:
        """Open the connection, with retries; raises the last attempt's error."""
        spec = self._spec
        clocks = CallClocks(spec.runtime.clock, spec.timeouts)
        attempts = Attempts(CallContext.of(spec, clocks=clocks), spec.retry, spec.retryable)

        async def attempt() -> RealtimeConnection:
            clocks.connecting()
            with clocks:
                return await connect(spec.runtime, self._codec, request)

        def failure(error: Exception) -> ModelError:
            failed = attempts.failed(error)
            if not isinstance(failed, ModelError):
                raise failed
            return failed

        try:
            connection = await retried(attempts, attempt, failure)
        finally:
            clocks.stop()
        await self.pool.put(connection)

    async def aclose(self) -> None:
        """Stop all utterances and close all connections; outside of its event loop there is nothing left to close."""
        usable, self._closed = self.usable, True
        idle = self.pool.close()
        self.writing = None
        if not usable:
            return
        try:
            for utterance in list(self.utterances):
                await utterance.abort()
        finally:
            if idle is not None:
                await idle.aclose()
