"""Media of generateContent: parts of requests, and the sound of answers, whose raw samples become WAV.

Facts: docs/protocols/gemini.md#request, docs/protocols/gemini.md#function-responses, docs/protocols/gemini.md#quirks.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import urlsplit

from ...domain.errors import ResponseDecodeError
from ...domain.message.blocks import Base64Source, DataBlock, URLSource
from ...domain.message.media import accepted, announcement, kind_of, plain_type
from ...domain.message.responses import ModelWarning
from ...domain.message.wav import streaming_header
from ...ports.codec.rendering import RenderContext

__all__ = ["MediaWriter", "is_raw_sound", "stays_remote", "takes", "wav_piece", "wire_type"]

Json = dict[str, Any]  # Any: the provider's JSON

_OWN_NAMES = {"audio/mpeg": "audio/mp3"}
_IMAGES = frozenset({f"image/{kind}" for kind in ("jpeg", "png", "gif", "webp", "heic", "heif")})
_VIDEO_HOSTS = frozenset({"youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"})
_FILES_HOST = "generativelanguage.googleapis.com"


def wire_type(media_type: str) -> str:
    """The MIME type in the API's own spelling, without parameters."""
    plain = plain_type(media_type)
    return _OWN_NAMES.get(plain, plain)


def takes(media_type: str) -> bool:
    """Whether some model of the API takes this type."""
    plain, kind = plain_type(media_type), kind_of(media_type)
    if kind == "image":
        return plain in _IMAGES
    return kind != "document" or plain == "application/pdf" or plain.startswith("text/")


def stays_remote(url: str) -> bool:
    """Whether the API reads this URL itself: its own files and YouTube. Other URLs not every model takes."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return host in _VIDEO_HOSTS or (host == _FILES_HOST and "/files/" in parts.path)


class MediaWriter:
    """Writes media parts; media that the API does not accept are replaced by a note in text, with a warning."""

    def __init__(self, context: RenderContext, warnings: list[ModelWarning]) -> None:
        self._context = context
        self._warnings = warnings

    def part_or_text(self, block: DataBlock) -> Json:
        """The part of a block, or the text in its place."""
        return self.part(block) or {"text": self.announce(block)}

    def part(self, block: DataBlock) -> Json | None:
        """The part of a block; `None` when the API or the model does not take it."""
        source = block.source
        if not (takes(source.media_type) and accepted(block, self._context.input_types)):
            return None
        if isinstance(source, URLSource) and stays_remote(source.url):
            return {"fileData": {"fileUri": source.url, "mimeType": wire_type(source.media_type)}}
        return self.inline(block)

    def inline(self, block: DataBlock) -> Json | None:
        """The part with a block's bytes; `None` when they were not loaded."""
        source = block.source
        loaded = source if isinstance(source, Base64Source) else self._context.media.get(source.url)
        if loaded is None:
            return None
        return {"inlineData": {"mimeType": wire_type(loaded.media_type), "data": self._context.text(loaded.data)}}

    def announce(self, block: DataBlock) -> str:
        """The note in text that replaces a block."""
        message = f"gemini does not accept {block.source.media_type} here; a text note was sent instead"
        self._warnings.append(ModelWarning("changed", "data", message))
        return announcement(block)


_RATE = re.compile(r"rate=(\d+)")
_DEFAULT_RATE = 24_000


def is_raw_sound(media_type: str) -> bool:
    """Whether the data are bare 16-bit samples, e.g. `audio/L16;codec=pcm;rate=24000`."""
    return media_type.partition(";")[0].strip().lower() in ("audio/l16", "audio/pcm")


def wav_piece(media_type: str, data: str, *, first: bool) -> str:
    """A piece of samples as a piece of a WAV; the first one opens with the header. Both are base64."""
    if not first:
        return data
    rate = _RATE.search(media_type)
    try:
        samples = base64.b64decode(data, validate=True)
    except ValueError as error:
        raise ResponseDecodeError("the sound of the answer is not base64") from error
    header = streaming_header(int(rate[1]) if rate else _DEFAULT_RATE)
    return base64.b64encode(header + samples).decode("ascii")
