"""The session protocol of Qwen's realtime speech, as a state machine.

Facts: docs/protocols/dashscope-tts.md#realtime-sessions.

One session a connection, one utterance a session. The server cuts the text into responses of its own; the session's
end, not a response's, is the end of the speech.
"""

from __future__ import annotations

import base64
import binascii
from enum import Enum, auto
from typing import ClassVar

from ....domain.errors import ModelError, ResponseDecodeError, StreamTruncatedError
from ....domain.ids import new_id
from ....domain.message.base64_text import is_plain
from ....domain.speech.text import cut_text
from ....ports.codec.realtime_speech import (
    AudioReceived,
    RealtimeRequest,
    SegmentFinished,
    ServerReady,
    SpeechEvent,
    UtteranceFinished,
)
from ....ports.websocket import Frame
from ...wire.decoder import Json
from .errors import error_of_close, error_of_event
from .frames import frame_of, object_of, usage_of
from .settings import session_settings

__all__ = ["QwenRealtimeProtocol"]


class _State(Enum):
    GREETING = auto()
    READY = auto()
    SPEAKING = auto()
    FINISHING = auto()
    ENDED = auto()


class QwenRealtimeProtocol:
    """One session. Frames wait until the server is ready; unknown events are ignored."""

    idle: ClassVar[bool] = False
    reusable: ClassVar[bool] = False
    keep_alive_after: ClassVar[float | None] = None

    def __init__(self) -> None:
        self._state = _State.GREETING
        self._waiting: list[Frame] = []
        self._sending: list[Frame] = []
        self._commits = False
        self._limit: int | None = None
        self._uncommitted = False
        self._responding = False
        self._finish_asked = False
        self._session_id: str | None = None

    @property
    def ready(self) -> bool:
        """Whether `session.created` has come; what is sent before it is lost."""
        return self._state is not _State.GREETING

    @property
    def ended(self) -> bool:
        """Whether `session.finished` has come."""
        return self._state is _State.ENDED

    def start(self, request: RealtimeRequest) -> None:
        """Set the session up, once: a later change is an error at the server."""
        settings = session_settings(request)
        self._commits = settings.get("mode") == "commit"
        self._limit = request.max_characters
        self._send("session.update", session=settings)
        if self._state is _State.READY:
            self._state = _State.SPEAKING

    def push(self, text: str) -> None:
        """Append the text."""
        self._uncommitted = True
        for piece in cut_text(text, self._limit):
            self._send("input_text_buffer.append", text=piece)

    def finish(self) -> None:
        """End the session, which speaks the rest. Where the caller commits, that comes first, unless it is empty."""
        if self._commits and self._uncommitted:
            self._send("input_text_buffer.commit")
        self._uncommitted = False
        self._finish_asked = True
        self._send("session.finish")
        if self._state is _State.SPEAKING:
            self._state = _State.FINISHING

    def keep_alive(self) -> None:
        """Nothing: a session has no deadline for text."""

    def cancel(self) -> None:
        """Stop the response that is being spoken, or end a session that was not used."""
        if self._state is _State.READY:
            self._send("session.finish")
        elif self._responding:
            self._send("response.cancel")

    def receive(self, frame: Frame) -> SpeechEvent | None:
        """One event of the server's."""
        event = object_of(frame)
        handle = self._HANDLERS.get(str(event.get("type")))
        return handle(self, event) if handle else None

    def closed(self, code: int, reason: str) -> ModelError:
        """The connection ended before the session did."""
        return error_of_close(code, reason)

    def frames_to_send(self) -> list[Frame]:
        """The frames to send now."""
        if not self._sending:
            return []
        frames, self._sending = self._sending, []
        return frames

    def _send(self, kind: str, **fields: object) -> None:
        frame = frame_of({"event_id": f"event_{new_id()}", "type": kind, **fields})
        (self._sending if self.ready else self._waiting).append(frame)

    def _created(self, event: Json) -> SpeechEvent | None:
        if self.ready:
            return None
        session = event.get("session")
        self._session_id = session.get("id") if isinstance(session, dict) else None
        self._state = _State.READY
        if self._waiting:
            self._state = _State.FINISHING if self._finish_asked else _State.SPEAKING
        self._sending, self._waiting = self._waiting, []
        return ServerReady()

    def _response_created(self, event: Json) -> None:
        self._responding = True

    def _audio(self, event: Json) -> SpeechEvent | None:
        """A piece: each is base64 of its own, padding included."""
        delta = event.get("delta") or ""
        if isinstance(delta, str) and is_plain(delta):
            return AudioReceived(delta)
        try:
            return AudioReceived(base64.b64decode(delta, validate=True))
        except (binascii.Error, TypeError, ValueError) as error:
            raise ResponseDecodeError(f"a piece of audio is not base64: {error}") from error

    def _response_done(self, event: Json) -> SpeechEvent:
        self._responding = False
        response = event.get("response")
        response = response if isinstance(response, dict) else {}
        if response.get("status") == "failed":
            details = response.get("status_details")
            raise error_of_event(details if isinstance(details, dict) else response)
        return SegmentFinished(usage_of(response.get("usage")), {"response_id": response.get("id")})

    def _finished(self, event: Json) -> SpeechEvent:
        if self._state is not _State.FINISHING:
            raise StreamTruncatedError("the server ended the session before the text was complete")
        self._state = _State.ENDED
        return UtteranceFinished(None, {"session_id": self._session_id})

    def _error(self, event: Json) -> SpeechEvent | None:
        raise error_of_event(event)

    _HANDLERS: ClassVar = {
        "session.created": _created,
        "response.created": _response_created,
        "response.audio.delta": _audio,
        "response.done": _response_done,
        "session.finished": _finished,
        "error": _error,
    }
