"""The settings of an utterance, as each of DashScope's WebSocket services names them.

Facts: docs/protocols/dashscope-tts.md#realtime-sessions, docs/protocols/dashscope-tts.md#cosyvoice-tasks,
docs/protocols/dashscope-tts.md#sambert-tasks.
"""

from __future__ import annotations

from ....domain.speech.audio import AudioFormat
from ....ports.codec.realtime_speech import RealtimeRequest
from ...wire.decoder import Json

__all__ = ["audio_format", "session_settings", "task_settings"]

_SAMPLE_RATE = 24_000
_HIGHEST_RATE = 1_000_000
"""Fits into a WAV header, and is above any real sample rate."""
_MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "opus": "audio/ogg"}


def session_settings(request: RealtimeRequest) -> Json:
    """The settings of `session.update`. The server splits the text unless the caller chose to do it."""
    defaults = {"mode": "server_commit", "response_format": "pcm", "sample_rate": _SAMPLE_RATE}
    return _with_voice(request, {**defaults, **request.parameters})


def task_settings(request: RealtimeRequest) -> Json:
    """The `parameters` of a task."""
    settings = _with_voice(request, {"format": "pcm", "sample_rate": _SAMPLE_RATE, **request.parameters})
    return {"text_type": "SSML" if settings.get("enable_ssml") else "PlainText", **settings}


def audio_format(request: RealtimeRequest, settings: Json, format_name: str) -> AudioFormat:
    """The audio that these settings ask for: WAV unless the caller chose; unknown formats are passed on unchanged.

    A caller who asks for `pcm` gets bare samples; without a choice they are asked for too, and get a WAV header here.
    """
    name, rate = settings.get(format_name), settings.get("sample_rate")
    if not isinstance(rate, int) or isinstance(rate, bool) or not 0 < rate <= _HIGHEST_RATE:
        rate = _SAMPLE_RATE
    if name == "pcm":
        chosen = format_name in request.parameters or format_name in request.overrides
        return AudioFormat(f"audio/pcm;rate={rate}" if chosen else "audio/wav", rate)
    return AudioFormat(_MEDIA_TYPES.get(str(name), f"audio/{name}"), rate)


def _with_voice(request: RealtimeRequest, settings: Json) -> Json:
    """The first voice of the card's speaks unless the caller chose; the caller's own fields win over all."""
    if request.card.voices:
        settings.setdefault("voice", request.card.voices[0])
    return {**settings, **request.overrides}
