"""Live transcription over the Live API: what is said comes back in pieces; what the model would answer is passed over.

Facts: docs/protocols/speech-to-text.md#qwen-and-gemini-live, docs/protocols/realtime-gemini.md#server-frames.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from ....domain.errors import ModelError
from ....domain.ids import new_id
from ....domain.transcription.live import LiveSignal, LiveUsage, SegmentUpdate
from ....domain.transcription.transcript import TranscriptUsage
from ....ports.codec.live_transcription import LiveProtocol, LiveRequest
from ....ports.websocket import Frame, WebSocketRequest
from ...wire.decoder import Json
from ...wire.realtime import close_error, frame_object, text_frame, text_of
from ..errors import map_error
from .usage import live_usage

__all__ = ["GeminiLiveTranscriptionCodec"]

_PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
_RATE = 16_000
_QUIET = 4.0
"""Seconds without a frame after the end of the audio that end a session: the server does not say that it is done, and
the end of a turn may be that of an earlier one."""
_FIELDS = {"languages": "languageCodes", "vocabulary": "customVocabulary"}


class GeminiLiveTranscriptionCodec:
    """Sessions whose input is transcribed."""

    def handshake(self, request: LiveRequest) -> WebSocketRequest:
        """Where all sessions are; the model is in the set-up."""
        url = request.endpoint.url(_PATH)
        if url.startswith("http"):
            url = "ws" + url.removeprefix("http")
        return WebSocketRequest(url, {**request.endpoint.headers, **request.extra_headers})

    def new_protocol(self, request: LiveRequest) -> LiveProtocol:
        """A session."""
        return _Session(request)

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that a handshake answered with this status means."""
        return map_error(status, body)


class _Session:
    """One connection. Nothing has an id, so a segment goes from one end of an utterance to the next."""

    input_rate = _RATE
    quiet_end = _QUIET

    def __init__(self, request: LiveRequest) -> None:
        self.ready = self.ended = False
        self._sending: list[Frame] = []
        self._segment = ""
        self._text = ""
        self._send({"setup": _setup(request)})

    def audio(self, pcm: bytes) -> None:
        """Send audio."""
        data = base64.b64encode(pcm).decode("ascii")
        self._sending.append(f'{{"realtimeInput":{{"audio":{{"mimeType":"audio/pcm;rate={_RATE}","data":"{data}"}}}}}}')

    def finish(self) -> None:
        """The microphone is off, so the server looks at what it has."""
        self._send({"realtimeInput": {"audioStreamEnd": True}})

    def cancel(self) -> None:
        """Nothing is said before the connection is closed."""

    def closed(self, code: int, reason: str) -> ModelError:
        """Why the connection ended; there is no event for an error."""
        return close_error(code, reason)

    def frames_to_send(self) -> list[Frame]:
        """The frames that may go out now, once."""
        frames, self._sending = self._sending, []
        return frames

    def receive(self, frame: Frame) -> list[LiveSignal]:
        """What a frame means; it may have several keys."""
        event = frame_object(frame)
        if "setupComplete" in event or "setup_complete" in event:
            self.ready = True
        content = event.get("serverContent")
        signals = self._content(content) if isinstance(content, dict) else []
        used = live_usage(event.get("usageMetadata"))
        if used is not None:
            signals.append(LiveUsage(TranscriptUsage(used.input_tokens, used.output_tokens, raw=used.raw)))
        return signals

    def _content(self, content: Json) -> list[LiveSignal]:
        """A piece of what is said, and the end of an utterance."""
        heard = content.get("inputTranscription")
        text, language = text_of(heard, "text"), text_of(heard, "languageCode") or None
        if text:
            self._segment = self._segment or new_id()
            self._text += text
        if content.get("turnComplete") or (isinstance(heard, dict) and heard.get("finished") is True):
            return self._end(language)
        return [SegmentUpdate(self._segment, text, more=True, language=language)] if text else []

    def _end(self, language: str | None = None) -> list[LiveSignal]:
        segment, text, self._segment, self._text = self._segment, self._text.strip(), "", ""
        return [SegmentUpdate(segment, text, final=True, language=language)] if segment else []

    def quiet(self) -> list[LiveSignal]:
        """Nothing came for `quiet_end` seconds after the end of the audio."""
        self.ended = True
        return self._end()

    def _send(self, event: Json) -> None:
        self._sending.append(text_frame(event))


def _setup(request: LiveRequest) -> Json:
    values = request.parameters
    heard: Json = {wire: values[name] for name, wire in _FIELDS.items() if values.get(name)}
    model = request.model if "/" in request.model else f"models/{request.model}"
    body: Json = {
        "model": model,
        "generationConfig": {"responseModalities": ["TEXT"]},
        "inputAudioTranscription": heard,
    }
    body.update(request.overrides)
    return body
