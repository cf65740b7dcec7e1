"""One utterance of a realtime speech model, as its caller sees it: text goes in, audio comes out of `audio`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ....domain.errors import ModelError, StreamTruncatedError
from ....domain.message.blocks import DataBlock
from ....domain.message.responses import ModelWarning
from ....domain.speech.responses import TTSResponse, TTSUsage
from ....domain.speech.spoken import SpokenAudio
from ....domain.speech.text import NOTHING_TO_PRONOUNCE, ColdStart
from ....ports.codec.realtime_speech import RealtimeRequest, RealtimeTTSCodec, SegmentFinished
from ...call.spec import CallSpec
from ..utterance import Utterance
from .audio_queue import AudioQueue
from .connection import ConnectionPool, RealtimeConnection
from .worker import RealtimeWorker

__all__ = ["RealtimeUtterance"]


class RealtimeUtterance:
    """Speaks the text that is written to it. A task of its own, which starts with the first text, uses the network.

    Args:
        cold_start: holds the first text back until there is enough of it.
        settings: the caller's keyword arguments, which belong to the first text (Any: provider fields).
        pool: where connections come from and go back to; without it the utterance has a connection of its own.
        on_end: called with the utterance when none of its tasks is left.
    """

    def __init__(
        self,
        spec: CallSpec,
        codec: RealtimeTTSCodec,
        request: RealtimeRequest,
        cold_start: ColdStart,
        warnings: Sequence[ModelWarning],
        settings: Mapping[str, Any],
        pool: ConnectionPool | None = None,
        on_end: Callable[[RealtimeUtterance], None] | None = None,
    ) -> None:
        audio_format = codec.audio_format(request)
        self.warnings = list(warnings)
        self.settings = dict(settings)
        self._utterance = Utterance(spec, audio_format.sample_rate, self.warnings)
        self._utterance.audio = spoken = SpokenAudio(audio_format)
        self.audio = AudioQueue(spoken)
        self.head = self._utterance.head
        self.response = self._utterance.response
        self._last = self.head
        self._pool = pool
        self._on_end = on_end
        self._cold_start = cold_start
        self._facts: list[Mapping[str, Any]] = []  # Any: provider facts
        clocks = self._utterance.clocks
        self._worker = RealtimeWorker(spec, codec, request, clocks, self.audio, self._segment_finished, pool)
        self._task: asyncio.Task[None] | None = None

    def write(self, text: str) -> None:
        """Speak this text after the text so far; it may be sent later."""
        self._say(self._cold_start.feed(text))

    def commit(self) -> bool:
        """End the text; returns whether there was any."""
        self.audio.reserve()
        self._say(self._cold_start.flush())
        if self._task is None:
            self._finish()
            return False
        if self._worker.commit() and not self.audio.ended:
            self._task.cancel()  # everything was spoken before: the task waits for a message that will not come
        return True

    async def connected(self) -> None:
        """Wait until the connection is open; raises the last attempt's error when all attempts failed."""
        await self._worker.connected.wait()
        if self.audio.error is not None and not self.audio.audio.came:
            raise self.audio.error

    async def complete(self) -> DataBlock | None:
        """Wait for the end; all audio that was not delivered, as a file. Raises the error, with that audio at least."""
        try:
            await self.audio.complete()
        except ModelError as error:
            block = self.audio.audio.not_delivered()
            if error.partial is not None:
                error.partial.content = [block] if block else []
            raise
        return self.audio.audio.take_file()

    async def abort(self) -> None:
        """Stop speaking, close the connection, and return when no task of the utterance is left."""
        if self._task is not None:
            if not self.audio.ended:
                self._worker.aborted = True
                self._task.cancel()
            await asyncio.wait([self._task])
            self._fail(_aborted())  # has an effect only if the task was cancelled before it ran
        self._end()

    @property
    def last(self) -> TTSResponse:
        """The last response, once the utterance is complete."""
        return self._last

    def _segment_finished(self, segment: SegmentFinished) -> None:
        self.audio.audio.end_segment()
        if segment.usage is not None:
            usage = self._utterance.usage = self._utterance.usage or TTSUsage()
            usage.add(segment.usage)
        if segment.facts:
            self._facts.append(segment.facts)

    def _fail(self, error: BaseException) -> None:
        """End the utterance early. Readers of the audio get a `StreamTruncatedError` in place of a cancellation."""
        self._worker.connected.set()  # a task that was cancelled before it ran does not
        if self.audio.ended:
            return
        self._utterance.failed(error, self._worker.attempts)
        if not isinstance(error, Exception):
            error = _aborted()
            self._utterance.failed(error, self._worker.attempts)
        self.audio.end(error)

    def _finish(self) -> None:
        """The utterance is complete."""
        if self._worker.silent:
            self.warnings.append(ModelWarning("other", "text", NOTHING_TO_PRONOUNCE))
        facts = {"requests": [dict(fact) for fact in self._facts]} if self._facts else None
        self._last = self._utterance.last(facts, self._worker.attempts)
        self.audio.end()

    def _say(self, text: str) -> None:
        if not text:
            return
        self._worker.say(text)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            connection = await self._worker.run()
            self._finish()
            if connection is not None:
                await self._release(connection)
        except asyncio.CancelledError as cancelled:
            self._fail(cancelled)
            raise
        except Exception as error:
            self._fail(error)
        finally:
            self._end()

    def _end(self) -> None:
        if self._on_end is not None:
            self._on_end(self)

    async def _release(self, connection: RealtimeConnection) -> None:
        """Give the connection back, or close it where it cannot be used again."""
        if self._pool is not None and connection.protocol.reusable:
            await self._pool.put(connection)
        else:
            await connection.aclose()


def _aborted() -> StreamTruncatedError:
    return StreamTruncatedError("the speech was stopped before its end", retryable=False)
