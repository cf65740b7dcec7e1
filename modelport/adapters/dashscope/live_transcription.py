"""DashScope's live transcription: tasks of paraformer and fun-asr, and sessions of Qwen.

Facts: docs/protocols/speech-to-text.md#dashscope-live-tasks, docs/protocols/speech-to-text.md#qwen-and-gemini-live.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...domain.errors import ModelError
from ...domain.ids import new_id
from ...domain.transcription.live import LiveSignal, LiveUsage, SegmentUpdate
from ...domain.transcription.transcript import TranscriptUsage, TranscriptWord
from ...ports.codec.live_transcription import LiveCodec, LiveProtocol, LiveRequest
from ...ports.websocket import Frame, WebSocketRequest
from ..dialects.openai_transcription.live import LiveProfile, SessionLiveCodec
from ..wire.decoder import Json
from ..wire.realtime import close_error, frame_object, text_frame, text_of
from .errors import DASHSCOPE_CODES
from .speech.errors import error_of_handshake, error_of_task

__all__ = ["DashScopeLiveCodec"]

_RATE = 16_000
_QWEN = LiveProfile(
    path="/realtime?model={model}",
    rate=_RATE,
    flat=True,
    waits=True,
    finish="session.finish",
    fields={"language": "language"},
    codes=DASHSCOPE_CODES,
)


class DashScopeLiveCodec:
    """Tasks or sessions, as the model's card says."""

    def __init__(self) -> None:
        self._sessions: LiveCodec = SessionLiveCodec(_QWEN)

    def handshake(self, request: LiveRequest) -> WebSocketRequest:
        """Where all tasks are, or the sessions of the model."""
        if request.card.live != "task":
            return self._sessions.handshake(request)
        headers = {**request.endpoint.headers, **request.extra_headers}
        return WebSocketRequest(request.endpoint.url("/inference"), headers)

    def new_protocol(self, request: LiveRequest) -> LiveProtocol:
        """A task, or a session."""
        return _Task(request) if request.card.live == "task" else self._sessions.new_protocol(request)

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that a handshake answered with this status means."""
        return error_of_handshake(status, body)


class _Task:
    """One task on its own connection: JSON for what is to be done, binary frames for the audio."""

    input_rate = _RATE
    quiet_end: float | None = None

    def __init__(self, request: LiveRequest) -> None:
        self.ready = self.ended = False
        self._id = new_id()
        self._sending: list[Frame] = []
        self._send("run-task", _task(request))

    def audio(self, pcm: bytes) -> None:
        """Send audio."""
        self._sending.append(pcm)

    def finish(self) -> None:
        """The audio is complete."""
        self._send("finish-task", {"input": {}})

    def quiet(self) -> list[LiveSignal]:
        """The server says when it is done."""
        return []

    def cancel(self) -> None:
        """The server ends a task whose connection is closed."""

    def closed(self, code: int, reason: str) -> ModelError:
        """The connection ended before the task did."""
        return close_error(code, reason)

    def frames_to_send(self) -> list[Frame]:
        """The frames that may go out now, once."""
        frames, self._sending = self._sending, []
        return frames

    def receive(self, frame: Frame) -> list[LiveSignal]:
        """What an event means; those of another task are passed over."""
        event = frame_object(frame)
        header, payload = event.get("header"), event.get("payload")
        if not isinstance(header, dict) or header.get("task_id", self._id) != self._id:
            return []
        kind = header.get("event")
        if kind == "task-started":
            self.ready = True
        elif kind == "result-generated":
            return _result(payload if isinstance(payload, dict) else {})
        elif kind == "task-finished":
            self.ended = True
        elif kind == "task-failed":
            raise error_of_task(text_of(header, "error_code"), text_of(header, "error_message"), self._id)
        return []

    def _send(self, action: str, payload: Json) -> None:
        header = {"action": action, "task_id": self._id, "streaming": "duplex"}
        self._sending.append(text_frame({"header": header, "payload": payload}))


def _task(request: LiveRequest) -> Json:
    values = request.parameters
    parameters: Json = {"format": "pcm", "sample_rate": _RATE}
    if values.get("language"):
        parameters["language_hints"] = [values["language"]]
    if values.get("itn") is not None:
        parameters["inverse_text_normalization_enabled"] = values["itn"]
    if values.get("vocabulary_id"):
        parameters["vocabulary_id"] = values["vocabulary_id"]
    parameters.update(request.overrides)
    task = {"task_group": "audio", "task": "asr", "function": "recognition", "model": request.model}
    return {**task, "parameters": parameters, "input": {}}


def _result(payload: Json) -> list[LiveSignal]:
    """The whole sentence so far; its end has the seconds that count."""
    signals: list[LiveSignal] = []
    output, used = payload.get("output"), payload.get("usage")
    sentence = output.get("sentence") if isinstance(output, dict) else None
    if isinstance(sentence, dict) and not sentence.get("heartbeat"):
        signals.append(_sentence(sentence))
    if isinstance(used, dict):
        seconds = used.get("duration")
        lasted = float(seconds) if isinstance(seconds, int | float) and not isinstance(seconds, bool) else 0.0
        signals.append(LiveUsage(TranscriptUsage(seconds=lasted, raw=used), total=True))
    return signals


def _sentence(sentence: Json) -> SegmentUpdate:
    begin, end = _ms(sentence.get("begin_time")), _ms(sentence.get("end_time"))
    given = sentence.get("words")
    words = [_word(word) for word in given if isinstance(word, dict)] if isinstance(given, list) else []
    number = sentence.get("sentence_id")
    return SegmentUpdate(
        id=str(number if number is not None else begin),
        text=text_of(sentence, "text"),
        final=bool(sentence.get("sentence_end")) or end is not None,
        start_ms=begin,
        end_ms=end,
        emotion=text_of(sentence, "emo_tag") or None,
        words=tuple(words),
    )


def _word(word: Json) -> TranscriptWord:
    text = text_of(word, "text") + text_of(word, "punctuation")
    return TranscriptWord(text, _ms(word.get("begin_time")), _ms(word.get("end_time")))


def _ms(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
