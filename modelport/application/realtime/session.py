"""A voice conversation: commands, the task that reads the socket, and the events that the application iterates over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

from ...domain.chat.tools import ToolChoice, ToolSchema, validate_tools
from ...domain.errors import InvalidRequestError
from ...domain.message.blocks import DataBlock, TextBlock, ToolResultBlock
from ...domain.message.events import DataBlockDeltaEvent
from ...domain.message.messages import Msg
from ...domain.message.responses import ChatUsage, ModelWarning
from ...domain.realtime.events import RealtimeEvent
from ...domain.realtime.history import Item
from ...domain.realtime.settings import TurnDetection
from ...ports.codec.realtime import RespondOptions
from ..call.arguments import check_type
from .engine import SessionEngine
from .output import output_text

__all__ = ["RealtimeSession"]

_OUTGOING_SECONDS = 2
"""Audio that may wait for the socket before `send_audio` waits."""


class RealtimeSession(SessionEngine):
    """One voice conversation, over one connection at a time.

    `async with` and `await` open it; `async for` yields its events, in order, until it ends. After the last event,
    `SessionEvent(kind="ended")`, the iteration raises the error of a session that failed. One task iterates; any task
    may send. Sending never waits for receiving.
    """

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RealtimeEvent:
        if self._reader is None and not self._closing:
            await self.open()
        event = await self._queue.get()
        if event is None:
            raise StopAsyncIteration
        if type(event) is DataBlockDeltaEvent and self._dialogue is not None:
            self._dialogue.taken(event.metadata, self._clock.monotonic())
        return event

    @property
    def history(self) -> list[Msg]:
        """The conversation so far: what was heard, not what was generated; legal for any chat model."""
        return self._history.messages()

    @property
    def warnings(self) -> list[ModelWarning]:
        """What was left out of the set-up, and whether the model's end is announced."""
        return list(self._setup.warnings)

    @property
    def usage(self) -> ChatUsage:
        """The tokens of all replies so far; `facts.usage_scope` says what the input counts."""
        return self._dialogue.usage if self._dialogue is not None else ChatUsage()

    async def send_audio(self, pcm: bytes) -> None:
        """Send speech: 16-bit little-endian mono samples at the parameter `input_sample_rate`.

        Waits while more than two seconds of it are unsent. While the session reconnects, the newest ten seconds are
        kept.
        """
        if not isinstance(pcm, bytes | bytearray | memoryview):
            raise InvalidRequestError(f"send_audio() takes bytes of 16-bit samples, not {type(pcm).__name__}")
        dialogue = await self._opened()
        data = bytes(pcm) if self._resampler.same else self._resampler.feed(bytes(pcm))
        if not data:
            return
        connection = self._connection
        if connection is None:
            self._early.add(data)
            return
        dialogue.protocol.audio(data)
        connection.flush()
        await connection.room(_OUTGOING_SECONDS * dialogue.protocol.traits.input_rate * 8 // 3)

    async def send_text(self, text: str, respond: bool = True) -> None:
        """Send typed text, and ask for a reply unless `respond` is false."""
        check_type("text", text, str)
        if not text.strip():
            raise InvalidRequestError("send_text() got no text; pass what the user types")
        await self._send([TextBlock(text=text)], respond)

    async def send_image(self, image: DataBlock, respond: bool = False) -> None:
        """Send an image, held as base64 in its block; the next reply sees it."""
        check_type("image", image, DataBlock)
        await self._send([image], respond)

    async def send(self, message: Msg, respond: bool = True) -> None:
        """Send a message of the user: its texts and images, in order."""
        check_type("message", message, Msg)
        if message.role != "user":
            raise InvalidRequestError("send() takes a user's Msg, e.g. UserMsg(name='user', content='Hello')")
        blocks = [block for block in message.content if isinstance(block, TextBlock | DataBlock)]
        if not blocks:
            raise InvalidRequestError("send() got a message without text or media")
        await self._send(blocks, respond)

    async def replay(self, messages: Sequence[Msg]) -> None:
        """Give the model a past conversation, before anything else is said; better as `connect(history=…)`."""
        self._check("seeds_history", "take a past conversation")
        dialogue = await self._ready()
        if len(self._history.messages()) > len(self._history.seed):
            raise InvalidRequestError("replay() comes too late: the conversation has begun; pass connect(history=…)")
        self._history.seed.extend(messages)
        self._history.expect(dialogue.protocol.seed(messages))
        self._flush()

    async def _send(self, blocks: Sequence[TextBlock | DataBlock], respond: bool) -> None:
        if any(isinstance(block, TextBlock) for block in blocks):
            self._check("text_input", "take typed text")
        if any(isinstance(block, DataBlock) for block in blocks):
            self._check("image_input", "take images")
        dialogue = await self._ready()
        sent = dialogue.protocol.user_items(blocks, respond)
        self._history.expect(sent)
        media = [block for block in blocks if isinstance(block, DataBlock)]
        for item_id, text in sent:
            item: Item = self._history.item(item_id, "user")
            item.text, item.media = text or "", media
            media = []
            self._history.place(item)
        self._history.forget_media()
        dialogue.user_turn(respond)
        self._flush()

    async def commit_audio(self, respond: bool = True) -> None:
        """End the user's turn (with `manual` turn detection), and ask for a reply unless `respond` is false.

        Some providers answer a turn in any case.
        """
        self._check("manual_turns", "end turns by hand")
        dialogue = await self._ready()
        dialogue.protocol.commit()
        dialogue.committed()
        if respond:
            dialogue.respond(RespondOptions())
        self._flush()

    async def clear_audio(self) -> None:
        """Forget the audio of the turn that was not ended."""
        dialogue = await self._ready()
        self._early.clear()
        dialogue.protocol.clear()
        self._flush()

    async def respond(
        self,
        instructions: str | None = None,
        tools: Sequence[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
    ) -> None:
        """Ask for a reply, which begins when the running one has ended. The arguments are for this reply alone."""
        if tools or tool_choice:
            self._check("tools", "call tools")
        validate_tools(tools if tools is not None else self._setup.tools, tool_choice)
        dialogue = await self._ready()
        dialogue.respond(RespondOptions(instructions, tools, tool_choice))
        self._flush()

    async def interrupt(self, played_ms: float | None = None) -> None:
        """Stop the reply that is generated or played; `played_ms` is how much of it was heard, if that is known."""
        dialogue = await self._ready()
        self._emit(dialogue.interrupt(played_ms, self._clock.monotonic()))
        self._flush()

    def played(self, item_id: str, ms: float) -> None:
        """Report how much of an item's audio was played, in milliseconds; `item_id` is in the metadata of its events.

        Without reports, everything that was taken is assumed to be played at once and at normal speed.
        """
        if self._dialogue is None:
            raise InvalidRequestError("played() needs an open session; use `async with model.connect() as session`")
        self._dialogue.played(item_id, ms)

    async def send_tool_result(self, result: ToolResultBlock) -> None:
        """Send the result of a call; the reply goes on once all of its calls have theirs.

        The result of a call that was cancelled is dropped. Raises `InvalidRequestError` for an unknown call.
        """
        check_type("result", result, ToolResultBlock)
        dialogue = await self._ready()
        dialogue.tool_result(result, output_text(result))
        self._flush()

    async def update(
        self,
        instructions: str | None = None,
        tools: Sequence[ToolSchema] | None = None,
        turn_detection: TurnDetection | None = None,
    ) -> None:
        """Change the session from the next reply on; what is not given stays."""
        self._check("updates", "change a session")
        if tools is not None:
            validate_tools(tools, None)
        changes: dict[str, Any] = {}  # Any: each field has its own type
        changes.update({"instructions": instructions} if instructions is not None else {})
        changes.update({"tools": tuple(tools)} if tools is not None else {})
        changes.update({"turn_detection": turn_detection} if turn_detection is not None else {})
        dialogue = await self._ready()
        setup = replace(self._setup, **changes)
        self._check_setup(setup)
        dialogue.protocol.update(setup, frozenset(changes))
        self._setup = setup
        dialogue.detects = not setup.turn_detection.manual
        self._flush()
