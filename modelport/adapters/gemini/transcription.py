"""Gemini's speech-to-text: models made for it, and every other model that takes audio, by instruction.

Facts: docs/protocols/speech-to-text.md#gemini-files.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, Unpack, overload

from ...application.transcription.http import HttpSTTModel
from ...application.transcription.model import TranscriptT_co
from ...domain.errors import ContentFilterError, ModelError, ResponseDecodeError, ServerError, StreamTruncatedError
from ...domain.message.responses import FinishReason
from ...domain.transcription.times import of_duration
from ...domain.transcription.transcript import Transcript, TranscriptSegment, TranscriptUsage, TranscriptWord
from ...ports.codec.live_transcription import LiveCodec
from ...ports.codec.transcription import TranscriptionWireCall
from ...ports.http import HttpRequest
from ..wire.decoder import Json, decode_json_body, read_json_event
from ..wire.framing import SSEFramer
from ..wire.json_text import dump_json
from ..wire.words.counts import counts
from ..wire.words.finish_words import finish_reason, reason_word
from .errors import map_error, stream_error
from .live.transcription import GeminiLiveTranscriptionCodec
from .parameters import GeminiTranscriptionParameters
from .request import method_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ...application.model.credential import CredentialBase
    from ...application.transcription.options import STTOptions
    from ...ports.codec.transcription import TranscriptionRequest

__all__ = ["GeminiTranscriptDecoder", "GeminiTranscriptionCodec", "GeminiTranscriptionModel"]

_INSTRUCTION = "Write down exactly what is said, in the language in which it is said. Add nothing."
_CONFIG = {
    "languages": "languageCodes",
    "vocabulary": "customVocabulary",
    "words": "wordTimestamp",
    "speakers": "diarization",
}


class GeminiTranscriptionCodec:
    """`generateContent` with audio in the request."""

    def encode(self, request: TranscriptionRequest) -> TranscriptionWireCall:
        """The POST; a model without the means for it gets a prompt that says what to do."""
        values, audio = request.parameters, request.audio
        data = base64.b64encode(audio.data).decode("ascii")
        parts: list[Json] = [{"inlineData": {"mimeType": audio.media_type, "data": data}}]
        config = {wire: values[ours] for ours, wire in _CONFIG.items() if values.get(ours)}
        if values.get("smart"):
            config["mode"] = "SMART"
        body: Json = {"contents": [{"role": "user", "parts": parts}]}
        if request.card.known and (request.card.words or request.card.speakers):
            body["generationConfig"] = {"audioTranscriptionConfig": config}
        else:
            parts.insert(0, {"text": values.get("instruction") or _INSTRUCTION})
        for name, value in request.overrides.items():
            known = body.get(name)
            body[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
        method = "streamGenerateContent?alt=sse" if request.stream else "generateContent"
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        url = method_url(request.endpoint.base_url, request.model, method)
        return TranscriptionWireCall(
            HttpRequest("POST", url, headers, dump_json(body)),
            new_framer=SSEFramer,
            new_decoder=GeminiTranscriptDecoder,
            decode_body=lambda data: GeminiTranscriptDecoder().body(data),
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return map_error(status, body)


class GeminiTranscriptDecoder:
    """Parts with a transcription, or with text; thoughts are no part of it."""

    def __init__(self) -> None:
        self.ended = False
        self.failure: ModelError | None = None
        self._texts: list[str] = []
        self._fresh: list[str] = []
        self._segments: list[TranscriptSegment] = []
        self._words: list[TranscriptWord] = []
        self._usage: TranscriptUsage | None = None
        self._reason: str | None = None
        self._blocked: str | None = None
        self._answered = False

    def feed(self, payloads: Sequence[bytes]) -> Transcript | None:
        """What is new in these events, if anything. An error among them is left in `failure`."""
        try:
            for payload in payloads:
                if not payload.startswith(b"[DONE]"):
                    read_json_event(payload, self._event)
        except ModelError as error:
            self.failure = error
        fresh, self._fresh = self._fresh, []
        return Transcript("".join(fresh), is_last=False) if fresh else None

    def finish(self) -> Transcript:
        """The whole transcript; raises the error of a refusal, and of an answer without an end."""
        refused = self._reason is not None and finish_reason(self._reason) in (
            FinishReason.CONTENT_FILTER,
            FinishReason.REFUSAL,
        )
        if self._blocked or refused:
            word = self._blocked or self._reason
            raise ContentFilterError(f"the audio was refused: {word}", code=word)
        if not self._answered:
            raise ResponseDecodeError("the answer has no candidates; check that base_url points to the Gemini API")
        if self._reason is None:
            raise StreamTruncatedError("the transcript ended without a finish reason")
        if not self._texts and finish_reason(self._reason) not in (FinishReason.STOP, FinishReason.LENGTH):
            raise ServerError(f"the model ended with {self._reason} and wrote nothing down", code=self._reason)
        language = next((segment.language for segment in self._segments if segment.language), None)
        facts = {"finish_reason": self._reason}
        return Transcript("".join(self._texts), self._segments, self._words, language, self._usage, metadata=facts)

    def body(self, data: bytes) -> Transcript:
        """A whole body."""
        self._event(decode_json_body(data))
        if self._answered:
            self._reason = self._reason or "STOP"
        return self.finish()

    def _event(self, event: Json) -> None:
        if event.get("error"):
            raise stream_error(event)
        self._blocked = (event.get("promptFeedback") or {}).get("blockReason") or self._blocked
        used = event.get("usageMetadata")
        if isinstance(used, dict):
            sent, received, thought = counts(used, "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
            self._usage = TranscriptUsage(sent, received + thought, raw=used)
        for candidate in (event.get("candidates") or [])[:1]:
            self._answered = True
            for part in (candidate.get("content") or {}).get("parts") or []:
                self._part(part)
            self._reason = reason_word(candidate.get("finishReason")) or self._reason

    def _part(self, part: Json) -> None:
        found = part.get("audioTranscription")
        if isinstance(found, dict):
            text = str(found.get("text") or "").strip()
            self._say(f" {text}" if self._texts and text else text)
            self._segments.append(_segment(found, text))
            self._words += [_word(word, found.get("speakerLabel")) for word in found.get("words") or []]
        elif isinstance(part.get("text"), str) and not part.get("thought"):
            self._say(part["text"])

    def _say(self, text: str) -> None:
        if text:
            self._texts.append(text)
            self._fresh.append(text)


def _segment(found: Json, text: str) -> TranscriptSegment:
    times = of_duration(found.get("startOffset")), of_duration(found.get("endOffset"))
    return TranscriptSegment(text, *times, found.get("speakerLabel"), found.get("languageCode"))


def _word(found: Json, speaker: Any) -> TranscriptWord:  # Any: whatever names a speaker
    times = of_duration(found.get("startOffset")), of_duration(found.get("endOffset"))
    return TranscriptWord(str(found.get("word") or ""), *times, speaker)


class GeminiTranscriptionModel(HttpSTTModel[TranscriptT_co]):
    """Gemini's speech-to-text, and any Gemini model that takes audio. The audio is sent inside the request."""

    Parameters: TypeAlias = GeminiTranscriptionParameters
    parameters: GeminiTranscriptionParameters
    type = "gemini_transcription"
    provider = "gemini"
    takes_any_key = False
    codec = GeminiTranscriptionCodec()
    live_codec: ClassVar[LiveCodec | None] = GeminiLiveTranscriptionCodec()

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: GeminiTranscriptionModel[Transcript],
            credential: CredentialBase,
            model: str,
            parameters: GeminiTranscriptionParameters | None = None,
            stream: Literal[False] = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: GeminiTranscriptionModel[AsyncGenerator[Transcript, None]],
            credential: CredentialBase,
            model: str,
            parameters: GeminiTranscriptionParameters | None = None,
            *,
            stream: Literal[True],
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: GeminiTranscriptionModel[AsyncGenerator[Transcript, None]],
            credential: CredentialBase,
            model: str,
            parameters: GeminiTranscriptionParameters | None,
            stream: Literal[True],
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: GeminiTranscriptionParameters | None = None,
            stream: bool = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: GeminiTranscriptionParameters | None = None,
            stream: bool = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
