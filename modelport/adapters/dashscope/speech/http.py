"""DashScope's speech synthesis over HTTP: requests, answers and the model.

The service shares its path with the native chat; its stream consists of whole JSON objects with raw PCM.

Facts: docs/protocols/dashscope-tts.md#http-synthesis.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, Unpack, overload
from urllib.parse import urlsplit

from ....application.speech.http import HttpTTSModel
from ....application.speech.model import SpeechT_co
from ....domain.errors import InvalidRequestError, ModelError, ResponseDecodeError, StreamTruncatedError
from ....domain.message.blocks import URLSource
from ....domain.speech.audio import PcmPieces
from ....domain.speech.responses import TTSUsage
from ....ports.codec.speech import SpeechChunk, SpeechRequest, SpeechWireCall
from ....ports.http import HttpRequest
from ...wire.decoder import Json, decode_json_body, read_json_event
from ...wire.errors import error_facts, error_in_stream, error_of_answer, read_error
from ...wire.framing import SSEFramer
from ...wire.json_text import dump_json
from ...wire.vectors import count
from ..errors import DASHSCOPE_CODES
from ..parameters import DashScopeTTSParameters

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ....application.model.credential import CredentialBase
    from ....application.speech.options import TTSOptions
    from ....domain.speech.responses import TTSResponse

__all__ = ["DashScopeTTSCodec", "DashScopeTTSDecoder", "DashScopeTTSModel"]

_PATH = "/services/aigc/multimodal-generation/generation"
_BODY = frozenset({"model", "input", "parameters"})
_SAMPLE_RATE = 24_000
_RESULT_HOST = ".aliyuncs.com"


class DashScopeTTSCodec:
    """Qwen's speech models. The answer is always asked for as a stream, which needs no download."""

    sample_rate = _SAMPLE_RATE

    def encode(self, request: SpeechRequest) -> SpeechWireCall:
        """The POST; without a voice of the caller's the card's first one speaks."""
        values = dict(request.parameters)
        if request.card.voices:
            values.setdefault("voice", request.card.voices[0])
        body: Json = {"model": request.model, "input": {"text": request.text, **values}, "parameters": {}}
        _override(body, request.overrides)
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream",
            "x-dashscope-sse": "enable",
            **request.endpoint.headers,
            **request.extra_headers,
        }
        url = request.endpoint.url(_PATH)
        return SpeechWireCall(
            HttpRequest("POST", url, headers, dump_json(body)),
            new_framer=SSEFramer,
            new_decoder=DashScopeTTSDecoder,
            decode_body=lambda data: DashScopeTTSDecoder().body(data),
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return error_of_answer(status, read_error(body), DASHSCOPE_CODES)


def _override(body: Json, overrides: Mapping[str, Any]) -> None:
    """The caller's fields: the body knows three, and every other one belongs to the input."""
    given = dict(overrides)
    for name in _BODY & given.keys():
        value = given.pop(name)
        body[name] = {**body[name], **value} if isinstance(value, dict) else value
    if given and not isinstance(body["input"], dict):
        raise InvalidRequestError(f"the field input is not a dict, so {', '.join(given)} cannot be added to it")
    if given:
        body["input"] = {**body["input"], **given}


class DashScopeTTSDecoder:
    """Events to PCM at whole samples; to the URL of the whole file only if there were no samples."""

    def __init__(self) -> None:
        self.ended = False
        self.failure: ModelError | None = None
        self._pieces = PcmPieces()
        self._pcm = bytearray()
        self._audio_came = False
        self._usage: TTSUsage | None = None
        self._facts: Json = {}

    def feed(self, payloads: Sequence[bytes]) -> SpeechChunk | None:
        """The samples of these payloads, if any. An error among them is left in `failure`."""
        try:
            for payload in payloads:
                if self.ended:
                    break
                read_json_event(payload, self._event)
        except ModelError as error:
            self.failure = error
        return SpeechChunk(self._take()) if self._pcm else None

    def finish(self) -> SpeechChunk:
        """The facts of the answer, with the file of a server that sent no samples."""
        if not self.ended:
            raise StreamTruncatedError("the speech ended before its last event; `partial` holds the audio so far")
        url = self._facts.get("audio_url")
        file = _file(url) if url and not self._audio_came else None
        return SpeechChunk(self._take(), file, self._usage, self._facts)

    def body(self, data: bytes) -> SpeechChunk:
        """A whole body, which is one event, as one chunk; it is complete even if it has no `finish_reason`."""
        self._event(decode_json_body(data))
        self.ended = True
        return self.finish()

    def _take(self) -> bytes:
        pcm = bytes(self._pcm)
        self._pcm.clear()
        return pcm

    def _event(self, event: Json) -> None:
        output = event.get("output")
        if event.get("error") or (event.get("code") and not output):
            raise error_in_stream(error_facts(event), DASHSCOPE_CODES)
        self._note(event)
        if not isinstance(output, dict):
            return
        self._audio(output.get("audio") or {})
        reason = output.get("finish_reason")
        self.ended = isinstance(reason, str) and reason not in ("", "null")

    def _note(self, event: Json) -> None:
        usage = event.get("usage")
        if isinstance(usage, dict):
            received, sent = count(usage, "input_tokens") or 0, count(usage, "output_tokens") or 0
            self._usage = TTSUsage(received, sent, characters=count(usage, "characters") or 0, raw=usage)
        if isinstance(event.get("request_id"), str):
            self._facts["request_id"] = event["request_id"]

    def _audio(self, audio: Json) -> None:
        data = audio.get("data")
        if data:
            try:
                raw = base64.b64decode(data, validate=True)
            except (binascii.Error, ValueError) as error:
                raise ResponseDecodeError(f"a piece of audio is not base64: {error}") from error
            self._audio_came = True
            self._pcm += self._pieces.feed(raw)
        for name in ("id", "url", "expires_at"):
            if audio.get(name):
                self._facts[f"audio_{name}"] = audio[name]


def _file(url: Any) -> URLSource:  # Any: whatever the server sent
    """The finished file: always over TLS, and only from the provider's own storage."""
    try:
        parts = urlsplit(str(url))
    except ValueError:
        parts = urlsplit("")
    if not (parts.hostname or "").endswith(_RESULT_HOST):
        raise ResponseDecodeError(f"the audio is offered at {parts.hostname}, which is not the provider's storage")
    return URLSource(url=parts._replace(scheme="https").geturl(), media_type="audio/wav")


class DashScopeTTSModel(HttpTTSModel[SpeechT_co]):
    """Qwen's speech models: WAV, 24,000 samples of 16 bits per second, one channel."""

    Parameters: TypeAlias = DashScopeTTSParameters
    parameters: DashScopeTTSParameters
    type = "dashscope_tts"
    provider: ClassVar[str] = "dashscope"
    takes_any_key: ClassVar[bool] = False
    card_folder: ClassVar[Path] = Path(__file__).parents[1] / "_models"
    codec = DashScopeTTSCodec()

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DashScopeTTSModel[AsyncGenerator[TTSResponse, None]],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeTTSParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeTTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeTTSParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeTTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeTTSParameters | None,
            stream: Literal[False],
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeTTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeTTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
