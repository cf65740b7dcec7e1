"""An agent that talks: speech beside the text of its replies, and never in the text's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ....domain.errors import InvalidRequestError
from ....domain.message.events import Event, ReplyEndEvent
from ....ports.models import TTSModel
from ...call.tasks import cancel_all
from ..middleware import MiddlewareBase
from .event_merge import EventMerge
from .speaker import Speech
from .text_buffer import SpokenText

if TYPE_CHECKING:
    from ..agent import Agent

__all__ = ["TTSMiddleware"]


class TTSMiddleware(MiddlewareBase):
    """Adds the speech of each reply to its events, as one WAV data block for each text block.

    A model that is not realtime speaks a block once its text is whole; a realtime one is connected for the reply, is
    pushed each piece of text as it comes, and speaks meanwhile. Text events pass at once, whatever the speech does; the
    end of the reply waits for the rest of the speech. A failure ends the speech with
    `CustomEvent(name="speech_failed")`, and the reply goes on.

    Args:
        tts_model: who speaks. A realtime model speaks one reply at a time: a second one waits for its turn.
        most_pending_characters: how far the speech may be behind the text before it gives up.
        most_pending_audio: how many pieces of audio may wait to be read; then the speech model waits.
    """

    def __init__(
        self, tts_model: TTSModel, *, most_pending_characters: int = 100_000, most_pending_audio: int = 64
    ) -> None:
        if isinstance(tts_model, type) or not hasattr(tts_model, "synthesize"):
            raise InvalidRequestError(f"tts_model is {tts_model!r:.60}; give a speech model, as DashScopeTTSModel(…)")
        for name, most in (("characters", most_pending_characters), ("audio", most_pending_audio)):
            if most < 1:
                raise InvalidRequestError(f"most_pending_{name} is {most}; speech needs room for at least one")
        self.tts_model = tts_model
        self._most_characters = most_pending_characters
        self._most_audio = most_pending_audio
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def on_reply(self, agent: Agent, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        """The reply's events with those of its speech among them, and its end after both."""
        merge = EventMerge(self._most_audio)
        text = SpokenText(self._most_characters)
        voice = asyncio.create_task(Speech(self.tts_model, text, merge.put_beside, self._turn).run())
        words = asyncio.create_task(self._pass_on(events, text, merge, voice))
        words.add_done_callback(lambda _: merge.close())
        try:
            async for event in merge:
                yield event
            await words
            await voice  # over; raises what may end a program
        finally:
            await cancel_all([words, voice])

    def _turn(self) -> AbstractAsyncContextManager[None]:
        """What to enter to speak: a realtime model's connection is one reply's at a time."""
        if not self.tts_model.realtime:
            return nullcontext()
        if any(middleware is self and not voice.done() for middleware, voice in _around.get()):
            told = "this voice speaks the reply that this one is a part of"
            raise InvalidRequestError(f"{told}; give the agent inside a voice of its own")
        return self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())

    async def _pass_on(
        self, events: AsyncIterator[Event], text: SpokenText, merge: EventMerge, voice: asyncio.Task[None]
    ) -> None:
        """Every event to its reader; what ends the reply behind the last audio."""
        _around.set((*_around.get(), (self, voice)))
        put = merge.put_main
        async for event in events:
            text.hear(event)
            if isinstance(event, ReplyEndEvent):
                text.close()
                await asyncio.wait([voice])
                put = merge.put_beside
            await put(event)
        text.close()
        await asyncio.wait([voice])


_around: ContextVar[tuple[tuple[TTSMiddleware, asyncio.Task[None]], ...]] = ContextVar("replies_around", default=())
"""The speech of the replies that what runs now is a part of, as a tool's own agent is."""
