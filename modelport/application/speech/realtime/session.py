"""What a connected realtime model keeps between its calls: one idle connection, and the utterance being written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ....domain.errors import ModelError
from ...call.attempts import Attempts
from ...call.clocks import CallClocks
from ...call.context import CallContext
from .connection import RealtimeConnection, connect, repeated

if TYPE_CHECKING:
    from ....ports.codec.realtime_speech import RealtimeRequest
    from .model import RealtimeTTSModel
    from .utterance import RealtimeCall

__all__ = ["RealtimeSession"]

_LONGEST_IDLE = 50.0
"""Seconds; servers close a connection that was idle for 60. Facts: docs/protocols/dashscope-tts.md#limits."""


class RealtimeSession:
    """From `connect` to `close`, in one event loop. `writing` is the utterance that takes text now."""

    def __init__(self, model: RealtimeTTSModel) -> None:
        self.writing: RealtimeCall | None = None
        self.calls: set[RealtimeCall] = set()
        """The utterances whose pumps run."""
        self._model = model
        self._loop = asyncio.get_running_loop()
        self._spare: RealtimeConnection | None = None
        self._closed = False

    @property
    def usable(self) -> bool:
        """Whether it belongs to the running event loop; what was opened in another one is gone with it."""
        return not self._closed and self._loop is asyncio.get_running_loop()

    async def open(self, request: RealtimeRequest) -> None:
        """Open the connection, and again where that may help; raises the last attempt's error."""
        model = self._model
        clocks = CallClocks(model.runtime.clock, model.timeouts)
        attempts = Attempts(
            CallContext.of(model._spec(stream=True), clocks=clocks),
            model.retry_policy,
            model._get_retryable_exceptions(),
        )

        async def attempt() -> RealtimeConnection:
            clocks.connecting()
            with clocks:
                return await connect(model.runtime, model.codec, request)

        def failure(error: Exception) -> ModelError:
            failed = attempts.failed(error)
            if not isinstance(failed, ModelError):
                raise failed
            return failed

        try:
            line = await repeated(attempts, attempt, failure)
        finally:
            clocks.stop()
        await self.give_back(line)

    async def take_spare(self) -> RealtimeConnection | None:
        """The idle connection, if it is there and young enough that the server keeps it too."""
        spare, self._spare = self._spare, None
        if spare is None or self._now() - spare.idle_since <= _LONGEST_IDLE:
            return spare
        await spare.aclose()
        return None

    async def give_back(self, line: RealtimeConnection) -> None:
        """Keep a connection for the next utterance, or close it."""
        if self._closed or self._spare is not None:
            await line.aclose()
        else:
            line.idle_since = self._now()
            self._spare = line

    async def aclose(self) -> None:
        """Give up what is being spoken and close everything; outside of its event loop there is nothing to close."""
        usable, self._closed = self.usable, True
        spare, self._spare = self._spare, None
        self.writing = None
        if not usable:
            return
        try:
            for call in list(self.calls):
                await call.abort()
        finally:
            if spare is not None:
                await spare.aclose()

    def _now(self) -> float:
        return self._model.runtime.clock.monotonic()
