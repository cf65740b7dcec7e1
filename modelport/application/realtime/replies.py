"""The replies of a conversation: when one begins, is asked for, is cut short and ends. No I/O, and no clock."""

from __future__ import annotations

from dataclasses import replace

from ...domain.message.blocks import TextBlock
from ...domain.message.events import ModelCallEndEvent, ReplyEndEvent
from ...domain.message.messages import Usage
from ...domain.message.responses import ChatUsage, FinishReason
from ...domain.realtime.events import InterruptedEvent, RealtimeEvent, ToolCallsCancelledEvent
from ...domain.realtime.history import INTERRUPTED, Item, RealtimeHistory, ReplyFacts
from ...domain.realtime.settings import RealtimeFacts
from ...domain.realtime.signals import ResponseEnded
from ...ports.codec.realtime import RealtimeProtocol, RespondOptions
from .reply import OpenResponse
from .usage import added

__all__ = ["Events", "Replies"]

Events = list[RealtimeEvent]


class Replies:
    """The open reply and its response, if there are any.

    Attributes:
        protocol: the current connection's protocol; the session replaces it.
        purged: the audio blocks whose queued pieces must not be delivered any more; the session empties it.
        usage: the tokens of all replies so far.
    """

    def __init__(self, history: RealtimeHistory, model: str, facts: RealtimeFacts, protocol: RealtimeProtocol) -> None:
        self.history = history
        self.protocol = protocol
        self.facts = facts
        self.usage = ChatUsage()
        self.purged: set[str] = set()
        self._model = model
        self._reply_id: str | None = None
        self._response: OpenResponse | None = None
        self._last: OpenResponse | None = None
        self._requested = False
        self._deferred: RespondOptions | None = None
        self._asked = RespondOptions()
        self._again: RespondOptions | None = None
        self._lost_calls: list[Item] = []
        self._committed = False
        self._speaking = False
        self._turn_since = False
        self._truncations: list[tuple[str, int]] = []

    @property
    def active(self) -> str | None:
        """The id of the response that is being received."""
        return self._response.id if self._response is not None else None

    @property
    def cut(self) -> bool:
        """Whether that response was interrupted, so that only its end is awaited."""
        return self._response is not None and self._response.interrupted

    @property
    def at_boundary(self) -> bool:
        """Whether nothing is lost when the connection changes now."""
        asked = self._requested and self.protocol.traits.acknowledges
        idle = self._response is None and not asked and self._deferred is None and not self._committed
        return idle and not self._speaking and not self.history.open_calls()

    def _close_response(self, signal: ResponseEnded, follow: bool = True) -> Events:
        """End the open response, and the reply unless tool results are to come."""
        response = self._response
        assert response is not None
        self._response, self._last = None, response
        for item_id in response.unfinished_calls:
            self.history.forget(item_id)
        usage = signal.usage
        if usage is not None:
            self.usage = added(self.usage, usage, self.facts.usage_scope)
        error = INTERRUPTED if response.interrupted else signal.error
        reason = FinishReason.TOOL_CALLS if response.calls and error is None else signal.finish_reason
        events = response.close()
        events.append(_call_end(response.reply_id, usage, reason, error))
        self._add_reply_usage(response.reply_id, usage)
        for item_id, heard_ms in self._truncations:
            self.protocol.truncate(item_id, heard_ms)
        self._truncations.clear()
        if error is not None or not response.calls or not self._waits_for_results(response):
            events += self._end_reply(reason, error)
        if follow:
            self._go_on()
        return events

    def _waits_for_results(self, response: OpenResponse) -> bool:
        if self.protocol.traits.asks_to_continue:
            return True
        return any(item.call is not None and item.call.id in response.calls for item in self.history.open_calls())

    def _add_reply_usage(self, reply_id: str, usage: ChatUsage | None) -> None:
        facts = self.history.replies.setdefault(reply_id, ReplyFacts())
        if usage is not None:
            total = facts.usage or Usage()
            facts.usage = Usage(
                input_tokens=total.input_tokens + usage.input_tokens,
                output_tokens=total.output_tokens + usage.output_tokens,
                cache_input_tokens=total.cache_input_tokens + usage.cache_input_tokens,
            )

    def _end_reply(self, reason: FinishReason | None, error: str | None) -> Events:
        if self._reply_id is None:
            return []
        reply_id, self._reply_id = self._reply_id, None
        facts = self.history.replies.setdefault(reply_id, ReplyFacts())
        facts.finish_reason, facts.error = reason, error
        return [ReplyEndEvent(reply_id=reply_id, finish_reason=reason, error=error)]

    def _cut_short(self, now: float) -> Events:
        """The user speaks: the reply that is generated, or still played, ends here."""
        self._deferred = None
        response = self._response
        if response is None:
            return self._stop_playback(now)
        if response.interrupted:
            return []
        events = self._interrupt(now)
        if self.protocol.traits.ends_when_interrupted:
            events += self._close_response(ResponseEnded(response.id, "cancelled"), follow=False)
        return events

    def _interrupt(self, now: float) -> Events:
        """Mark the open response as interrupted: nothing more of it is delivered."""
        response = self._response
        assert response is not None
        response.interrupted = True
        event = self._mark(response, now)
        if self.facts.truncates:
            self._truncations += _to_truncate(response)
        return [event]

    def _stop_playback(self, now: float) -> Events:
        """The reply is complete, but perhaps not played."""
        response = self._last
        if response is None or response.interrupted:
            return []
        spoken = [blocks.item for blocks in response.items.values() if blocks.item.playout.generated_ms]
        if not spoken or all(item.playout.finished(now) for item in spoken):
            return []
        response.interrupted = True
        event = self._mark(response, now)
        if self.facts.truncates:
            for item_id, heard_ms in _to_truncate(response):
                self.protocol.truncate(item_id, heard_ms)
        self.history.replies.setdefault(response.reply_id, ReplyFacts()).error = INTERRUPTED
        return [event]

    def _mark(self, response: OpenResponse, now: float) -> InterruptedEvent:
        """Write what was heard of each item; the event is about the first one that was not heard to its end."""
        self.purged.update(response.audio_blocks())
        items = [blocks.item for blocks in response.items.values() if blocks.item.call is None]
        cut: Item | None = None
        for item in items:
            playout = item.playout
            if item.spoken and playout.generated_ms and playout.finished(now) and response is self._last:
                continue
            item.interrupted = True
            item.heard_ms = playout.heard_ms(now)
            item.heard = playout.heard_text(item.heard_ms) if playout.generated_ms else ""
            cut = cut or item
        cut = cut or (items[-1] if items else None)
        return InterruptedEvent(
            reply_id=response.reply_id,
            item_id=cut.id if cut else None,
            heard_ms=(cut.heard_ms or 0) if cut else 0,
            heard_text=(cut.heard if cut.spoken else cut.text) if cut else "",
        )

    def respond(self, options: RespondOptions) -> None:
        """Ask for a reply, now or once the running one has ended."""
        waiting = self._requested and self.protocol.traits.acknowledges
        if self._response is not None or waiting:
            self._deferred = options
        elif not self._committed:
            self._ask(options)

    def interrupt(self, played_ms: float | None, now: float) -> Events:
        """Stop the reply: on the server where that is possible, else it is dropped as it comes."""
        response = self._response or self._last
        if response is not None and played_ms is not None:
            self._report(response, played_ms)
        self._deferred = None
        if self._response is None:
            events = self._stop_playback(now)
            return events + self._end_reply(FinishReason.TOOL_CALLS, INTERRUPTED)
        if self._response.interrupted:
            return []
        if self.facts.cancels:
            self.protocol.cancel_response(self._response.id)
        return self._interrupt(now)

    def _report(self, response: OpenResponse, played_ms: float) -> None:
        """The position in a response is one in its items, which are played one after the other."""
        for blocks in response.items.values():
            playout = blocks.item.playout
            if playout.generated_ms:
                playout.report(min(played_ms, playout.generated_ms))
                played_ms = max(0.0, played_ms - playout.generated_ms)

    def _call_ids(self) -> list[str]:
        return [item.call.id for item in self.history.open_calls() if item.call is not None]

    def _close_call(self, call_id: str) -> bool:
        item = self.history.call(call_id)
        if item is None or item.result is not None:
            return False
        item.close_call()
        return True

    def _go_on(self) -> None:
        """Ask for the reply that waits: one that was deferred, or the rest of one whose calls all have results."""
        if self._response is not None or self._requested or self._speaking:
            return
        if self._deferred is not None:
            options, self._deferred = self._deferred, None
            self._ask(options)
        elif self._reply_id is not None and not self._turn_since and self.protocol.traits.asks_to_continue:
            self._continue_reply()

    def _continue_reply(self) -> None:
        if not self.history.open_calls():
            self._ask(RespondOptions())

    def _ask(self, options: RespondOptions) -> None:
        self._requested, self._asked = True, options
        self.protocol.respond(options)

    def lost(self) -> Events:
        """The connection has ended: what was being said is cut off, and calls get no result any more.

        What came of the reply is still played, so its text stays.
        """
        events: Events = []
        if self._response is not None:
            self._truncations.clear()
            for blocks in self._response.items.values():
                item = blocks.item
                if item.call is None and not item.interrupted:
                    item.interrupted, item.heard = True, item.text
                    item.heard_ms = int(item.playout.generated_ms)
            signal = ResponseEnded(self._response.id, "failed", error=INTERRUPTED)
            events += self._close_response(signal, follow=False)
        ids = self._call_ids()
        self._lost_calls = self.history.open_calls()
        for call_id in ids:
            self._close_call(call_id)
        if ids:
            events.append(ToolCallsCancelledEvent(ids=ids))
        events += self._end_reply(None, INTERRUPTED)
        asked = self._deferred or (self._asked if self._requested else None)
        if self._committed:
            asked = asked or RespondOptions()
        self._again = asked if self.history.unanswered() is not None else None
        self._deferred, self._asked = None, RespondOptions()
        self._requested = self._committed = self._speaking = False
        self._last = None
        return events

    def reconnected(self, resumed: bool) -> None:
        """There is a new connection: a reply that was asked for, and never began, is asked for again.

        Only the answer to words of the user's, which the server was given with the history. A session that was
        `resumed` has no history; the server forgets a turn that was open, so it is sent again.
        """
        lost, self._lost_calls = self._lost_calls, []
        for item in lost if resumed and self.protocol.traits.awaits_lost_calls else ():
            if item.result is not None:
                self.protocol.tool_result(item.result, str(item.result.output))
        options, self._again = self._again, None
        words = self.history.unanswered()
        if options is None or words is None:
            return
        if resumed:
            self.protocol.user_items([TextBlock(text=words)], True)
            self._committed = self.protocol.traits.text_replies
        if not self._committed:
            self._ask(options)

    def give_up(self, response_id: str, error: str | None) -> Events:
        """The server never ended this response: it ends as cancelled, or as failed with `error`."""
        if self._current(response_id) is None:
            return []
        return self._close_response(ResponseEnded(response_id, "failed" if error else "cancelled", error=error))

    def _current(self, response_id: str) -> OpenResponse | None:
        response = self._response
        return response if response is not None and response.id == response_id else None


def _to_truncate(response: OpenResponse) -> list[tuple[str, int]]:
    items = [blocks.item for blocks in response.items.values()]
    return [(item.id, item.heard_ms or 0) for item in items if item.interrupted and item.playout.generated_ms]


def _call_end(
    reply_id: str, usage: ChatUsage | None, reason: FinishReason | None, error: str | None
) -> ModelCallEndEvent:
    event = ModelCallEndEvent(reply_id=reply_id, finish_reason=reason, error=error)
    if usage is not None:
        event.usage = replace(usage)
        event.input_tokens, event.output_tokens = usage.input_tokens, usage.output_tokens
        event.cache_input_tokens = usage.cache_input_tokens
        event.metadata = {"raw": usage.raw}
    return event
