"""One connection of the Live API, as a state machine. Facts: docs/protocols/realtime-gemini.md#server-frames."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

from ....domain.errors import (
    ContextLengthError,
    InvalidRequestError,
    ModelError,
    UnsupportedFeatureError,
)
from ....domain.ids import new_id
from ....domain.message.blocks import DataBlock, TextBlock, ToolResultBlock, ToolResultState
from ....domain.message.messages import Msg
from ....domain.realtime.signals import (
    AudioDelta,
    CallDone,
    CallsCancelled,
    CallStarted,
    GoingAway,
    HandleIssued,
    Interrupted,
    ResponseStarted,
    SessionReady,
    Signal,
    SpeechEnded,
    SpeechStarted,
    TextDelta,
    ThoughtDelta,
    Transcript,
    TurnCommitted,
    UsageReported,
)
from ....ports.codec.realtime import RealtimeSetup, RealtimeTraits, RespondOptions
from ....ports.websocket import Frame
from ...wire.decoder import Json
from ...wire.json_text import dump_json
from ...wire.realtime import close_error, frame_object, text_frame, text_of
from .ending import is_refusal, turn_ended
from .kinds import kind_of
from .setup import context_update, parts_of, past_turns, setup_frame
from .turn import LiveTurn
from .usage import live_usage

__all__ = ["GeminiLiveProtocol"]

_FAILED = (ToolResultState.ERROR, ToolResultState.DENIED, ToolResultState.INTERRUPTED)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


class GeminiLiveProtocol:
    """One session. The server names neither turns nor items, so their ids are made here."""

    def __init__(self, setup: RealtimeSetup) -> None:
        self._kind = kind_of(setup.model)
        self.traits = RealtimeTraits(
            speech_interrupts=False,
            asks_to_continue=False,
            commit_replies=True,
            text_replies=True,
            acknowledges=False,
            awaits_lost_calls=self._kind.awaits_lost_calls,
            input_rate=int(setup.parameters.get("input_sample_rate") or 16_000),
        )
        self.ready = False
        self.seeded: Sequence[tuple[str, str | None]] = ()
        self._setup = setup
        self._turn = LiveTurn()
        self._last: LiveTurn | None = None
        self._next: LiveTurn | None = None
        self._talking = False
        self._begun = False
        self._mime = f"audio/pcm;rate={self.traits.input_rate}"
        self._transcribes = setup.parameters.get("transcription", True) is not False
        self._held: list[Json] = []
        self._sending: list[Frame] = []
        self._send(setup_frame(setup))

    # -- commands ----------------------------------------------------------------------------------------------------

    def audio(self, pcm: bytes) -> None:
        """Send input audio; with manual turns, the first piece begins one."""
        if self._setup.turn_detection.manual and not self._talking:
            self._start_talking()
        data = base64.b64encode(pcm).decode("ascii")
        self._sending.append(f'{{"realtimeInput":{{"audio":{{"mimeType":"{self._mime}","data":"{data}"}}}}}}')

    def _start_talking(self) -> None:
        self._talking = True
        self._send({"realtimeInput": {"activityStart": {}}})

    def user_items(self, blocks: Sequence[TextBlock | DataBlock], respond: bool) -> Sequence[tuple[str, str | None]]:
        """Send a message, which with `respond` is answered. One that would cut a reply off waits for its end."""
        text = "".join(block.text for block in blocks if isinstance(block, TextBlock))
        typed_only = all(isinstance(block, TextBlock) for block in blocks)
        if respond and typed_only and self._begun and self._kind.streams_text:
            frame: Json = {"realtimeInput": {"text": text}}
        else:
            turn = {"role": "user", "parts": parts_of(blocks)}
            frame = {"clientContent": {"turns": [turn], "turnComplete": respond}}
        self._begun = True
        if self._turn.answering:
            self._held.append(frame)
        else:
            self._turn.typed = self._turn.typed or respond
            self._send(frame)
        return [(new_id(), text or None)]

    def seed(self, messages: Sequence[Msg]) -> Sequence[tuple[str, str | None]]:
        """Past messages as turns."""
        self._send_past(messages, complete=False)
        return ()

    def _send_past(self, messages: Sequence[Msg], *, complete: bool) -> None:
        turns = list(past_turns(messages))
        if turns:
            self._send({"clientContent": {"turns": turns, "turnComplete": complete}})

    def commit(self) -> None:
        """End the user's turn, which is then answered."""
        if not self._setup.turn_detection.manual:
            raise InvalidRequestError("commit_audio() needs TurnDetection(mode='manual'); else the server ends turns")
        if not self._talking:
            raise InvalidRequestError("commit_audio() got no audio since the last turn; call send_audio() first")
        self._talking = False
        self._send({"realtimeInput": {"activityEnd": {}}})

    def clear(self) -> None:
        """The server cannot forget audio."""
        raise UnsupportedFeatureError("gemini live sessions cannot forget audio; end the turn with commit_audio()")

    def respond(self, options: RespondOptions) -> None:
        """Ask for an answer to what was said so far."""
        if options.instructions or options.tools is not None or options.tool_choice is not None:
            raise UnsupportedFeatureError("gemini live sessions take no instructions or tools for one reply")
        self._turn.typed = self._turn.typed or not self._turn.answering
        self._send({"clientContent": {"turnComplete": True}})

    def cancel_response(self, response_id: str | None) -> None:
        """With manual turns, the beginning of one stops the reply."""
        if not self._talking:
            self._start_talking()

    def truncate(self, item_id: str, heard_ms: int) -> None:
        """The server keeps what it has sent."""

    def tool_result(self, result: ToolResultBlock, output: str) -> None:
        """Send the result of a call; one that would cut off what the model says meanwhile waits for its end."""
        key = "error" if result.state in _FAILED else "output"
        response = {"id": result.id, "name": result.name, "response": {key: output}}
        frame = {"toolResponse": {"functionResponses": [response]}}
        if self._turn.answering and not self._turn.paused:
            self._held.append(frame)
        else:
            self._send(frame)

    def update(self, setup: RealtimeSetup, changed: frozenset[str]) -> None:
        """Change instructions and tools, where the model can; nothing else changes while the connection lasts."""
        if not self._kind.updates or "turn_detection" in changed:
            raise UnsupportedFeatureError("gemini live sessions cannot change their turn detection; connect again")
        self._setup = setup
        self._send(context_update(setup, changed))

    def cancel(self) -> None:
        """Nothing is sent at the end."""

    def frames_to_send(self) -> list[Frame]:
        """The frames that may go out now, once."""
        frames, self._sending = self._sending, []
        return frames

    def _send(self, frame: Json) -> None:
        self._sending.append(text_frame(frame))

    # -- the server's frames -----------------------------------------------------------------------------------------

    def receive(self, frame: Frame) -> list[Signal]:
        """What a frame means; several things at once are normal."""
        message = frame_object(frame)
        signals: list[Signal] = []
        if "setupComplete" in message:
            return self._accepted(message["setupComplete"])
        usage = live_usage(message.get("usageMetadata"))
        if usage is not None:
            self._turn.usage = usage
        content = message.get("serverContent")
        if isinstance(content, dict):
            self._content(content, signals)
        if "toolCall" in message:
            self._calls(message["toolCall"], signals)
        if "toolCallCancellation" in message:
            cancelled = message["toolCallCancellation"]
            ids = cancelled.get("ids") if isinstance(cancelled, dict) else None
            known = ids if isinstance(ids, list) else ()
            signals.append(CallsCancelled(tuple(call_id for call_id in known if isinstance(call_id, str))))
        if isinstance(content, dict) and content.get("turnComplete"):
            self._turn_complete(content, signals)
        elif usage is not None and not self._turn.answering:
            self._turn.usage = None
            signals.append(UsageReported(usage))
        if "goAway" in message or "sessionResumptionUpdate" in message or "voiceActivity" in message:
            self._session_news(message, signals)
        return signals

    def _accepted(self, complete: Any) -> list[Signal]:  # Any: whatever JSON the server sent
        self.ready = True
        if self._setup.handle is None:
            self._send_past(self._setup.history, complete=self._kind.history_in_setup)
        else:
            self._begun = True
        return [SessionReady(text_of(complete, "sessionId") or None, self._setup.model)]

    def _content(self, content: Json, signals: list[Signal]) -> None:
        heard = text_of(content.get("inputTranscription"), "text")
        if heard:
            self._heard(heard, bool(content["inputTranscription"].get("finished")), signals)
        turn = content.get("modelTurn")
        parts = turn.get("parts") if isinstance(turn, dict) else None
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                self._part(part, signals)
        spoken = text_of(content.get("outputTranscription"), "text")
        if spoken:
            self._spoken(spoken, signals)
        if content.get("interrupted"):
            self._turn.interrupted = self._turn.answering
            signals.append(Interrupted())

    def _heard(self, text: str, finished: bool, signals: list[Signal]) -> None:
        """A piece of the user's transcript: of this turn, or of the one after a reply that it interrupts."""
        turn = self._turn
        if turn.answering and (turn.typed or turn.interrupted):
            turn = self._next = self._next or LiveTurn()
        if turn.user_item is None:
            signals.append(TurnCommitted(turn.user()))
        self._begun = True
        signals.append(Transcript(turn.user(), text, final=finished or turn.answering, more=True))

    def _answer(self, signals: list[Signal]) -> LiveTurn:
        """The turn, whose answer has begun."""
        turn = self._turn
        turn.paused = False
        if turn.answering:
            return turn
        turn.answering = self._begun = True
        if turn.user_item is not None:
            signals.append(Transcript(turn.user_item, "", final=True, more=True))
        elif not turn.typed:
            signals.append(TurnCommitted(turn.user()))
        signals.append(ResponseStarted(turn.id))
        return turn

    def _part(self, part: Json, signals: list[Signal]) -> None:
        inline, text = part.get("inlineData"), text_of(part, "text")
        data = text_of(inline, "data")
        if data and text_of(inline, "mimeType").startswith("audio/"):
            turn = self._answer(signals)
            signals.append(AudioDelta(turn.id, turn.item, data))
        elif text:
            turn = self._answer(signals)
            piece = ThoughtDelta if part.get("thought") is True else TextDelta
            signals.append(piece(turn.id, turn.item, text))

    def _spoken(self, text: str, signals: list[Signal]) -> None:
        """A piece of what the model says. It may come late, when nothing new was said to it."""
        last, turn = self._last, self._turn
        fresh = turn.answering or turn.typed or turn.user_item is not None or not self._transcribes
        if last is not None and not fresh:
            signals.append(TextDelta(last.id, last.item, text, spoken=True))
            return
        turn = self._answer(signals)
        signals.append(TextDelta(turn.id, turn.item, text, spoken=True))

    def _calls(self, call: Any, signals: list[Signal]) -> None:  # Any: whatever JSON the server sent
        calls = call.get("functionCalls") if isinstance(call, dict) else None
        for function in calls if isinstance(calls, list) else ():
            name = text_of(function, "name")
            if not name:
                continue
            turn = self._answer(signals)
            call_id = text_of(function, "id") or new_id()
            args = function.get("args")
            arguments = dump_json(args if isinstance(args, dict) else {}).decode()
            turn.part += 1
            signals.append(CallStarted(turn.id, turn.item, call_id, name))
            signals.append(CallDone(turn.id, turn.item, call_id, name, arguments))
        if self._turn.answering:
            self._turn.part += 1
            self._turn.paused = True

    def _turn_complete(self, content: Json, signals: list[Signal]) -> None:
        turn = self._turn
        if content.get("interactionStatus") == "IN_PROGRESS":
            return
        why = text_of(content, "turnCompleteReason")
        if is_refusal(why):
            self._answer(signals)  # also an answer that has nothing but its refusal ends
        if turn.answering:
            signals.append(turn_ended(turn, why))
            self._last = turn
        elif turn.usage is not None:
            signals.append(UsageReported(turn.usage))
        self._turn, self._next = self._next or LiveTurn(), None
        self._turn.typed = bool(self._held)
        for frame in self._held:
            self._send(frame)
        self._held.clear()

    def _session_news(self, message: Json, signals: list[Signal]) -> None:
        if "goAway" in message:
            found = _SECONDS.fullmatch(text_of(message["goAway"], "timeLeft"))
            signals.append(GoingAway(float(found[1]) if found else None))
        update = message.get("sessionResumptionUpdate")
        if isinstance(update, dict) and update.get("resumable") is True and text_of(update, "newHandle"):
            signals.append(HandleIssued(text_of(update, "newHandle")))
        activity = message.get("voiceActivity")
        kind = text_of(activity, "voiceActivityType")
        if kind:
            found = _SECONDS.fullmatch(text_of(activity, "audioOffset"))
            at_ms = int(float(found[1]) * 1000) if found else None
            signal = SpeechStarted if kind.endswith("START") else SpeechEnded
            signals.append(signal(f"{self._turn.id}-user", at_ms))

    def closed(self, code: int, reason: str) -> ModelError:
        """Why the connection ended; there is no event for an error."""
        if code == 1007 and self.ready and "invalid argument" in reason.lower():
            return ContextLengthError(f"the conversation no longer fits the model's context: {reason}", code="1007")
        return close_error(code, reason)
