"""A text to a request of `/audio/speech`, and its answer to audio.

Facts: docs/protocols/openai-tts.md#request, docs/protocols/openai-tts.md#answer-as-audio.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ....domain.speech.audio import AudioFormat
from ....ports.codec.speech import SpeechWireCall
from ....ports.http import HttpRequest
from ...wire.decoder import Json
from ...wire.errors import error_of_answer, read_error
from ...wire.framing import SSEFramer
from ...wire.json_text import dump_json
from .decoder import AudioDecoder, EventDecoder, RawFramer
from .profile import SpeechProfile

if TYPE_CHECKING:
    from ....domain.errors import ModelError
    from ....ports.codec.speech import SpeechRequest

__all__ = ["OpenAISpeechCodec"]

_MEDIA_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
}
_SAMPLES = ("pcm", "raw", "wav")
_WANTS_SAMPLES = (None, "wav", "pcm")
_PLAIN_FIELDS = ("instructions", "speed")


class OpenAISpeechCodec:
    """The codec of one server. Audio is asked for as samples unless the caller names a format."""

    sample_rate = 24_000

    def __init__(self, profile: SpeechProfile) -> None:
        self._profile = profile

    def encode(self, request: SpeechRequest) -> SpeechWireCall:
        """The POST; without a voice of the caller's the card's first one speaks."""
        profile, values = self._profile, request.parameters
        body: Json = {"model": request.model, profile.text_field: request.text, **profile.extra_body}
        voice = values.get("voice") or next(iter(request.card.voices), None)
        if voice is not None:
            body[profile.voice_field] = voice
        wanted = values.get("response_format")
        asked = (profile.samples or wanted) if wanted in _WANTS_SAMPLES else wanted
        if asked is not None:
            body["response_format"] = asked
        body.update({name: values[name] for name in _PLAIN_FIELDS if values.get(name) is not None})
        if request.card.event_stream and (wanted in _WANTS_SAMPLES or "response_format" not in profile.events):
            body.update(profile.events)
        body.update(request.overrides)
        events = all(body.get(name) == value for name, value in profile.events.items())
        audio_format = self._format(body.get("response_format") or profile.default_format, wanted)
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream" if events else "application/octet-stream",
            **request.endpoint.headers,
            **request.extra_headers,
        }
        return SpeechWireCall(
            HttpRequest("POST", request.endpoint.url(profile.path), headers, dump_json(body)),
            new_framer=SSEFramer if events else RawFramer,
            new_decoder=lambda: (EventDecoder if events else AudioDecoder)(audio_format),
            decode_body=lambda data: AudioDecoder(audio_format).body(data),
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return error_of_answer(status, read_error(body))

    def _format(self, asked: object, wanted: object) -> AudioFormat:
        """The audio to deliver: samples as WAV, unless the caller chose bare ones; other files as they are."""
        if asked in _SAMPLES:
            rate = self.sample_rate
            return AudioFormat(f"audio/pcm;rate={rate}" if wanted == "pcm" else "audio/wav", rate)
        return AudioFormat(_MEDIA_TYPES.get(str(asked), f"audio/{asked}"), self.sample_rate)
