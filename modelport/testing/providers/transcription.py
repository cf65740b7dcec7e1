"""Speech-to-text by a form upload. Facts: docs/protocols/speech-to-text.md#openai-files."""

from __future__ import annotations

from ..servers.http import RecordedRequest, ScriptedAnswer
from .reply import pieces, sse

__all__ = ["HEARD", "answer"]

HEARD = "The train leaves at nine."


def answer(request: RecordedRequest) -> ScriptedAnswer:
    """Always the same text: as events where a stream is asked for, else with the times of one segment."""
    if b'name="file"' not in request.body:
        raise ValueError("the form has no file")
    usage = {"type": "tokens", "input_tokens": 14, "output_tokens": 6, "total_tokens": 20}
    if b'name="stream"\r\n\r\ntrue' in request.body:
        deltas = [("", {"type": "transcript.text.delta", "delta": piece}) for piece in pieces(HEARD)]
        return sse([*deltas, ("", {"type": "transcript.text.done", "text": HEARD, "usage": usage})])
    segment = {"id": 0, "start": 0.0, "end": 1.5, "text": f" {HEARD}"}
    return ScriptedAnswer.json({"text": HEARD, "segments": [segment], "duration": 1.5, "usage": usage})
