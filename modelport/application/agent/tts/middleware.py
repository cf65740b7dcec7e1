"""Speaks an agent's reply while its text is streamed, without delaying it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar

from ....domain.errors import InvalidRequestError
from ....domain.message.events import Event, ReplyEndEvent
from ....ports.models import TTSModel
from ...call.per_loop import PerLoop
from ...call.tasks import cancel_all
from ..middleware import AgentView, MiddlewareBase
from .event_merge import EventMerge
from .speaker import Speech
from .text_buffer import SpokenText

__all__ = ["TTSMiddleware"]


class TTSMiddleware(MiddlewareBase):
    """Adds the speech of each reply to its events, as one WAV data block for each text block.

    A model that is not realtime speaks each block once its text is complete. A realtime model is connected for the
    reply, gets each piece of text as it arrives, and speaks at the same time. Text events are never delayed; the end
    of the reply waits for the remaining audio. A failure ends the speech with `CustomEvent(name="speech_failed")`, and
    the reply continues.

    Args:
        tts_model: the speech model. A realtime model speaks one reply at a time; a second reply waits.
        most_pending_characters: the most characters of text that may wait to be spoken before the speech gives up.
        most_pending_audio: the most pieces of audio that may wait to be read before the speech model has to wait.
    """

    def __init__(
        self, tts_model: TTSModel, *, most_pending_characters: int = 100_000, most_pending_audio: int = 64
    ) -> None:
        if isinstance(tts_model, type) or not hasattr(tts_model, "synthesize"):
            raise InvalidRequestError(f"tts_model is {tts_model!r:.60}; pass a speech model, e.g. DashScopeTTSModel(…)")
        for name, most in (("characters", most_pending_characters), ("audio", most_pending_audio)):
            if most < 1:
                raise InvalidRequestError(f"most_pending_{name} is {most}, expected at least 1")
        self.tts_model = tts_model
        self._most_characters = most_pending_characters
        self._most_audio = most_pending_audio
        self._turns = PerLoop(asyncio.Lock)

    async def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        """The reply's events merged with those of its speech; `ReplyEndEvent` comes last."""
        merge = EventMerge(self._most_audio)
        text = SpokenText(self._most_characters)
        speech = asyncio.create_task(Speech(self.tts_model, text, merge.put_side, self._turn).run())
        main = asyncio.create_task(self._forward(events, text, merge, speech))
        main.add_done_callback(lambda _: merge.close())
        try:
            async for event in merge:
                yield event
            await main
            await speech  # finished; re-raises KeyboardInterrupt and SystemExit
        finally:
            await cancel_all([main, speech])

    def _turn(self) -> AbstractAsyncContextManager[None]:
        """The context that a reply is spoken in: a realtime model's connection serves one reply at a time."""
        if not self.tts_model.realtime:
            return nullcontext()
        if any(middleware is self and not speech.done() for middleware, speech in _enclosing.get()):
            raise InvalidRequestError(
                "this TTSMiddleware is still speaking the reply whose tool runs this agent; give the inner agent a "
                "TTSMiddleware of its own"
            )
        return self._turns.get()

    async def _forward(
        self, events: AsyncIterator[Event], text: SpokenText, merge: EventMerge, speech: asyncio.Task[None]
    ) -> None:
        """Forward each event; `ReplyEndEvent` waits for the last audio."""
        _enclosing.set((*_enclosing.get(), (self, speech)))
        put = merge.put_main
        async for event in events:
            text.feed(event)
            if isinstance(event, ReplyEndEvent):
                text.close()
                await asyncio.wait([speech])
                put = merge.put_side
            await put(event)
        text.close()
        await asyncio.wait([speech])


_enclosing: ContextVar[tuple[tuple[TTSMiddleware, asyncio.Task[None]], ...]] = ContextVar("enclosing", default=())
"""The speech tasks of the replies inside which the current code runs; an agent inside a tool has some."""
