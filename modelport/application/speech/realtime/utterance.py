"""One utterance of a realtime speech model, as its caller sees it: text goes in, audio comes out of `audio`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....domain.errors import StreamTruncatedError
from ....domain.message.responses import ModelWarning
from ....domain.speech.audio import SpokenAudio
from ....domain.speech.responses import TTSResponse, TTSUsage
from ....domain.speech.text import ColdStart
from ....ports.codec.realtime_speech import RealtimeRequest, SegmentFinished
from ..utterance import Utterance
from .audio_queue import AudioQueue
from .worker import RealtimePump

if TYPE_CHECKING:
    from .connection import RealtimeConnection
    from .model import RealtimeTTSModel
    from .session import RealtimeSession

__all__ = ["RealtimeCall"]


class RealtimeCall:
    """Speaks what is written. The network is a task of its own, the pump, which begins with the first text.

    Args:
        session: where connections come from and go back to; without it there is one for this utterance only.
    """

    def __init__(
        self,
        model: RealtimeTTSModel,
        request: RealtimeRequest,
        warnings: Sequence[ModelWarning],
        session: RealtimeSession | None = None,
    ) -> None:
        audio_format = model.codec.audio_format(request)
        self.warnings = list(warnings)
        self.settings: dict[str, Any] = {}  # Any: provider fields
        """What the caller gave with the text."""
        self._utterance = Utterance(model, audio_format.sample_rate, self.warnings)
        self._utterance.audio = spoken = SpokenAudio(audio_format)
        self.audio = AudioQueue(spoken)
        self.head = self._utterance.head
        self._last = self.head
        self._session = session
        self._gate = ColdStart(model.cold_start_length, model.cold_start_words)
        self._facts: list[Mapping[str, Any]] = []  # Any: provider facts
        self._pump = RealtimePump(self, model, request, self._utterance.clocks, session)
        self._task: asyncio.Task[None] | None = None

    def write(self, text: str) -> None:
        """Speak this too; it may leave later."""
        self._say(self._gate.feed(text))

    def commit(self) -> bool:
        """There is no more text; whether there was any."""
        self.audio.reserve()
        self._say(self._gate.flush())
        if self._task is None:
            self._finish()
            return False
        if self._pump.commit() and not self.audio.ended:
            self._task.cancel()  # all was spoken before: it waits for a message that will not come
        return True

    async def connected(self) -> None:
        """Wait until the connection stands; raises the last attempt's error when none did."""
        await self._pump.connected.wait()
        if self.audio.error is not None and not self.audio.audio.came:
            raise self.audio.error

    async def abort(self) -> None:
        """Give up what is left of it, close its connection, and return when no task of it is left."""
        if self._task is None:
            return
        if not self.audio.ended:
            self._pump.given_up = True
            self._task.cancel()
        await asyncio.wait([self._task])
        self.failed(_given_up())  # where the pump was stopped before it ran
        self._leave()

    @property
    def last(self) -> TTSResponse:
        """The last response, once the utterance is whole."""
        return self._last

    # ---- what the pump tells

    def note(self, segment: SegmentFinished) -> None:
        """A part is complete."""
        self.audio.audio.end_segment()
        if segment.usage is not None:
            usage = self._utterance.usage = self._utterance.usage or TTSUsage()
            usage.add(segment.usage)
        if segment.facts:
            self._facts.append(segment.facts)

    def failed(self, error: BaseException) -> None:
        """The utterance is over before its end; a cancellation is told to listeners as what it means for them."""
        self._pump.connected.set()  # a pump that was stopped before it ran does not
        if self.audio.ended:
            return
        self._utterance.failed(error, self._pump.attempts)
        if not isinstance(error, Exception):
            error = _given_up()
            self._utterance.failed(error, self._pump.attempts)
        self.audio.end(error)

    def _finish(self) -> None:
        """The utterance is whole."""
        facts = {"requests": [dict(fact) for fact in self._facts]} if self._facts else None
        self._last = self._utterance.last(facts, self._pump.attempts)
        self.audio.end()

    def _say(self, text: str) -> None:
        if not text:
            return
        self._pump.say(text)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
            if self._session is not None:
                self._session.calls.add(self)

    async def _run(self) -> None:
        try:
            line = await self._pump.run()
            self._finish()
            if line is not None:
                await self._dismiss(line)
        except asyncio.CancelledError as cancelled:
            self.failed(cancelled)
            raise
        except Exception as error:
            self.failed(error)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._session is not None:
            self._session.calls.discard(self)

    async def _dismiss(self, line: RealtimeConnection) -> None:
        """The connection is not needed any more, by this utterance at least."""
        if self._session is not None and line.protocol.reusable:
            await self._session.give_back(line)
        else:
            await line.aclose()


def _given_up() -> StreamTruncatedError:
    return StreamTruncatedError("the speech was given up before its end", retryable=False)
