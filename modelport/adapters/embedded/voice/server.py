"""The server of one voice conversation: events of OpenAI's realtime protocol in, and out.

Facts: docs/protocols/realtime-openai.md#client-events, docs/protocols/realtime-openai.md#server-events.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ....application.call.tasks import cancel_all
from ....domain.errors import ModelportError
from ...wire.realtime import text_of
from .conversation import Conversation
from .listening import Ears
from .reply import Reply, Style

if TYPE_CHECKING:
    from ....application.chat.model import ChatModelBase
    from ....application.chat.stream import ChatStream
    from ..espeak import Manner

__all__ = ["VoiceServer"]

Json = dict[str, Any]  # Any: JSON
_INSTRUCTIONS = "You are a helpful assistant. Answer in one or two short sentences."
_TOKENS = 160
"""The longest answer unless the session says otherwise: about a minute of speech."""
_WORDS_PER_MINUTE = 175


class VoiceServer:
    """One session. `take` handles the client's events one after the other; a reply runs beside them.

    Args:
        new_chat: makes the chat model, given its parameters; without one, speech is only transcribed.
        send: sends an event.
        room: waits while the client has too much to read.
    """

    def __init__(
        self,
        new_chat: Callable[..., ChatModelBase[ChatStream]] | None,
        send: Callable[[Json], None],
        room: Callable[[], Awaitable[None]],
    ) -> None:
        self._new_chat = new_chat
        self._chat: ChatModelBase[ChatStream] | None = None
        self._send = send
        self._room = room
        self._conversation = Conversation()
        self._ears = Ears(send, self._speech_started, self._turn)
        self._session: Json = {}
        self._style = Style(_INSTRUCTIONS, None)
        self._reply: asyncio.Task[None] | None = None
        self._handlers: dict[str, Callable[[Json], Awaitable[None]]] = {
            "session.update": self._update,
            "conversation.item.create": self._create,
            "conversation.item.truncate": self._truncate,
            "conversation.item.delete": self._delete,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
            "response.create": self._respond,
            "response.cancel": self._cancel,
        }

    async def take(self, event: Json) -> None:
        """Handle an event. An error is sent, and the session goes on."""
        kind = text_of(event, "type")
        handler = self._handlers.get(kind)
        if handler is None:
            self._refuse(f"the embedded voice has no event {kind!r}", "unknown_event")
            return
        try:
            await handler(event)
        except ModelportError as error:
            self._refuse(str(error), "not_installed" if kind == "input_audio_buffer.append" else "invalid_request")

    async def aclose(self) -> None:
        """Stop everything."""
        self._ears.close()
        if self._reply is not None:
            await cancel_all([self._reply])

    def _refuse(self, message: str, code: str) -> None:
        self._send({"type": "error", "error": {"type": "invalid_request_error", "code": code, "message": message}})

    # -- the session ---------------------------------------------------------------------------------------------------

    async def _update(self, event: Json) -> None:
        """Take settings; those that are not given stay."""
        given = event.get("session")
        _merge(self._session, given if isinstance(given, dict) else {})
        session = self._session
        audio = session.get("audio", {})
        listening, speaking = audio.get("input", {}), audio.get("output", {})
        self._ears.detects = listening.get("turn_detection", {}) is not None
        self._ears.transcribes = listening.get("transcription", {}) is not None
        if self._new_chat is not None:
            await self._prepare(self._new_chat, session, speaking)
        self._send({"type": "session.updated", "session": {"id": "embedded", "model": "voice", **session}})

    async def _prepare(self, new_chat: Callable[..., ChatModelBase[ChatStream]], session: Json, speaking: Json) -> None:
        """Who answers, and how."""
        spoken = session.get("output_modalities", ["audio"]) != ["text"]
        manner = await _manner(speaking) if spoken else None
        self._style = Style(text_of(session, "instructions") or _INSTRUCTIONS, manner)
        values = {"max_tokens": session.get("max_output_tokens") or _TOKENS, "temperature": session.get("temperature")}
        self._chat = new_chat(**{name: value for name, value in values.items() if value is not None})

    # -- items ---------------------------------------------------------------------------------------------------------

    async def _create(self, event: Json) -> None:
        wire = event.get("item")
        item, previous = self._conversation.add(wire if isinstance(wire, dict) else {})
        self._send({"type": "conversation.item.added", "previous_item_id": previous, "item": item.wire})

    async def _truncate(self, event: Json) -> None:
        item_id, end = text_of(event, "item_id"), event.get("audio_end_ms")
        if not isinstance(end, int | float) or not self._conversation.truncate(item_id, end):
            self._refuse(f"there is no item {item_id!r} to truncate", "item_not_found")
            return
        self._send({"type": "conversation.item.truncated", "item_id": item_id, "audio_end_ms": end})

    async def _delete(self, event: Json) -> None:
        item_id = text_of(event, "item_id")
        if not self._conversation.delete(item_id):
            self._refuse(f"there is no item {item_id!r} to delete", "item_not_found")
            return
        self._send({"type": "conversation.item.deleted", "item_id": item_id})

    # -- speech --------------------------------------------------------------------------------------------------------

    async def _append(self, event: Json) -> None:
        try:
            pcm = base64.b64decode(text_of(event, "audio"), validate=True)
        except binascii.Error:
            self._refuse("expected base64 in `audio`", "invalid_audio")
            return
        await self._ears.add(pcm)

    async def _commit(self, event: Json) -> None:
        begun = self._ears.begun
        turn = await self._ears.commit()
        if turn is None or (self._new_chat is None and not begun and not turn[1]):
            self._refuse("there is no audio to commit; send some first", "input_audio_buffer_commit_empty")
            return
        self._said(*turn)

    async def _clear(self, event: Json) -> None:
        await self._ears.clear()
        self._send({"type": "input_audio_buffer.cleared"})

    def _speech_started(self) -> None:
        if self._reply is not None:
            self._reply.cancel()

    async def _turn(self, item_id: str, text: str) -> None:
        """The user has stopped speaking."""
        self._said(item_id, text)
        if self._new_chat is not None:
            await self._begin(self._style)

    def _said(self, item_id: str, text: str) -> None:
        """A turn of the user, with its transcript."""
        content = [{"type": "input_audio", "transcript": text}]
        wire = {"id": item_id, "type": "message", "role": "user", "content": content}
        item, previous = self._conversation.add(wire)
        self._send({"type": "input_audio_buffer.committed", "item_id": item.id, "previous_item_id": previous})
        self._send({"type": "conversation.item.added", "previous_item_id": previous, "item": item.wire})
        if self._ears.transcribes:
            kind = "conversation.item.input_audio_transcription.completed"
            self._send({"type": kind, "item_id": item.id, "transcript": text})

    # -- replies -------------------------------------------------------------------------------------------------------

    async def _respond(self, event: Json) -> None:
        if self._reply is not None and not self._reply.done() and not self._reply.cancelling():
            self._refuse("a reply is being given; cancel it, or wait", "conversation_already_has_active_response")
            return
        given = event.get("response")
        instructions = text_of(given, "instructions") if isinstance(given, dict) else ""
        await self._begin(Style(instructions or self._style.instructions, self._style.manner))

    async def _begin(self, style: Style) -> None:
        """Answer, once what is being said has ended."""
        await self._stop()
        if self._chat is None:
            self._refuse("the session is not set up; send session.update first", "not_set_up")
            return
        reply = Reply(self._conversation, self._send, self._room)
        self._reply = asyncio.get_running_loop().create_task(reply.run(self._chat, style))
        await asyncio.sleep(0)  # a task that is cancelled before it runs would never say that it ended

    async def _stop(self) -> None:
        if self._reply is not None:
            await cancel_all([self._reply])

    async def _cancel(self, event: Json) -> None:
        if self._reply is None or self._reply.done():
            self._refuse("there is no reply to cancel", "response_cancel_not_active")
            return
        await self._stop()


def _merge(kept: Json, given: Json) -> None:
    for name, value in given.items():
        if isinstance(value, dict) and isinstance(kept.get(name), dict):
            _merge(kept[name], value)
        else:
            kept[name] = value


async def _manner(speaking: Json) -> Manner:
    """How to speak. Raises `InvalidRequestError` for an unknown voice."""
    from ..espeak import Manner, with_espeak

    speed = speaking.get("speed")
    rate = round(_WORDS_PER_MINUTE * (speed if isinstance(speed, int | float) else 1))
    name, _, variant = str(speaking.get("voice") or "en-us").lower().partition("+")
    manner = Manner(name, variant or None, rate, 50, 100)
    await with_espeak(lambda espeak: espeak.choose(manner))
    return manner
