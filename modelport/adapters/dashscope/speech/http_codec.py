"""DashScope's speech synthesis over HTTP, as requests and answers.

Facts: docs/protocols/dashscope-tts.md#http-synthesis.

It shares its path with the native chat, and its stream is made of whole JSON objects whose audio is raw PCM.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ....domain.errors import InvalidRequestError, ModelError, ResponseDecodeError, StreamTruncatedError
from ....domain.ids import new_id
from ....domain.message.blocks import Base64Source, DataBlock, URLSource
from ....domain.message.responses import ChatResponse, ChatUsage, FinishReason
from ....domain.speech.responses import PcmPieces
from ....ports.codec.chat import WireCall
from ....ports.codec.speech import SpeechRequest
from ....ports.http import HttpRequest
from ...wire.decoder import Json, JsonDecoder, decode_json_body
from ...wire.errors import error_facts, error_in_stream, error_of_answer, read_error
from ...wire.framing import SSEFramer
from ...wire.json_text import dump_json
from ...wire.vectors import count
from ..errors import DASHSCOPE_CODES

__all__ = ["DashScopeTTSCodec", "DashScopeTTSDecoder"]

_PATH = "/services/aigc/multimodal-generation/generation"
_BODY = frozenset({"model", "input", "parameters"})
_SAMPLE_RATE = 24_000
_RESULT_HOST = ".aliyuncs.com"


class DashScopeTTSCodec:
    """Qwen's speech models. The answer is always asked for as a stream, which needs no download."""

    sample_rate = _SAMPLE_RATE

    def encode(self, request: SpeechRequest) -> WireCall:
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
        url = request.endpoint.base_url + _PATH
        return WireCall(
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
        raise InvalidRequestError(f"the field input is no dict, so {', '.join(given)} cannot go into it")
    if given:
        body["input"] = {**body["input"], **given}


class DashScopeTTSDecoder(JsonDecoder):
    """Events to pieces of PCM at whole samples; the URL of the whole file only where there were no pieces."""

    def __init__(self) -> None:
        super().__init__()
        self._block_id = new_id()
        self._pieces = PcmPieces()
        self._fresh = bytearray()
        self._spoke = False

    def body(self, data: bytes) -> ChatResponse:
        """A whole body as a whole response."""
        answer = decode_json_body(data)
        return self.whole(lambda: self._event(answer))

    def _event(self, event: Json) -> None:
        output = event.get("output")
        if event.get("error") or (event.get("code") and not output):
            raise error_in_stream(error_facts(event), DASHSCOPE_CODES)
        self._note(event)
        if not isinstance(output, dict):
            return
        audio = output.get("audio") or {}
        self._hear(audio)
        reason = output.get("finish_reason")
        if isinstance(reason, str) and reason not in ("", "null"):
            self.ended = True
            self.raw_finish_reason = reason
            self.finish_reason = FinishReason.STOP if reason == "stop" else FinishReason.OTHER

    def _note(self, event: Json) -> None:
        usage = event.get("usage")
        if isinstance(usage, dict):
            self.usage = ChatUsage(count(usage, "input_tokens") or 0, count(usage, "output_tokens") or 0, raw=usage)
            self.metadata["characters"] = count(usage, "characters") or 0
        if isinstance(event.get("request_id"), str):
            self.metadata["request_id"] = event["request_id"]

    def _hear(self, audio: Json) -> None:
        data = audio.get("data")
        if data:
            try:
                raw = base64.b64decode(data, validate=True)
            except (binascii.Error, ValueError) as error:
                raise ResponseDecodeError(f"a piece of audio is not base64: {error}") from error
            self._spoke = True
            self._fresh += self._pieces.feed(raw)
        for name in ("id", "url", "expires_at"):
            if audio.get(name):
                self.metadata[f"audio_{name}"] = audio[name]

    def _check_end(self) -> None:
        if not self.ended:
            raise StreamTruncatedError("the speech ended before its last event; what had come is in `partial`")
        url = self.metadata.get("audio_url")
        if url and not self._spoke:
            self._blocks.append(DataBlock(id=self._block_id, source=_file(url)))

    def _close_run(self) -> None:
        """The audio of the events that came together, as one block."""
        if self._fresh:
            text = base64.b64encode(self._fresh).decode("ascii")
            self._fresh.clear()
            source = Base64Source(data=text, media_type=f"audio/pcm;rate={_SAMPLE_RATE}")
            self._blocks.append(DataBlock(id=self._block_id, created_at=self.created_at, source=source))


def _file(url: Any) -> URLSource:  # Any: whatever the server sent
    """The finished file, over TLS whatever the server wrote, and from the provider's own storage only."""
    try:
        parts = urlsplit(str(url))
    except ValueError:
        parts = urlsplit("")
    if not (parts.hostname or "").endswith(_RESULT_HOST):
        raise ResponseDecodeError(f"the audio is offered at {parts.hostname}, which is not the provider's storage")
    return URLSource(url=parts._replace(scheme="https").geturl(), media_type="audio/wav")
