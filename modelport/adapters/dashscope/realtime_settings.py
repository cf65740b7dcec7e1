"""The settings of an utterance, in the words of each of DashScope's WebSocket services.

Facts: wire/dashscope-tts, sections B, C and D.
"""

from __future__ import annotations

from ...application.realtime_codec import RealtimeRequest
from ...domain.spoken_audio import AudioFormat
from ..wire.decoder import Json

__all__ = ["audio_format", "session_settings", "task_settings"]

_SAMPLE_RATE = 24_000
_MEDIA_TYPES = {"pcm": "audio/wav", "wav": "audio/wav", "mp3": "audio/mpeg", "opus": "audio/ogg"}


def session_settings(request: RealtimeRequest) -> Json:
    """What `session.update` says. The server cuts the text unless the caller chose to."""
    defaults = {"mode": "server_commit", "response_format": "pcm", "sample_rate": _SAMPLE_RATE}
    return _with_voice(request, {**defaults, **request.parameters})


def task_settings(request: RealtimeRequest) -> Json:
    """The `parameters` of a task."""
    settings = _with_voice(request, {"format": "pcm", "sample_rate": _SAMPLE_RATE, **request.parameters})
    return {"text_type": "SSML" if settings.get("enable_ssml") else "PlainText", **settings}


def audio_format(settings: Json, format_name: str) -> AudioFormat:
    """The audio that these settings ask for; a format we do not know is handed out as it comes."""
    name, rate = settings.get(format_name), settings.get("sample_rate")
    media_type = _MEDIA_TYPES.get(str(name), f"audio/{name}")
    return AudioFormat(media_type, rate if isinstance(rate, int) and rate > 0 else _SAMPLE_RATE)


def _with_voice(request: RealtimeRequest, settings: Json) -> Json:
    """The first voice of the card's speaks unless the caller chose; the caller's own fields win over all."""
    if request.card.voices:
        settings.setdefault("voice", request.card.voices[0])
    return {**settings, **request.overrides}
