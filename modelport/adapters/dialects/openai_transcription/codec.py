"""Audio to a form upload to `/audio/transcriptions`. Facts: docs/protocols/speech-to-text.md#openai-files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ....ports.codec.transcription import TranscriptionWireCall
from ....ports.http import HttpRequest
from ...wire.errors import error_of_answer, read_error
from ...wire.framing import SSEFramer
from ...wire.json_text import dump_json
from ...wire.multipart import multipart
from .decoder import TranscriptEvents, transcript_of_body
from .profile import TranscriptionProfile

if TYPE_CHECKING:
    from ....domain.errors import ModelError
    from ....ports.codec.transcription import TranscriptionRequest

__all__ = ["OpenAITranscriptionCodec"]

_PLAIN = ("language", "prompt", "temperature")
_LISTS = ("languages", "keywords")


class OpenAITranscriptionCodec:
    """The codec of one server."""

    def __init__(self, profile: TranscriptionProfile) -> None:
        self._profile = profile

    def encode(self, request: TranscriptionRequest) -> TranscriptionWireCall:
        """The POST; the caller's own fields replace those made of the parameters."""
        fields = self._fields(request)
        for name, value in request.overrides.items():
            fields = [each for each in fields if each[0].removesuffix("[]") != name.removesuffix("[]")]
            fields += self._as_fields(name, value)
        audio = request.audio
        body, content_type = multipart(fields, [("file", (audio.name, audio.data, audio.media_type))])
        headers = {"content-type": content_type, **request.endpoint.headers, **request.extra_headers}
        return TranscriptionWireCall(
            HttpRequest("POST", request.endpoint.url(self._profile.path), headers, body),
            new_framer=SSEFramer,
            new_decoder=TranscriptEvents,
            decode_body=transcript_of_body,
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return error_of_answer(status, read_error(body))

    def _fields(self, request: TranscriptionRequest) -> list[tuple[str, str]]:
        profile, values, card = self._profile, request.parameters, request.card
        fields = [("model", request.model)] if profile.sends_model else []
        for name in (*_PLAIN, *_LISTS):
            fields += self._as_fields(profile.names.get(name, name), values.get(name))
        times = [name for name in ("word", "segment") if values.get(f"{name}s")]
        if values.get("speakers") and profile.speakers_need and not times:
            times = [profile.speakers_need]
        if card.response_format:
            fields.append(("response_format", card.response_format))
        elif times and profile.verbose:
            fields.append(("response_format", profile.verbose))
        if times and profile.granularities and not card.response_format:
            fields += self._as_fields("timestamp_granularities", times)
        if values.get("speakers") and profile.speakers_field:
            fields.append(profile.speakers_field)
        if card.speakers and card.response_format:
            fields.append(("chunking_strategy", "auto"))
        if request.stream:
            fields.append(("stream", "true"))
        return fields

    def _as_fields(self, name: str, value: Any) -> list[tuple[str, str]]:  # Any: what a form can hold
        """A field; several for a list, whose name then has the server's suffix; none for nothing."""
        if value is None:
            return []
        if isinstance(value, list | tuple):
            listed = name if name.endswith("[]") else f"{name}{self._profile.list_suffix}"
            return [(listed, _text(each)) for each in value]
        return [(name, _text(value))]


def _text(value: Any) -> str:  # Any: as above
    if isinstance(value, bool):
        return "true" if value else "false"
    return dump_json(value).decode() if isinstance(value, dict) else str(value)
