"""Gemini's speech: requests of both families of models, answers and the model.

Facts: docs/protocols/gemini-tts.md#two-families-of-models, docs/protocols/gemini-tts.md#request,
docs/protocols/gemini-tts.md#answer, docs/protocols/gemini-tts.md#no-audio.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, overload

from ...application.speech.http import HttpTTSModel
from ...application.speech.model import SpeechT_co
from ...domain.errors import ContentFilterError, InvalidRequestError, ModelError, ServerError, StreamTruncatedError
from ...domain.message.responses import FinishReason
from ...domain.speech.audio import AudioFormat
from ...domain.speech.responses import TTSUsage
from ...domain.speech.text import makes_sound
from ...ports.codec.speech import SpeechChunk, SpeechWireCall
from ...ports.http import HttpRequest
from ..wire.audio_pieces import SpeechPieces, decoded_audio
from ..wire.decoder import Json, decode_json_body, read_json_event
from ..wire.framing import SSEFramer
from ..wire.json_text import dump_json
from ..wire.words.counts import counts
from ..wire.words.finish_words import finish_reason, reason_word
from .errors import map_error, stream_error
from .parameters import GeminiTTSParameters
from .request import method_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ...application.model.credential import CredentialBase
    from ...application.speech.options import TTSOptions
    from ...domain.speech.responses import TTSResponse
    from ...ports.codec.speech import SpeechRequest

__all__ = ["GeminiTTSCodec", "GeminiTTSDecoder", "GeminiTTSModel"]

_RATE = 24_000
_HIGHEST_RATE = 1_000_000
_SPEAKERS = 2


class GeminiTTSCodec:
    """`generateContent` with audio as the answer; as a stream where the model's card says that it can."""

    sample_rate = _RATE

    def encode(self, request: SpeechRequest) -> SpeechWireCall:
        """The POST; without a voice of the caller's the card's first one speaks."""
        body: Json = {
            "contents": [{"role": "user", "parts": _parts(request)}],
            "generationConfig": {"responseModalities": ["AUDIO"], "speechConfig": _speech_config(request)},
        }
        for name, value in request.overrides.items():
            known = body.get(name)
            body[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
        method = "streamGenerateContent?alt=sse" if request.card.event_stream else "generateContent"
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        url = method_url(request.endpoint.base_url, request.model, method)
        return SpeechWireCall(
            HttpRequest("POST", url, headers, dump_json(body)),
            new_framer=SSEFramer,
            new_decoder=lambda: GeminiTTSDecoder(request.text),
            decode_body=lambda data: GeminiTTSDecoder(request.text).body(data),
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return map_error(status, body)


def _parts(request: SpeechRequest) -> list[Json]:
    """The text: with the style in front of it, or as parts that say style and speaker apart from it."""
    style, speakers = request.parameters.get("style"), request.parameters.get("speakers")
    if request.card.prompted:
        return [{"text": f"{style}: {request.text}" if style else request.text}]
    parts = _turns(request.text, list(speakers)) if speakers else [("", request.text)]
    return [_part(text, {"speaker": speaker, "style": style}) for speaker, text in parts]


def _part(text: str, metadata: Mapping[str, Any]) -> Json:  # Any: texts, if they are given
    given = {name: value for name, value in metadata.items() if value}
    return {"text": text, **({"speechMetadata": given} if given else {})}


def _turns(text: str, speakers: Sequence[str]) -> list[tuple[str, str]]:
    """Each speaker with what they say: their name and a colon begin a line."""
    names = "|".join(re.escape(name) for name in speakers)
    found = re.split(rf"^[ \t]*({names})[ \t]*:[ \t]*", text, flags=re.MULTILINE)
    turns = [("", found[0].strip())] if found[0].strip() else []
    turns += [(name, said.strip()) for name, said in zip(found[1::2], found[2::2], strict=True) if said.strip()]
    return turns or [("", text)]


def _speech_config(request: SpeechRequest) -> Json:
    speakers = request.parameters.get("speakers")
    if speakers and len(speakers) != _SPEAKERS:
        raise InvalidRequestError(f"expected two speakers with a voice each, got {len(speakers)}")
    config: Json = {}
    if speakers:
        configs = [{"speaker": name, "voiceConfig": _voice(voice)} for name, voice in speakers.items()]
        config["multiSpeakerVoiceConfig"] = {"speakerVoiceConfigs": configs}
    else:
        voice = request.parameters.get("voice") or next(iter(request.card.voices), None)
        if voice:
            config["voiceConfig"] = _voice(voice)
    if request.parameters.get("language"):
        config["languageCode"] = request.parameters["language"]
    return config


def _voice(name: str) -> Json:
    return {"prebuiltVoiceConfig": {"voiceName": name}}


class GeminiTTSDecoder:
    """Candidates with pieces of audio, whose type says what they are; the last event has a finish reason.

    Args:
        text: what is spoken; without a letter or digit it may end without audio.
    """

    def __init__(self, text: str = "") -> None:
        self._silent = bool(text) and not makes_sound(text)
        self.ended = False
        self.failure: ModelError | None = None
        self._pieces: SpeechPieces | None = None
        self._fresh: list[SpeechChunk] = []
        self._usage: TTSUsage | None = None
        self._facts: Json = {}

    def feed(self, payloads: Sequence[bytes]) -> SpeechChunk | None:
        """The audio of these events, if any. An error among them is left in `failure`."""
        try:
            for payload in payloads:
                if payload.startswith(b"[DONE]"):
                    continue
                read_json_event(payload, self._event)
        except ModelError as error:
            self.failure = error
        return self._take()

    def finish(self) -> SpeechChunk:
        """The usage and the facts; raises the error of an answer without audio, or without an end."""
        reason = self._facts.get("finish_reason")
        if self._pieces is None and not (self._silent and reason and finish_reason(reason) is FinishReason.STOP):
            raise self._no_audio(reason)
        if reason is None:
            raise StreamTruncatedError("the speech ended without a finish reason; `partial` holds the audio so far")
        if finish_reason(reason) is FinishReason.LENGTH:
            self._facts["truncated"] = True
        rest = self._take() or SpeechChunk()
        return SpeechChunk(rest.pcm, usage=self._usage, facts=self._facts, format=rest.format)

    def body(self, data: bytes) -> SpeechChunk:
        """A whole body as one chunk; one that was cut by nothing needs no finish reason."""
        self._event(decode_json_body(data))
        self._facts.setdefault("finish_reason", "STOP") if self._pieces is not None else None
        return self.finish()

    def _event(self, event: Json) -> None:
        if event.get("error"):
            raise stream_error(event)
        self._note(event)
        candidates = event.get("candidates") or []
        for candidate in candidates[:1]:
            for part in (candidate.get("content") or {}).get("parts") or []:
                inline = part.get("inlineData")
                if inline:
                    self._audio(inline)
            if word := reason_word(candidate.get("finishReason")):
                self._facts["finish_reason"] = word

    def _note(self, event: Json) -> None:
        used = event.get("usageMetadata")
        if isinstance(used, dict):
            sent, received, thought = counts(used, "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
            self._usage = TTSUsage(sent, received + thought, raw=used)
        blocked = (event.get("promptFeedback") or {}).get("blockReason")
        if blocked:
            self._facts["block_reason"] = blocked
        if isinstance(event.get("responseId"), str):
            self._facts["response_id"] = event["responseId"]

    def _audio(self, inline: Json) -> None:
        audio = decoded_audio(inline.get("data"))
        if self._pieces is None:
            self._pieces = SpeechPieces(_format(str(inline.get("mimeType", "")), audio))
        chunk = self._pieces.feed(audio)
        if chunk is not None:
            self._fresh.append(chunk)

    def _take(self) -> SpeechChunk | None:
        if not self._fresh:
            return None
        fresh, self._fresh = self._fresh, []
        return SpeechChunk(b"".join(chunk.pcm for chunk in fresh), format=fresh[0].format)

    def _no_audio(self, reason: str | None) -> ModelError:
        """Why nothing was spoken."""
        blocked = self._facts.get("block_reason")
        if blocked:
            return ContentFilterError(f"the text was refused: {blocked}", code=blocked)
        if reason and finish_reason(reason) in (FinishReason.CONTENT_FILTER, FinishReason.REFUSAL):
            return ContentFilterError(f"no audio was made: {reason}", code=reason)
        said = f"the model ended with {reason} and made no audio" if reason else "the answer holds no audio"
        return ServerError(f"{said}; a text that reads like a question may need 'Read aloud:' before it", code=reason)


def _format(mime_type: str, audio: bytes) -> AudioFormat:
    """What the bytes are, by their type; by themselves where they begin like a WAV.

    L16 has the low byte of a sample first here. Facts: docs/protocols/gemini-tts.md#answer.
    """
    kind, *options = [part.strip().lower() for part in mime_type.split(";")]
    given = dict(option.partition("=")[::2] for option in options)
    rate, channels = _number(given.get("rate"), _RATE), _number(given.get("channels"), 1)
    if kind in ("audio/l16", "audio/pcm", "audio/wav", "audio/x-wav", "audio/wave", "") or audio[:4] == b"RIFF":
        return AudioFormat("audio/wav", rate, min(channels, 8))
    return AudioFormat(mime_type.replace(" ", ""), rate, min(channels, 8))


def _number(text: str | None, otherwise: int) -> int:
    text = (text or "").strip()
    return int(text) if text.isdigit() and len(text) < 8 and 0 < int(text) <= _HIGHEST_RATE else otherwise


class GeminiTTSModel(HttpTTSModel[SpeechT_co]):
    """Gemini's speech models: WAV, by one voice, or by two whose names begin the lines of the text."""

    Parameters: TypeAlias = GeminiTTSParameters
    parameters: GeminiTTSParameters
    type = "gemini_tts"
    provider = "gemini"
    takes_any_key = False
    codec = GeminiTTSCodec()

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: GeminiTTSModel[AsyncGenerator[TTSResponse, None]],
            credential: CredentialBase,
            model: str,
            parameters: GeminiTTSParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: GeminiTTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: GeminiTTSParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: GeminiTTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: GeminiTTSParameters | None,
            stream: Literal[False],
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: GeminiTTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: GeminiTTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
