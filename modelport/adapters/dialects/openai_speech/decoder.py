"""The answers of `/audio/speech`: bytes of a file, events with pieces of it, or JSON that holds all of it.

Facts: docs/protocols/openai-tts.md#answer-as-audio,
docs/protocols/openai-tts.md#answer-as-events, docs/protocols/openai-tts.md#compatible-servers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....domain.errors import ModelError, ResponseDecodeError, StreamTruncatedError
from ....domain.speech.audio import AudioFormat
from ....domain.speech.responses import TTSUsage
from ....ports.codec.speech import SpeechChunk
from ...wire.audio_pieces import SpeechPieces, decoded_audio
from ...wire.decoder import Json, read_json_event
from ...wire.errors import error_facts, error_in_stream, names_an_error
from ...wire.framing import SSEFramer, begins_as_sse
from ...wire.json_text import parse_json
from ...wire.words.counts import counts

__all__ = ["AudioDecoder", "EventDecoder", "RawFramer"]

_IN_JSON = ("audio_data", "audio", "data", "b64")
"""Where servers put audio into JSON. Facts: docs/protocols/openai-tts.md#compatible-servers."""
_COUNTED = ("input_tokens", "output_tokens", "prompt_tokens", "completion_tokens")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]{16,}")
"""So long without a byte that text cannot have, audio is not."""
_PAGE = re.compile(rb"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)


class RawFramer:
    """Bytes as they come."""

    def feed(self, data: bytes) -> list[bytes]:
        """These bytes."""
        return [data] if data else []

    def tail(self) -> bytes | None:
        """Nothing is kept back."""
        return None

    @staticmethod
    def may_begin(data: bytes) -> bool:
        """Whether the first bytes are no JSON, events, page or text; others are read as a whole body first."""
        if _TEXT.fullmatch(data):
            return False
        return not data.lstrip().startswith((b"{", b"<", b"data:", b"event:", b":"))


class AudioDecoder:
    """The bytes of a file; the end of the body is the only end that there is."""

    ends_with_body = True

    def __init__(self, audio_format: AudioFormat) -> None:
        self.ended = False
        self.failure: ModelError | None = None
        self._format = audio_format
        self._pieces = SpeechPieces(audio_format)

    def feed(self, payloads: Sequence[bytes]) -> SpeechChunk | None:
        """The audio of these bytes, if any."""
        try:
            return self._pieces.feed(b"".join(payloads))
        except ModelError as error:
            self.failure = error
            return None

    def finish(self) -> SpeechChunk:
        """The last chunk, which is empty."""
        return SpeechChunk()

    def body(self, data: bytes) -> SpeechChunk:
        """A whole body: events or JSON with audio, else the audio itself; raises for an error and for a page."""
        payloads = _events(data)
        if payloads:
            return self._of_events(payloads)
        if data.lstrip().startswith(b"{") and (answer := _json(data)) is not None:
            data = _audio_of(answer)
        elif _PAGE.match(data):
            raise ResponseDecodeError(
                "expected audio, got an HTML page; check that base_url points to a speech API", body=_shown(data)
            )
        elif _TEXT.fullmatch(data):
            raise ResponseDecodeError(
                "expected audio, got text; check that base_url points to a speech API", body=_shown(data)
            )
        return self._pieces.feed(data) or SpeechChunk()

    def _of_events(self, payloads: Sequence[bytes]) -> SpeechChunk:
        decoder = EventDecoder(self._format)
        chunk = decoder.feed(payloads) or SpeechChunk()
        if decoder.failure is not None:
            raise decoder.failure
        last = decoder.finish()
        return SpeechChunk(chunk.pcm, usage=last.usage, facts=last.facts, format=chunk.format)


class EventDecoder:
    """`speech.audio.delta` events; `speech.audio.done` ends them."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self.ended = False
        self.failure: ModelError | None = None
        self._pieces = SpeechPieces(audio_format)
        self._fresh: list[bytes] = []
        self._usage: TTSUsage | None = None

    def feed(self, payloads: Sequence[bytes]) -> SpeechChunk | None:
        """The audio of these events, if any. An error among them is left in `failure`."""
        try:
            for payload in payloads:
                if self.ended:
                    break
                if payload.startswith(b"[DONE]"):
                    self.ended = True
                    break
                read_json_event(payload, self._event)
            data = b"".join(self._fresh)
            self._fresh.clear()
            return self._pieces.feed(data) if data else None
        except ModelError as error:
            self.failure = error
            return None

    def finish(self) -> SpeechChunk:
        """The usage. Raises `StreamTruncatedError` when the last event has not come."""
        if not self.ended:
            raise StreamTruncatedError("the speech ended before its last event; `partial` holds the audio so far")
        return SpeechChunk(usage=self._usage)

    def _event(self, event: Json) -> None:
        kind = event.get("type")
        if names_an_error(event):
            raise error_in_stream(error_facts(event))
        audio = next((event[name] for name in _IN_JSON if isinstance(event.get(name), str)), "")
        if audio:
            self._fresh.append(decoded_audio(audio))
        used = event.get("usage")
        if isinstance(used, dict):
            sent, received, prompt, completion = counts(used, *_COUNTED)
            self._usage = TTSUsage(sent or prompt, received or completion, raw=used)
        self.ended = kind == "speech.audio.done"


def _events(data: bytes) -> list[bytes]:
    """The payloads of a body of events; none for samples that only begin like one."""
    if not (begins_as_sse(data) and data.lstrip().startswith((b"data:", b"event:", b":"))):
        return []
    framer = SSEFramer()
    payloads = framer.feed(data)
    tail = framer.tail()
    payloads += [tail] if tail else []
    return payloads if payloads and _json(payloads[0]) is not None else []


def _json(data: bytes) -> Json | None:
    """The object, or `None` for samples that only begin like one."""
    try:
        value = parse_json(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _audio_of(answer: Json) -> bytes:
    for name in _IN_JSON:
        if isinstance(answer.get(name), str):
            return decoded_audio(answer[name])
    facts = error_facts(answer)
    if answer.get("error") or facts.explained:
        raise error_in_stream(facts)
    raise ResponseDecodeError(f"expected audio, got JSON with {', '.join(list(answer)[:8]) or 'nothing'}")


def _shown(data: bytes) -> str:
    return data[:2000].decode("utf-8", "replace")
