"""Live transcription by sessions of OpenAI's realtime protocol, as OpenAI, Qwen and the embedded recogniser have them.

Facts: docs/protocols/speech-to-text.md#openai-live, docs/protocols/speech-to-text.md#qwen-and-gemini-live.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict
from urllib.parse import quote

from ....domain.errors import AuthenticationError, ModelError, PermissionDeniedError, QuotaExceededError
from ....domain.ids import new_id
from ....domain.transcription.live import LiveSignal, LiveUsage, SegmentPlaced, SegmentUpdate
from ....domain.transcription.times import language_code, milliseconds
from ....domain.transcription.transcript import TranscriptUsage
from ....ports.codec.live_transcription import LiveProtocol, LiveRequest
from ....ports.websocket import Frame, WebSocketRequest
from ...wire.decoder import Json
from ...wire.errors import error_facts, error_in_stream, error_of_answer, read_error
from ...wire.realtime import close_error, frame_object, text_frame, text_of
from ...wire.words.counts import counts

__all__ = ["LiveProfile", "SessionLiveCodec"]

_TRANSCRIPTION = "conversation.item.input_audio_transcription."
_READY = ("session.updated", "transcription_session.updated")
_EMPTY = "input_audio_buffer_commit_empty"


@dataclass(frozen=True)
class LiveProfile:
    """What a server does differently.

    Attributes:
        path: where the sessions are; `{model}` is filled in.
        rate: samples per second on the wire.
        flat: whether the settings stand in fields of the session, as in the beta.
        waits: whether nothing may be sent before the server's greeting.
        finish: the event that ends the session, which the server answers with `session.finished`; without one the last
            turn is committed, and the end is when everything is transcribed.
        detection: the turn detection to ask for where the card says that it is needed.
        fields: parameters that are sent, by our names, and their names on the wire.
        codes: errors by the server's codes.
    """

    path: str = "/realtime?intent=transcription"
    rate: int = 24_000
    flat: bool = False
    waits: bool = False
    finish: str | None = None
    detection: Json = field(default_factory=lambda: {"type": "server_vad"})
    fields: Mapping[str, str] = field(
        default_factory=lambda: {"language": "language", "languages": "languages", "prompt": "prompt"}
    )
    codes: Mapping[str, type[ModelError]] = field(default_factory=dict)


class SessionLiveCodec:
    """Sessions of one server."""

    def __init__(self, profile: LiveProfile) -> None:
        self._profile = profile

    def handshake(self, request: LiveRequest) -> WebSocketRequest:
        """Where the sessions are."""
        url = request.endpoint.url(self._profile.path.replace("{model}", quote(request.model, safe="")))
        if url.startswith("http"):
            url = "ws" + url.removeprefix("http")
        return WebSocketRequest(url, {**request.endpoint.headers, **request.extra_headers})

    def new_protocol(self, request: LiveRequest) -> LiveProtocol:
        """A session."""
        return _Session(request, self._profile)

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that a handshake answered with this status means."""
        return error_of_answer(status, read_error(body), self._profile.codes)


class _Session:
    """One connection. Items are known from their first event; those that are not transcribed yet keep it open."""

    quiet_end: float | None = None

    def __init__(self, request: LiveRequest, profile: LiveProfile) -> None:
        self.ready = self.ended = False
        self.input_rate = profile.rate
        self._request = request
        self._profile = profile
        self._sending: list[Frame] = []
        self._open: set[str] = set()
        self._done: set[str] = set()
        self._parted: set[str] = set()
        """Items that came in parts, which have their text."""
        self._finishing = self._last_turn_known = self._asked = False
        if not profile.waits:
            self._set_up()

    def audio(self, pcm: bytes) -> None:
        """Append audio."""
        data = base64.b64encode(pcm).decode("ascii")
        self._sending.append(f'{{"type":"input_audio_buffer.append","audio":"{data}"}}')

    def finish(self) -> None:
        """End the last turn, or the session."""
        self._finishing = True
        if self._profile.finish is not None:
            self._send({"type": self._profile.finish})
            return
        self._send({"type": "input_audio_buffer.commit"})
        self._set_up()  # changes nothing; its answer comes after everything that the commit began

    def quiet(self) -> list[LiveSignal]:
        """The server says when it is done."""
        return []

    def cancel(self) -> None:
        """Nothing is said before the connection is closed."""

    def closed(self, code: int, reason: str) -> ModelError:
        """Why the connection ended."""
        return close_error(code, reason)

    def frames_to_send(self) -> list[Frame]:
        """The frames that may go out now, once."""
        frames, self._sending = self._sending, []
        return frames

    def receive(self, frame: Frame) -> list[LiveSignal]:
        """What a frame means."""
        event = frame_object(frame)
        kind = text_of(event, "type")
        if kind in _READY:
            self._last_turn_known, self.ready = self._finishing, True
        elif kind == "session.created" and not self._asked:
            self._set_up()
        elif kind == "error":
            self._error(event)
        elif kind == "session.finished":
            self.ended = True
        handle = _HANDLERS.get(kind)
        signals = handle(event) if handle is not None else []
        self._follow(kind, text_of(event, "item_id"), signals)
        return [signal for signal in signals if isinstance(signal, LiveUsage) or signal.id not in self._parted]

    def _follow(self, kind: str, item_id: str, signals: list[LiveSignal]) -> None:
        """Which items are open, and whether that was the last."""
        if kind == _TRANSCRIPTION + "segment" and item_id:
            self._parted.add(item_id)
        for signal in signals:
            if isinstance(signal, SegmentUpdate) and signal.final:
                self._open.discard(signal.id)
                self._done.add(signal.id)
            elif not isinstance(signal, LiveUsage) and signal.id not in self._done:
                self._open.add(signal.id)
        if self._profile.finish is None and self._last_turn_known and not self._open:
            self.ended = True

    def _error(self, event: Json) -> None:
        facts = error_facts(event)
        if self._finishing and _EMPTY in facts.words:
            return  # all of it was committed before
        error = error_in_stream(facts, self._profile.codes)
        final = next((cls for word in facts.words if (cls := _FINAL.get(word)) is not None), None)
        raise error if final is None else final(facts.message, code=error.code)

    def _set_up(self) -> None:
        self._asked = True
        self._send({"type": "session.update", "session": {**_settings(self._request, self._profile)}})

    def _send(self, event: Json) -> None:
        self._sending.append(text_frame(event))


def _settings(request: LiveRequest, profile: LiveProfile) -> Json:
    given = {wire: request.parameters.get(ours) for ours, wire in profile.fields.items()}
    chosen: Json = {name: value for name, value in given.items() if value is not None}
    detection = profile.detection if request.card.live_detection else None
    if profile.flat:
        session: Json = {
            "modalities": ["text"],
            "input_audio_format": "pcm",
            "sample_rate": profile.rate,
            "input_audio_transcription": chosen,
            "turn_detection": detection,
        }
    else:
        listening = {
            "format": {"type": "audio/pcm", "rate": profile.rate},
            "transcription": {"model": request.model, **chosen},
            "turn_detection": detection,
        }
        session = {"type": "transcription", "audio": {"input": listening}}
    return {**session, **request.overrides}


def _begun(event: Json) -> list[LiveSignal]:
    return [SegmentUpdate(text_of(event, "item_id"), start_ms=_whole(event.get("audio_start_ms")))]


def _stopped(event: Json) -> list[LiveSignal]:
    return [SegmentUpdate(text_of(event, "item_id"), end_ms=_whole(event.get("audio_end_ms")))]


def _committed(event: Json) -> list[LiveSignal]:
    return [SegmentPlaced(text_of(event, "item_id"), text_of(event, "previous_item_id") or None)]


def _interim(event: Json) -> list[LiveSignal]:
    """A further piece, or the settled text and the draft behind it, which replace what was there."""
    item_id = text_of(event, "item_id")
    if "delta" in event:
        return [SegmentUpdate(item_id, text_of(event, "delta"), more=True)]
    return [SegmentUpdate(item_id, text_of(event, "text") + text_of(event, "stash"), **_facts(event))]


def _part(event: Json) -> list[LiveSignal]:
    """A part of an item with its speaker and times, which is a segment of its own."""
    part_id = text_of(event, "id") or new_id()
    start, end = milliseconds(event.get("start")), milliseconds(event.get("end"))
    speaker = text_of(event, "speaker") or None
    return [SegmentUpdate(part_id, text_of(event, "text"), False, True, start, end, speaker)]


def _final(event: Json) -> list[LiveSignal]:
    signals: list[LiveSignal] = [
        SegmentUpdate(text_of(event, "item_id"), text_of(event, "transcript"), final=True, **_facts(event))
    ]
    used = event.get("usage")
    if isinstance(used, dict):
        sent, received = counts(used, "input_tokens", "output_tokens")
        seconds = used.get("seconds")
        lasted = float(seconds) if isinstance(seconds, int | float) and not isinstance(seconds, bool) else 0.0
        signals.append(LiveUsage(TranscriptUsage(sent, received, lasted, raw=used)))
    return signals


def _failed(event: Json) -> list[LiveSignal]:
    why = text_of(event.get("error"), "message", "code") or "the transcription failed"
    return [SegmentUpdate(text_of(event, "item_id"), final=True, error=why)]


class _Facts(TypedDict):
    language: str | None
    emotion: str | None


def _facts(event: Json) -> _Facts:
    return {"language": language_code(event.get("language")), "emotion": text_of(event, "emotion") or None}


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


_HANDLERS: Mapping[str, Callable[[Json], list[LiveSignal]]] = {
    "input_audio_buffer.speech_started": _begun,
    "input_audio_buffer.speech_stopped": _stopped,
    "input_audio_buffer.committed": _committed,
    _TRANSCRIPTION + "delta": _interim,
    _TRANSCRIPTION + "text": _interim,
    _TRANSCRIPTION + "segment": _part,
    _TRANSCRIPTION + "completed": _final,
    _TRANSCRIPTION + "failed": _failed,
}
_FINAL: Mapping[str, type[ModelError]] = {
    "insufficient_quota": QuotaExceededError,
    "invalid_api_key": AuthenticationError,
    "account_deactivated": PermissionDeniedError,
}
