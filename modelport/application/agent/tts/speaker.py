"""Sends the text of a reply to a speech model, and turns the model's audio into events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

from ....domain.errors import ModelError
from ....domain.ids import new_id
from ....domain.message.events import (
    CustomEvent,
    DataBlockDeltaEvent,
    DataBlockEndEvent,
    DataBlockStartEvent,
    Event,
    data_of,
)
from ....domain.speech.responses import TTSResponse, TTSUsage
from ....ports.models import ArrivingAudio, TTSModel
from ...call.tasks import cancel_all
from ..streams import close
from .text_buffer import SpokenText

__all__ = ["Speech"]


class Speech:
    """The speech of one reply. `run` is the body of a task: it reads `text` and passes events to `put`, which may wait.

    The audio of each text block is one data block. An error ends the speech with the event `speech_failed` and is not
    raised; only a cancellation is. The context that `turn` returns is entered once the reply has started.
    """

    def __init__(
        self,
        model: TTSModel,
        text: SpokenText,
        put: Callable[[Event], Awaitable[None]],
        turn: Callable[[], AbstractAsyncContextManager[None]],
    ) -> None:
        self._model = model
        self._text = text
        self._put = put
        self._turn = turn
        self._audio = _AudioEvents()
        self._arriving = model if isinstance(model, ArrivingAudio) else None

    async def run(self) -> None:
        """Speak until the text ends."""
        try:
            await self._text.started()
            async with self._turn():
                await (self._speak_while_written() if self._model.realtime else self._speak_blocks())
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            await self._failed(error)  # this task was not cancelled: the model cancelled itself
        except Exception as error:
            await self._failed(error)

    async def _failed(self, error: BaseException) -> None:
        self._text.close()
        for event in self._audio.end():
            await self._put(event)
        await self._put(CustomEvent(name="speech_failed", value=_error_value(error), reply_id=self._text.reply_id))

    async def _speak_blocks(self) -> None:
        """Speak each block once it is complete."""
        while (block_id := await self._text.next_block()) is not None:
            self._audio.begin(self._text.reply_id, block_id)
            await self._synthesize(await self._text.rest())

    async def _speak_while_written(self) -> None:
        """Speak each block while it is being written, all of them over one connection."""
        await self._model.connect()
        try:
            while (block_id := await self._text.next_block()) is not None:
                self._audio.begin(self._text.reply_id, block_id)
                while text := await self._more_text():
                    await self._put_audio(await self._model.push(text))
                await self._synthesize(None)
        except BaseException:
            with suppress(Exception):  # keep the first error
                await self._model.close()
            raise
        await self._model.close()

    async def _more_text(self) -> str:
        """Wait for the next text to push; audio that arrives first is emitted."""
        if self._arriving is None:
            return await self._text.more()
        text = asyncio.ensure_future(self._text.more())
        try:
            more_audio = True
            while more_audio and not text.done():
                audio = asyncio.ensure_future(self._arriving.arrived())
                try:
                    await asyncio.wait([text, audio], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await cancel_all([audio])
                response = None if audio.cancelled() else audio.result()
                more_audio = response is not None
                if response is not None:
                    await self._put_audio(response)
            return await text
        finally:
            await cancel_all([text])

    async def _synthesize(self, text: str | None) -> None:
        """Speak this text, or the pushed text when `None`, to its end."""
        answer = await (self._model.synthesize() if text is None else self._model.synthesize(text))
        if isinstance(answer, TTSResponse):
            await self._put_audio(answer)
        else:
            try:
                async for response in answer:
                    await self._put_audio(response)
            finally:
                await close(answer)
        for event in self._audio.end():
            await self._put(event)

    async def _put_audio(self, response: TTSResponse) -> None:
        for event in self._audio.of(response):
            await self._put(event)


class _AudioEvents:
    """Turns the audio of successive utterances into events of data blocks."""

    def __init__(self) -> None:
        self._reply_id = ""
        self._text_block_id = ""
        self._block_id = ""
        """The open block; empty when none is."""
        self._usage: TTSUsage | None = None

    def begin(self, reply_id: str, text_block_id: str) -> None:
        """The following audio belongs to this text block."""
        self._reply_id, self._text_block_id = reply_id, text_block_id
        self._usage = None

    def of(self, response: TTSResponse) -> list[Event]:
        """The events of one response: a delta, and before the first one a start."""
        self._usage = response.usage or self._usage
        block = response.content
        if block is None:
            return []
        events: list[Event] = []
        reply_id = self._reply_id
        if not self._block_id:
            self._block_id, about = new_id(), {"text_block_id": self._text_block_id}
            media_type = block.source.media_type
            events.append(
                DataBlockStartEvent(reply_id=reply_id, block_id=self._block_id, media_type=media_type, metadata=about)
            )
        events.append(DataBlockDeltaEvent(reply_id=reply_id, block_id=self._block_id, **data_of(block)))
        return events

    def end(self) -> list[Event]:
        """The end event, if there was audio; its `metadata` holds the utterance's `usage`."""
        ended, self._block_id = self._block_id, ""
        if not ended:
            return []
        about: dict[str, Any] = {"text_block_id": self._text_block_id}  # Any: a usage object too
        if self._usage is not None:
            about["usage"] = self._usage
        return [DataBlockEndEvent(reply_id=self._reply_id, block_id=ended, metadata=about)]


def _error_value(error: BaseException) -> dict[str, Any]:  # Any: JSON values
    """The value of `speech_failed`; a `ModelError` has no keys in it, since the engine removes them."""
    value: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    if isinstance(error, ModelError):
        value |= {"provider": error.provider, "model": error.model, "status_code": error.status_code}
    return value
