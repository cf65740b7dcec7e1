"""The answers of `/audio/transcriptions`: JSON with or without times, plain text, or events.

Facts: docs/protocols/speech-to-text.md#openai-files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ....domain.errors import ModelError, ResponseDecodeError, StreamTruncatedError
from ....domain.transcription.times import language_code, milliseconds
from ....domain.transcription.transcript import Transcript, TranscriptSegment, TranscriptUsage, TranscriptWord
from ...wire.decoder import Json, read_json_event
from ...wire.errors import error_facts, error_in_stream, names_an_error
from ...wire.json_text import parse_json
from ...wire.words.counts import counts

__all__ = ["TranscriptEvents", "transcript_of_body"]

_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body)", re.IGNORECASE)


def transcript_of_body(data: bytes) -> Transcript:
    """A whole body; raises for an error, and for anything else than a transcript."""
    if data.lstrip().startswith(b"{"):
        try:
            answer = parse_json(data)
        except ValueError as error:
            raise ResponseDecodeError(f"the answer is not JSON: {error}") from error
        return _of_json(answer)
    if data.lstrip().startswith(b"[") and _is_json(data):
        raise ResponseDecodeError("expected a transcript, got a JSON list")
    text = data.decode("utf-8", "replace")
    if _PAGE.match(text):
        raise ResponseDecodeError("expected a transcript, got an HTML page; check that base_url points to an API")
    return Transcript(text.strip())


def _is_json(data: bytes) -> bool:
    try:
        parse_json(data)
    except ValueError:
        return False
    return True


def _of_json(answer: Json) -> Transcript:
    if answer.get("error") or not isinstance(answer.get("text"), str):
        facts = error_facts(answer)
        if answer.get("error") or facts.explained:
            raise error_in_stream(facts)
        raise ResponseDecodeError(f"expected a transcript, got JSON with {', '.join(list(answer)[:8]) or 'nothing'}")
    segments = [_segment(each) for each in answer.get("segments") or []]
    return Transcript(
        answer["text"],
        segments=segments,
        words=[_word(each) for each in answer.get("words") or []],
        language=language_code(answer.get("language") or next(iter(answer.get("languages") or []), None)),
        usage=_usage(answer.get("usage")),
        duration_ms=milliseconds(answer.get("duration")),
    )


def _segment(found: Json) -> TranscriptSegment:
    speaker = next((found[key] for key in ("speaker", "speaker_id") if found.get(key) is not None), None)
    return TranscriptSegment(
        str(found.get("text") or "").strip(),
        milliseconds(found.get("start")),
        milliseconds(found.get("end")),
        None if speaker is None else str(speaker),
        id=None if found.get("id") is None else str(found["id"]),
    )


def _word(found: Json) -> TranscriptWord:
    speaker = found.get("speaker")
    return TranscriptWord(
        str(found.get("word") or found.get("text") or "").strip(),
        milliseconds(found.get("start")),
        milliseconds(found.get("end")),
        None if speaker is None else str(speaker),
    )


def _usage(used: Any) -> TranscriptUsage | None:  # Any: whatever stands there
    """Tokens or seconds, as the server counts them; neither is made of the other."""
    if not isinstance(used, dict):
        return None
    sent, received, prompt, completion = counts(
        used, "input_tokens", "output_tokens", "prompt_tokens", "completion_tokens"
    )
    given = next((used[key] for key in ("seconds", "prompt_audio_seconds") if used.get(key) is not None), 0)
    seconds = (milliseconds(given) or 0) / 1000
    return TranscriptUsage(sent or prompt, received or completion, seconds, raw=used)


class TranscriptEvents:
    """`transcript.text.delta` and `.segment` events; `.done` has the whole text and ends them."""

    def __init__(self) -> None:
        self.ended = False
        self.failure: ModelError | None = None
        self._fresh: list[str] = []
        self._fresh_segments: list[TranscriptSegment] = []
        self._said: list[str] = []
        self._segments: list[TranscriptSegment] = []
        self._done: Transcript | None = None
        self._language: str | None = None

    def feed(self, payloads: Sequence[bytes]) -> Transcript | None:
        """What is new in these events, if anything. An error among them is left in `failure`."""
        try:
            for payload in payloads:
                if self.ended:
                    break
                if payload.startswith(b"[DONE]"):
                    self.ended = self._done is not None
                    continue
                read_json_event(payload, self._event)
        except ModelError as error:
            self.failure = error
        return self._step()

    def finish(self) -> Transcript:
        """The whole transcript. Raises `StreamTruncatedError` when its last event has not come."""
        if self._done is None:
            raise StreamTruncatedError("the transcript ended before its last event")
        self._done.segments = self._segments or self._done.segments
        self._done.language = self._done.language or self._language
        return self._done

    def _step(self) -> Transcript | None:
        if not (self._fresh or self._fresh_segments):
            return None
        step = Transcript("".join(self._fresh), segments=self._fresh_segments, is_last=False)
        self._said += self._fresh
        self._segments += self._fresh_segments
        self._fresh, self._fresh_segments = [], []
        return step

    def _event(self, event: Json) -> None:
        kind = str(event.get("type", ""))
        if names_an_error(event):
            raise error_in_stream(error_facts(event))
        said = event.get("delta", event.get("text"))
        if kind.endswith(".delta") and isinstance(said, str):
            self._fresh.append(said)
        elif kind.endswith(".segment"):
            self._fresh_segments.append(_segment(event))
        elif kind.endswith(".language"):
            self._language = language_code(event.get("audio_language") or event.get("language"))
        elif kind.endswith(".done"):
            self._done = _of_json(event)
            self.ended = True
