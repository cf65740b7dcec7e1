"""Turn-taking: what the server's signals and the application's commands mean for replies, tools and history.

One object for a whole session, over all its connections. It does no I/O and has no clock: time is an argument, and
commands go to the protocol, whose frames the session sends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...domain.errors import InvalidRequestError
from ...domain.ids import new_id
from ...domain.message.blocks import ToolResultBlock
from ...domain.message.events import ModelCallStartEvent, ReplyStartEvent
from ...domain.message.responses import FinishReason
from ...domain.realtime.events import (
    InputTranscriptEvent,
    SessionErrorEvent,
    SpeechEndedEvent,
    SpeechStartedEvent,
    ToolCallsCancelledEvent,
)
from ...domain.realtime.history import INTERRUPTED, Item, RealtimeHistory
from ...domain.realtime.settings import RealtimeFacts
from ...domain.realtime.signals import (
    AudioDelta,
    CallArguments,
    CallDone,
    CallsCancelled,
    CallStarted,
    CommandRefused,
    Interrupted,
    ItemAdded,
    ItemDone,
    ResponseEnded,
    ResponseStarted,
    Signal,
    SpeechEnded,
    SpeechStarted,
    TextDelta,
    TextSoFar,
    ThoughtDelta,
    Transcript,
    TurnCommitted,
    UsageReported,
)
from ...ports.codec.realtime import RealtimeProtocol, RespondOptions
from .replies import Events, Replies
from .reply import OpenResponse
from .usage import added

__all__ = ["Dialogue"]


class Dialogue(Replies):
    """The state of one conversation.

    Attributes:
        detects: whether the server ends the user's turns.
    """

    def __init__(self, history: RealtimeHistory, model: str, facts: RealtimeFacts, protocol: RealtimeProtocol) -> None:
        super().__init__(history, model, facts, protocol)
        self.detects = True
        self._handlers: dict[type, Callable[[Any, float], Events]] = {  # Any: each handler takes its own signal
            AudioDelta: self._audio,
            TextDelta: self._text,
            TextSoFar: self._text_so_far,
            ThoughtDelta: self._thought,
            ItemDone: self._item_done,
            CallStarted: self._call_started,
            CallArguments: self._call_arguments,
            CallDone: self._call_done,
            ResponseStarted: self._response_started,
            ResponseEnded: self._response_ended,
            UsageReported: self._usage_reported,
            SpeechStarted: self._speech_started,
            SpeechEnded: self._speech_ended,
            TurnCommitted: self._turn_committed,
            Transcript: self._transcript,
            ItemAdded: self._item_added,
            Interrupted: self._server_interrupted,
            CallsCancelled: self._calls_cancelled,
            CommandRefused: self._refused,
        }

    def receive(self, signal: Signal, now: float) -> Events:
        """The events of a signal; those about the connection have none here."""
        handler = self._handlers.get(type(signal))
        return handler(signal, now) if handler is not None else []

    def _response_started(self, signal: ResponseStarted, now: float) -> Events:
        events: Events = []
        if self._response is not None:
            events += self._interrupt(now) if not self._response.interrupted else []
            events += self._close_response(ResponseEnded(self._response.id, "cancelled"), follow=False)
        if self._reply_id is not None and self._turn_since:
            events += self._end_reply(FinishReason.TOOL_CALLS, INTERRUPTED)
        self._requested = self._committed = self._turn_since = False
        if self._reply_id is None:
            self._reply_id = new_id()
            events.append(ReplyStartEvent(reply_id=self._reply_id, name=self.history.name))
        traits = self.protocol.traits
        self._response = OpenResponse(signal.response_id, self._reply_id, traits.output_rate, traits.sample_size)
        events.append(ModelCallStartEvent(reply_id=self._reply_id, model_name=self._model))
        return events

    def _output(self, response: OpenResponse, item_id: str, role: str = "assistant") -> Item:
        """An item of the response, which has its place in the conversation from now on."""
        blocks = response.items.get(item_id)
        if blocks is not None:
            return blocks.item
        item = self.history.item(item_id, role)
        item.reply_id = response.reply_id
        self.history.place(item)
        return item

    def _audio(self, signal: AudioDelta, now: float) -> Events:
        response = self._response
        if response is None or response.id != signal.response_id:
            return []
        blocks = response.items.get(signal.item_id)
        item = blocks.item if blocks is not None else self._output(response, signal.item_id)
        return response.audio(item, signal)

    def _text(self, signal: TextDelta, now: float) -> Events:
        response = self._current(signal.response_id)
        if response is not None:
            return response.text(self._output(response, signal.item_id), signal)
        item = self.history.get(signal.item_id)
        if item is not None and item.reply_id:  # a transcript may come after the end of its reply
            item.said.add(signal.text)
            item.playout.pieces.append((signal.text, signal.start_ms))
        return []

    def _text_so_far(self, signal: TextSoFar, now: float) -> Events:
        response = self._current(signal.response_id)
        if response is None:
            return []
        item = self._output(response, signal.item_id)
        if not signal.text.startswith(item.text):
            return []
        rest = signal.text[len(item.text) :]
        delta = TextDelta(signal.response_id, signal.item_id, rest, signal.spoken)
        return response.text(item, delta) if rest else []

    def _thought(self, signal: ThoughtDelta, now: float) -> Events:
        response = self._current(signal.response_id)
        return response.thought(self._output(response, signal.item_id), signal.text) if response else []

    def _item_done(self, signal: ItemDone, now: float) -> Events:
        response = self._current(signal.response_id)
        if response is None:
            return []
        events = response.close_item(signal.item_id)
        if response.interrupted and self.protocol.traits.ends_when_cancelled:
            events += self._close_response(ResponseEnded(response.id, "cancelled"))
        return events

    def _call_started(self, signal: CallStarted, now: float) -> Events:
        response = self._current(signal.response_id)
        return response.call_started(self._output(response, signal.item_id, "call"), signal) if response else []

    def _call_arguments(self, signal: CallArguments, now: float) -> Events:
        response = self._current(signal.response_id)
        return response.arguments(self._output(response, signal.item_id, "call"), signal) if response else []

    def _call_done(self, signal: CallDone, now: float) -> Events:
        response = self._current(signal.response_id)
        return response.call_done(self._output(response, signal.item_id, "call"), signal) if response else []

    def _response_ended(self, signal: ResponseEnded, now: float) -> Events:
        response = self._current(signal.response_id)
        if response is None:
            if signal.usage is not None:
                self.usage = added(self.usage, signal.usage, self.facts.usage_scope)
            return []
        events: Events = []
        if signal.status == "cancelled" and not response.interrupted:
            events += self._interrupt(now)
        return events + self._close_response(signal)

    def _usage_reported(self, signal: UsageReported, now: float) -> Events:
        self.usage = added(self.usage, signal.usage, self.facts.usage_scope)
        last = self.history.replies.get(self._last.reply_id) if self._last is not None else None
        if self._last is not None and (last is None or last.usage is None):
            self._add_reply_usage(self._last.reply_id, signal.usage)
        return []

    def _speech_started(self, signal: SpeechStarted, now: float) -> Events:
        self._speaking = True
        events: Events = [SpeechStartedEvent(item_id=signal.item_id, at_ms=signal.at_ms)]
        if self.detects and self.protocol.traits.speech_interrupts:
            events += self._cut_short(now)
        return events

    def _speech_ended(self, signal: SpeechEnded, now: float) -> Events:
        self._speaking = False
        return [SpeechEndedEvent(item_id=signal.item_id, at_ms=signal.at_ms)]

    def _turn_committed(self, signal: TurnCommitted, now: float) -> Events:
        item = self.history.item(signal.item_id, "user")
        item.spoken, item.silent = True, item.silent or signal.silent
        self.history.place(item, signal.previous)
        self._speaking = False
        self._turn_since = self._turn_since or not signal.silent
        return []

    def _transcript(self, signal: Transcript, now: float) -> Events:
        item = self.history.item(signal.item_id, "user")
        item.spoken = True
        if signal.error is not None:
            item.transcript_error = signal.error
        else:
            if not signal.more:
                item.text = ""
            item.said.add(signal.text)
            item.transcribed = bool(item.text)
        return [
            InputTranscriptEvent(item_id=item.id, text=item.text, is_final=signal.final, error=signal.error),
        ]

    def _item_added(self, signal: ItemAdded, now: float) -> Events:
        self.history.added(signal)
        return []

    def _server_interrupted(self, signal: Interrupted, now: float) -> Events:
        return self._cut_short(now)

    def _calls_cancelled(self, signal: CallsCancelled, now: float) -> Events:
        ids = [call_id for call_id in signal.ids if self._close_call(call_id)]
        return [ToolCallsCancelledEvent(ids=ids)] if ids else []

    def _refused(self, signal: CommandRefused, now: float) -> Events:
        self._requested = False
        error = SessionErrorEvent(error=str(signal.error), code=signal.error.code, fatal=signal.fatal)
        self._go_on()
        return [error]

    def played(self, item_id: str, ms: float) -> None:
        """The application has played so much of an item."""
        item = self.history.get(item_id)
        if item is None or item.role == "user":
            raise InvalidRequestError(
                f"played() got {item_id!r}, which is no item of a reply; pass the event's item_id"
            )
        item.playout.report(ms)

    def taken(self, block_facts: dict[str, Any], now: float) -> None:  # Any: an event's metadata
        """The application took audio of this block."""
        item = self.history.get(str(block_facts.get("item_id")))
        if item is not None:
            item.playout.taken(now)

    def user_turn(self, respond: bool) -> None:
        """The application sent a message of the user, which is to be answered or not."""
        self._turn_since = self._turn_since or self._response is None
        if respond and self.protocol.traits.text_replies:
            self._committed = True
        elif respond:
            self.respond(RespondOptions())

    def committed(self) -> None:
        """The application ended the user's turn."""
        self._turn_since = True
        self._committed = self.protocol.traits.commit_replies

    def tool_result(self, result: ToolResultBlock, output: str) -> bool:
        """Send the result of a call, and go on with the reply once all are there. `False`: it is not wanted."""
        item = self.history.call(result.id)
        if item is None:
            raise InvalidRequestError(
                f"send_tool_result() got the id {result.id!r}; expected one of {self._call_ids() or 'no call yet'}"
            )
        if item.result is not None:
            return False
        item.result = result
        self.protocol.tool_result(result, output)
        self._go_on()
        return True
