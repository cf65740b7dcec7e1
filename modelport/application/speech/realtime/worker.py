"""The network side of an utterance: attempts until one speaks it all, with one budget and one set of clocks.

Until audio came, a failure begins all over with the whole text; after that it is the end. Where the server is done with
all it was told while the caller still writes, what follows stands on its own, without the old text and connection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ....domain.errors import InvalidRequestError, ModelError, ModelTimeoutError
from ....domain.message.responses import AttemptRecord
from ....ports.clock import TimerHandle
from ....ports.codec.realtime_speech import AudioReceived, RealtimeRequest, SegmentFinished
from ...call.attempts import Attempts
from ...call.clocks import CallClocks
from ...call.context import CallContext
from .connection import RealtimeConnection, connect, repeated

if TYPE_CHECKING:
    from .model import RealtimeTTSModel
    from .session import RealtimeSession
    from .utterance import RealtimeCall

__all__ = ["RealtimePump"]

_SWITCHED = 101
"""The status of a handshake that succeeded."""


class _EndedAtRest(Exception):
    """The connection ended while nothing was on its way."""


class RealtimePump:
    """`run` is a task of its own; `say` and `commit` are called beside it and never wait."""

    def __init__(
        self,
        call: RealtimeCall,
        model: RealtimeTTSModel,
        request: RealtimeRequest,
        clocks: CallClocks,
        session: RealtimeSession | None,
    ) -> None:
        self.connected = asyncio.Event()
        """Set when the connection stands, and when none will."""
        self.given_up = False
        """Whether a cancellation means the utterance, and not the wait for a message."""
        self._call = call
        self._audio = call.audio
        self._model = model
        self._request = request
        self._session = session
        self._clocks = clocks
        self._context = CallContext.of(model._spec(stream=True), clocks=clocks)
        self._attempts = Attempts(self._context, model.retry_policy, model._get_retryable_exceptions())
        self._texts: list[str] = []
        self._committed = False
        self._blamed = False
        self._spoke = False
        self._more = asyncio.Event()
        self._line: RealtimeConnection | None = None
        self._silence: TimerHandle | None = None

    @property
    def attempts(self) -> list[AttemptRecord]:
        """One record for each attempt so far."""
        return list(self._context.attempts)

    def say(self, text: str) -> None:
        """Speak this too; the text is not blank."""
        if self._line is not None and self._line.protocol.resting:
            self._rest()
        self._texts.append(text)
        self._more.set()
        if self._line is not None:
            self._line.protocol.push(text)
            self._line.flush()
            self._await_silence()

    def commit(self) -> bool:
        """There is no more text: from now on the server owes audio, and its clocks run.

        Whether everything was spoken before, so that there is nothing to wait for.
        """
        self._committed = True
        self._more.set()
        self._await_silence()
        self._clocks.awaiting_content(True)
        if self._line is None:
            return False
        self._line.protocol.finish()
        self._line.flush()
        return self._line.protocol.ended

    async def run(self) -> RealtimeConnection | None:
        """Attempts until all is spoken; the connection that is still open. Raises the last attempt's error."""
        try:
            return await repeated(self._attempts, self._attempt, self._failure)
        finally:
            self.connected.set()

    def _failure(self, error: Exception) -> ModelError:
        """The error to try again after; raises it where that would repeat audio, or help nobody.

        An end that blames the request is worth one more try.

        Facts: docs/protocols/dashscope-tts.md#errors.
        """
        failure = self._attempts.failed(error)
        if self._spoke or not isinstance(failure, ModelError):
            raise failure
        if isinstance(failure, InvalidRequestError) and failure.retryable:
            failure.retryable = not self._blamed
            self._blamed = True
        return failure

    async def _attempt(self) -> RealtimeConnection | None:
        """Speak it all. A connection that ends while nothing is on its way is replaced when there is text again."""
        while True:
            try:
                return await self._speak()
            except _EndedAtRest:
                self._attempts.ended()
            while not self._texts:
                if self._committed:
                    return None
                self._more.clear()
                await self._more.wait()
            await self._attempts.begin()

    async def _speak(self) -> RealtimeConnection:
        """Speak the text: on the connection that is open already, else on a new one.

        An open one may have been closed a moment ago, which is no failure: nobody has been asked anything.
        """
        self._clocks.awaiting_content(self._committed)
        spare = None
        if self._session is not None and not self._request.extra_headers:
            spare = await self._session.take_spare()
        if spare is not None:
            try:
                return await self._converse(spare)
            except ModelError as error:
                if spare.heard or isinstance(error, ModelTimeoutError):
                    raise
        stands = self._clocks.connecting()
        with self._clocks:
            line = await connect(self._context.runtime, self._model.codec, self._request)
        stands()
        return await self._converse(line)

    async def _converse(self, line: RealtimeConnection) -> RealtimeConnection:
        """Speak the whole text on this connection, which is closed unless that succeeds."""
        whole = False
        try:
            self._take(line)
            while not line.protocol.ended:
                await self._next_event(line)
            whole = True
        finally:
            self._line = None
            self._await_silence()
            if not whole:
                await line.aclose()
        return line

    def _take(self, line: RealtimeConnection) -> None:
        """Tell this connection all that was said so far; from now on the caller speaks to it."""
        line.heard = False
        self._context.answered(_SWITCHED, {}, None)
        self._clocks.awaiting_content(self._committed)
        line.protocol.start(self._request)
        line.protocol.push("".join(self._texts))
        if self._committed:
            line.protocol.finish()
        line.flush()
        self._line = line
        self.connected.set()
        self._await_silence()

    async def _next_event(self, line: RealtimeConnection) -> None:
        try:
            await self._audio.room()
            with self._clocks:
                event = await line.receive()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self.given_up or not line.protocol.ended or task is None:
                raise
            task.uncancel()  # `commit` found that nothing is left to wait for
            return
        except ModelError as error:
            if not line.protocol.resting:
                raise
            self._rest()
            raise _EndedAtRest from error
        if isinstance(event, AudioReceived):
            self._audio.feed(event.data)
            self._spoke = True
            if self._committed and event.data:
                self._clocks.content_received()
        elif isinstance(event, SegmentFinished):
            self._call.note(event)

    def _rest(self) -> None:
        """What was said until now is spoken."""
        self._texts.clear()
        self._spoke = False

    def _await_silence(self) -> None:
        """Count from here how long the caller is silent, as long as the server waits for text."""
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        seconds = self._line.protocol.keep_alive_after if self._line is not None else None
        if seconds is not None and not self._committed:
            self._silence = self._context.runtime.clock.call_later(seconds, self._silent)

    def _silent(self) -> None:
        if self._line is not None:
            self._line.protocol.keep_alive()
            self._line.flush()
            self._await_silence()
