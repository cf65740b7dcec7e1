"""Speech by `/audio/speech`. Facts: docs/protocols/openai-tts.md#answer-as-audio."""

from __future__ import annotations

import base64

from ...domain.message.wav import streaming_header
from ..servers.http import RecordedRequest, ScriptedAnswer
from .dashscope_speech import silence
from .reply import pieces, sse

__all__ = ["answer", "xai"]

_RATE = 24_000
_TYPES = {"pcm": "audio/pcm", "wav": "audio/wav"}


def answer(request: RecordedRequest) -> ScriptedAnswer:
    """Silence as long as the text needs: samples, a WAV whose header has no sizes, or events with pieces of them."""
    body = request.json()
    text, wanted = body["input"], body.get("response_format", "mp3")
    if wanted not in _TYPES or not body["voice"]:
        raise ValueError(f"expected a voice and one of {', '.join(_TYPES)}, got the format {wanted}")
    head = streaming_header(_RATE) if wanted == "wav" else b""
    spoken = [silence(piece) for piece in pieces(text)]
    if body.get("stream_format") != "sse":
        return ScriptedAnswer(200, {"content-type": _TYPES[wanted]}, [head, *spoken] if head else spoken)
    usage = {"input_tokens": len(text), "output_tokens": 9, "total_tokens": len(text) + 9}
    parts = [head + spoken[0], *spoken[1:]]
    deltas = [("", {"type": "speech.audio.delta", "audio": base64.b64encode(part).decode()}) for part in parts]
    return sse([*deltas, ("", {"type": "speech.audio.done", "usage": usage})])


def xai(request: RecordedRequest) -> ScriptedAnswer:
    """Silence by xAI's path, as samples. Facts: docs/protocols/openai-tts.md#compatible-servers."""
    body = request.json()
    if not body["language"]:
        raise ValueError("expected a language")
    return ScriptedAnswer(200, {"content-type": "audio/mpeg"}, [silence(piece) for piece in pieces(body["text"])])
