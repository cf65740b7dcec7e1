"""What a connected realtime model keeps for one caller: an idle connection, and the utterances being written."""

from __future__ import annotations

import asyncio
from typing import Any

from ....domain.errors import InvalidRequestError, ModelError
from ....ports.codec.realtime_speech import RealtimeRequest, RealtimeTTSCodec
from ...call.attempts import Attempts
from ...call.clocks import CallClocks
from ...call.context import CallContext
from ...call.spec import CallSpec
from ...call.websocket import retried
from .connection import ConnectionPool, RealtimeConnection, connect
from .utterance import RealtimeUtterance

__all__ = ["RealtimeSession"]


class RealtimeSession:
    """From `connect` to `close`, in one event loop.

    An utterance belongs to the task that began it. Other tasks that push at the same time write utterances of their
    own, so that the texts of two never become one speech. When the task has ended, as one of `asyncio.wait_for` has
    after each `push`, the next task that pushes goes on with its utterance.
    """

    def __init__(self, spec: CallSpec, codec: RealtimeTTSCodec) -> None:
        self.task = asyncio.current_task()
        """Who connected."""
        self._writing: dict[RealtimeUtterance, asyncio.Task[Any] | None] = {}  # Any: whatever tasks return
        self.utterances: set[RealtimeUtterance] = set()
        """The utterances that have not ended."""
        self.pool = ConnectionPool(spec.runtime.clock)
        self._spec = spec
        self._codec = codec
        self._loop = asyncio.get_running_loop()
        self._closed = False

    @property
    def open(self) -> bool:
        """Whether it was not closed, and its event loop neither."""
        return not self._closed and not self._loop.is_closed()

    @property
    def usable(self) -> bool:
        """Whether it is open in the running event loop; connections of another loop cannot be used."""
        return not self._closed and self._loop is asyncio.get_running_loop()

    async def connect(self, request: RealtimeRequest) -> None:
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

    def begun(self, utterance: RealtimeUtterance) -> None:
        """The running task writes this utterance."""
        self._writing[utterance] = asyncio.current_task()

    def ended(self, utterance: RealtimeUtterance) -> None:
        """The utterance takes no more text."""
        self._writing.pop(utterance, None)

    async def written_here(self) -> RealtimeUtterance | None:
        """The utterance that the running task writes, or may go on with.

        Raises `InvalidRequestError` when there are several that it may go on with.
        """
        task, left = asyncio.current_task(), []
        for utterance, owner in list(self._writing.items()):
            if owner is task:
                return utterance
            if owner is None or not owner.done():
                continue
            if owner.cancelled() or owner.exception() is not None:
                self.ended(utterance)
                await utterance.abort()
            else:
                left.append(utterance)
        if len(left) > 1:
            raise _several(len(left))
        for utterance in left:
            self._writing[utterance] = task
        return left[0] if left else None

    async def nearest(self) -> RealtimeUtterance | None:
        """`written_here`, else the only one that is being written; `InvalidRequestError` when there are several."""
        found = await self.written_here()
        if found is None and len(self._writing) > 1:
            raise _several(len(self._writing))
        return found or next(iter(self._writing), None)

    async def aclose(self) -> None:
        """Stop all utterances and close all connections; outside of its event loop there is nothing left to close."""
        usable, self._closed = self.usable, True
        idle = self.pool.close()
        self._writing.clear()
        if not usable:
            return
        try:
            for utterance in list(self.utterances):
                await utterance.abort()
        finally:
            if idle is not None:
                await idle.aclose()


def _several(number: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"{number} utterances of this model are being written by other tasks, so it is not clear which one is meant; "
        "push and synthesize in one task, within an `async with model:` of its own"
    )
