"""One answer: written by the chat model, and spoken sentence by sentence while it goes on."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ....domain.errors import ModelportError
from ....domain.ids import new_id
from ....domain.message.blocks import TextBlock
from ....domain.message.responses import ChatUsage, FinishReason
from ....domain.speech.text import Sentences, split_text

if TYPE_CHECKING:
    from ....application.chat.model import ChatModelBase
    from ....application.chat.stream import ChatStream
    from ....domain.message.messages import Msg
    from ..espeak import Manner
    from .conversation import Conversation, Item

__all__ = ["RATE", "Reply", "Style"]

Json = dict[str, Any]  # Any: JSON
RATE = 22_050
"""Samples per second of eSpeak NG."""
_PIECE = RATE * 2 // 5
"""Bytes of one event: a fifth of a second."""
_LONGEST = 300
"""Characters that are spoken at a time."""
_NO_DETAILS: Json | None = None
_UNHEARD = "Sorry, I did not catch that. Please say it again."


@dataclass(frozen=True, slots=True)
class Style:
    """How answers are given: the instructions, how many tokens at most, and the manner of speaking or `None`."""

    instructions: str
    manner: Manner | None


class Reply:
    """One response; `run` is its task, and cancelling it ends it.

    Args:
        send: sends an event.
        room: waits while the client has too much to read.
    """

    def __init__(self, conversation: Conversation, send: Callable[[Json], None], room: Callable[[], Awaitable[None]]):
        self.id = new_id()
        self._conversation = conversation
        self._send = send
        self._room = room
        self._item: Item | None = None
        self._stopped = threading.Event()
        self._usage: ChatUsage | None = None
        self._manner: Manner | None = None

    async def run(self, chat: ChatModelBase[ChatStream], style: Style) -> None:
        """Answer; the response ends exactly once, however this does."""
        self._manner = style.manner
        status, details = "cancelled", _NO_DETAILS
        self._send({"type": "response.created", "response": {"id": self.id, "status": "in_progress"}})
        try:
            reason = await self._answer(chat, self._conversation.messages(style.instructions))
            status = "completed" if reason is not FinishReason.LENGTH else "incomplete"
            details = {"type": "incomplete", "reason": "max_output_tokens"} if status == "incomplete" else None
        except ModelportError as error:
            status, details = "failed", {"type": "failed", "error": {"message": str(error)}}
        finally:
            self._stopped.set()
            self._end(status, details)

    def _end(self, status: str, details: Json | None) -> None:
        item = self._item
        if item is not None:
            done = {**item.wire, "status": "completed" if status == "completed" else "incomplete"}
            self._send({"type": "response.output_item.done", "response_id": self.id, "item": done})
        response: Json = {"id": self.id, "status": status, "status_details": details, "usage": self._counts()}
        self._send({"type": "response.done", "response": response})

    def _counts(self) -> Json | None:
        used = self._usage
        return None if used is None else {"input_tokens": used.input_tokens, "output_tokens": used.output_tokens}

    async def _answer(self, chat: ChatModelBase[ChatStream], messages: Sequence[Msg]) -> FinishReason | None:
        if messages[-1].role != "user":
            await self._say(_UNHEARD)
            return FinishReason.STOP
        sentences = Sentences()
        stream = await chat([*messages])
        async with stream:
            async for step in stream:
                if step.is_last:
                    self._usage, reason = step.usage, step.finish_reason
                    break
                text = "".join(block.text for block in step.content if isinstance(block, TextBlock))
                await self._say(text if self._manner is None else sentences.feed(text))
        await self._say(sentences.finish())
        return reason

    async def _say(self, text: str) -> None:
        """Send a piece of the answer, as text or as speech with its transcript."""
        if not text:
            return
        item = self._begun()
        item.text += text
        if self._manner is None:
            self._send({"type": "response.output_text.delta", **self._place(item), "delta": text})
            await asyncio.sleep(0)
            return
        for part in split_text(text, _LONGEST):
            await self._speak(item, part, self._manner)

    async def _speak(self, item: Item, text: str, manner: Manner) -> None:
        from ..espeak import Espeak, with_espeak

        pcm = await with_espeak(partial(Espeak.speak, text=text, manner=manner, stopped=self._stopped.is_set))
        start_ms = item.playout.generated_ms
        item.playout.pieces.append((text, start_ms))
        item.playout.generated_ms += len(pcm) * 500 / RATE
        words = {"type": "response.output_audio_transcript.delta", "delta": text, "start_time": start_ms / 1000}
        self._send({**words, **self._place(item)})
        for start in range(0, len(pcm), _PIECE):
            data = base64.b64encode(pcm[start : start + _PIECE]).decode("ascii")
            self._send({"type": "response.output_audio.delta", **self._place(item), "delta": data})
            await self._room()

    def _begun(self) -> Item:
        """The item of the answer, which stands in the conversation from its first words on."""
        if self._item is None:
            kind = "output_text" if self._manner is None else "output_audio"
            wire = {"type": "message", "role": "assistant", "content": [{"type": kind}]}
            self._item, previous = self._conversation.add(wire)
            added = {"response_id": self.id, "item": self._item.wire}
            self._send({"type": "response.output_item.added", **added})
            self._send({"type": "conversation.item.added", "previous_item_id": previous, "item": self._item.wire})
        return self._item

    def _place(self, item: Item) -> Json:
        return {"response_id": self.id, "item_id": item.id}
