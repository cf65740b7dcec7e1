"""DashScope's speech over HTTP. Facts: docs/protocols/dashscope-tts.md#http-synthesis."""

from __future__ import annotations

import base64

from ..servers.http import RecordedRequest, ScriptedAnswer
from .reply import Json, pieces, sse

__all__ = ["SAMPLES_PER_CHARACTER", "answer", "silence"]

SAMPLES_PER_CHARACTER = 480
"""20 milliseconds at 24,000 samples a second."""


def silence(text: str) -> bytes:
    """The speech of a text: PCM of 16 bits, as long as the text needs."""
    return bytes(2 * SAMPLES_PER_CHARACTER * len(text))


def answer(request: RecordedRequest) -> ScriptedAnswer:
    """Pieces of silence as server-sent events, or all of it in one body."""
    text = request.json()["input"]["text"]
    if request.headers.get("x-dashscope-sse") != "enable":
        return ScriptedAnswer.json(_event(silence(text), "stop", len(text)))
    results = [("result", _event(silence(piece), "null", len(text))) for piece in pieces(text)]
    return sse([*results, ("result", _event(b"", "stop", len(text)))])


def _event(pcm: bytes, reason: str, characters: int) -> Json:
    audio = {"data": base64.b64encode(pcm).decode(), "url": "", "id": "audio_1", "expires_at": 1}
    output = {"audio": audio, "finish_reason": reason}
    return {"output": output, "usage": {"characters": characters}, "request_id": "request_1"}
