"""The network task of one utterance: attempts until everything is spoken, with one budget and one set of clocks.

A failure before the first audio is retried with the whole text; later failures are final. When the server has spoken
all text while the caller still writes, the text that follows is independent of it: neither the old text nor the old
connection is needed any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ....domain.errors import InvalidRequestError, ModelError, ServerError
from ....domain.message.responses import AttemptRecord
from ....domain.speech.text import makes_sound
from ....ports.clock import TimerHandle
from ....ports.codec.realtime_speech import AudioReceived, RealtimeRequest, RealtimeTTSCodec, SegmentFinished
from ...call.attempts import Attempts
from ...call.clocks import CallClocks
from ...call.context import CallContext
from ...call.spec import CallSpec
from ...call.websocket import retried
from .audio_queue import AudioQueue
from .connection import ConnectionPool, RealtimeConnection, connect

__all__ = ["RealtimeWorker"]

_SWITCHING_PROTOCOLS = 101
"""The HTTP status of a successful WebSocket handshake."""


class _ClosedWhileIdle(Exception):
    """The connection ended while the server had nothing left to speak."""


class RealtimeWorker:
    """`run` is the body of a task; `say` and `commit` are called while it runs, and never wait.

    Args:
        audio: where the audio goes; a full queue makes the server wait.
        on_segment: called when a part of the utterance is complete.
        pool: where an idle connection may be taken from.
    """

    def __init__(
        self,
        spec: CallSpec,
        codec: RealtimeTTSCodec,
        request: RealtimeRequest,
        clocks: CallClocks,
        audio: AudioQueue,
        on_segment: Callable[[SegmentFinished], None],
        pool: ConnectionPool | None,
    ) -> None:
        self.connected = asyncio.Event()
        """Set once the connection is open, or no further attempt is made."""
        self.aborted = False
        """Whether a cancellation is meant for the utterance, and not for its wait for a message."""
        self.silent = False
        """Whether the text had nothing to pronounce, and got no audio."""
        self._codec = codec
        self._request = request
        self._clocks = clocks
        self._audio = audio
        self._on_segment = on_segment
        self._pool = pool
        self._context = CallContext.of(spec, clocks=clocks)
        self._attempts = Attempts(self._context, spec.retry, spec.retryable)
        self._texts: list[str] = []
        self._committed = False
        self._request_blamed = False
        self._audio_came = False
        self._more = asyncio.Event()
        self._connection: RealtimeConnection | None = None
        self._keep_alive: TimerHandle | None = None

    @property
    def attempts(self) -> list[AttemptRecord]:
        """One record for each attempt so far."""
        return list(self._context.attempts)

    def say(self, text: str) -> None:
        """Speak this text, which is not blank, after the text so far."""
        if self._connection is not None and self._connection.protocol.idle:
            self._forget_spoken()
        self._texts.append(text)
        self._more.set()
        if self._connection is not None:
            self._connection.protocol.push(text)
            self._connection.flush()
            self._schedule_keep_alive()

    def commit(self) -> bool:
        """No more text follows: from now on the server owes audio, and its clocks run.

        Returns whether everything was spoken before, so that there is nothing to wait for.
        """
        self._committed = True
        self._more.set()
        self._schedule_keep_alive()
        self._clocks.awaiting_content(True)
        if self._connection is None:
            return False
        self._connection.protocol.finish()
        self._connection.flush()
        return self._connection.protocol.ended

    async def run(self) -> RealtimeConnection | None:
        """Make attempts until everything is spoken; the connection, if open. Raises the last attempt's error."""
        try:
            return await retried(self._attempts, self._attempt, self._failure)
        finally:
            self.connected.set()

    def _failure(self, error: Exception) -> ModelError:
        """The error after which to try again; raises one that is final, since a retry would repeat audio or be useless.

        An end of the connection that blames the request is retried once. Facts: docs/protocols/dashscope-tts.md#errors.
        """
        failure = self._attempts.failed(error)
        if self._audio_came or not isinstance(failure, ModelError):
            raise failure
        if isinstance(failure, InvalidRequestError) and failure.retryable:
            failure.retryable = not self._request_blamed
            self._request_blamed = True
        return failure

    async def _attempt(self) -> RealtimeConnection | None:
        """Speak all text. A connection that ends while it is idle is replaced once there is more text."""
        while True:
            try:
                return await self._speak()
            except _ClosedWhileIdle:
                self._attempts.ended()
            while not self._texts:
                if self._committed:
                    return None
                self._more.clear()
                await self._more.wait()
            await self._attempts.begin()

    async def _speak(self) -> RealtimeConnection:
        """Speak the text, on an idle connection if there is one, else on a new one.

        An idle connection that the server closed before any text was sent does not count as an attempt. After that it
        does, because the server may have spoken and billed the text.
        """
        self._clocks.awaiting_content(self._committed)
        idle = None
        if self._pool is not None and not self._request.extra_headers:
            idle = await self._pool.take()
        if idle is not None:
            try:
                return await self._converse(idle)
            except ModelError:
                if idle.sent or idle.received:
                    raise
        connected = self._clocks.connecting()
        with self._clocks:
            connection = await connect(self._context.runtime, self._codec, self._request)
        connected()
        return await self._converse(connection)

    async def _converse(self, connection: RealtimeConnection) -> RealtimeConnection:
        """Speak the whole text on this connection, which is closed unless that succeeds."""
        whole = False
        try:
            self._start(connection)
            while not connection.protocol.ended:
                await self._next_event(connection)
            self._check_spoken()
            whole = True
        finally:
            self._connection = None
            self._schedule_keep_alive()
            if not whole:
                await connection.aclose()
        return connection

    def _start(self, connection: RealtimeConnection) -> None:
        """Send all text so far on this connection; `say` and `commit` use it from now on."""
        connection.received = connection.sent = False
        self._context.answered(_SWITCHING_PROTOCOLS, {}, None)
        self._clocks.awaiting_content(self._committed)
        connection.protocol.start(self._request)
        connection.protocol.push("".join(self._texts))
        if self._committed:
            connection.protocol.finish()
        connection.flush()
        self._connection = connection
        self.connected.set()
        self._schedule_keep_alive()

    async def _next_event(self, connection: RealtimeConnection) -> None:
        try:
            if self._audio.full:
                await self._audio.room()
            with self._clocks:
                event = await connection.receive()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self.aborted or not connection.protocol.ended or task is None:
                raise
            task.uncancel()  # `commit` found that there is nothing left to wait for
            return
        except ModelError as error:
            if not connection.protocol.idle:
                raise
            self._forget_spoken()
            raise _ClosedWhileIdle from error
        if isinstance(event, AudioReceived):
            if event.data:
                self._audio.feed(event.data)
                self._audio_came = True
                if self._committed:
                    self._clocks.content_received()
        elif isinstance(event, SegmentFinished):
            self._on_segment(event)

    def _check_spoken(self) -> None:
        """Raise `ServerError` when the text got no audio at all, unless it has nothing to pronounce."""
        text = "".join(self._texts)
        if self._audio_came or not text:
            return
        if makes_sound(text):
            raise ServerError(f"the server ended the speech without any audio for {len(text)} characters of text")
        self.silent = True

    def _forget_spoken(self) -> None:
        """All text so far is spoken, so that a retry need not repeat it."""
        self._texts.clear()
        self._audio_came = False

    def _schedule_keep_alive(self) -> None:
        """Restart the timer of the protocol's keep-alive; it runs while the server waits for text."""
        if self._keep_alive is not None:
            self._keep_alive.cancel()
            self._keep_alive = None
        seconds = self._connection.protocol.keep_alive_after if self._connection is not None else None
        if seconds is not None and not self._committed:
            self._keep_alive = self._context.runtime.clock.call_later(seconds, self._send_keep_alive)

    def _send_keep_alive(self) -> None:
        if self._connection is not None:
            self._connection.protocol.keep_alive()
            self._connection.flush()
            self._schedule_keep_alive()
