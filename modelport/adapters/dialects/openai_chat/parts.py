"""Content parts of Chat Completions messages: text and media as the provider takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....domain.message.blocks import Base64Source, DataBlock, TextBlock, URLSource
from ....domain.message.media import accepted, announcement, kind_of, plain_type, shown_name
from ....domain.message.responses import ModelWarning
from ....ports.codec.rendering import RenderContext
from .profile import OpenAIChatProfile

__all__ = ["PartWriter"]

Json = dict[str, Any]  # Any: the provider's JSON


class PartWriter:
    """Writes parts; media that the provider does not accept are replaced by a note in text, with a warning."""

    def __init__(
        self,
        profile: OpenAIChatProfile,
        context: RenderContext | None = None,
        warnings: list[ModelWarning] | None = None,
    ) -> None:
        self._media = profile.media
        self._provider = profile.provider
        self._as_string = profile.text_only_as_string
        self._context = context or RenderContext()
        self._warnings = warnings if warnings is not None else []

    def takes_url(self, source: URLSource) -> bool:
        """Whether the server fetches this URL itself (nothing is fetched for media it does not take)."""
        scheme = source.url.partition(":")[0].lower()
        if scheme in self._media.own_schemes or not self._takes(source.media_type):
            return True
        if scheme not in ("http", "https") or len(source.url) > (self._media.max_url_length or len(source.url)):
            return False
        kind = kind_of(source.media_type)
        by_url = {"image": self._media.image_urls, "audio": self._media.audio_urls, "video": self._media.video_urls}
        return by_url.get(kind, False)

    def content(self, blocks: Sequence[TextBlock | DataBlock]) -> Any:  # Any: a string or a list of parts
        """A message's content: a string when there is only text."""
        parts, texts = [], []
        for block in blocks:
            part = self._part_or_text(block)
            if self._context.marks:
                part = self._context.mark(part, block)
            parts.append(part)
            if part["type"] == "text" and len(part) == 2:  # without a mark
                texts.append(part["text"])
        return "\n".join(texts) if self._as_string and len(texts) == len(parts) else parts

    def announced(self, blocks: Sequence[DataBlock]) -> list[str]:
        """Texts in place of media where only text may stand."""
        return [self._announce(block) for block in blocks]

    def part(self, block: DataBlock) -> Json | None:
        """The part of one media block; `None` when the provider does not take it."""
        if not (self._takes(block.source.media_type) and accepted(block, self._context.input_types)):
            return None
        source = self._resolved(block)
        if source is None:
            return None
        kind = kind_of(source.media_type)
        if kind == "image":
            return {"type": "image_url", "image_url": {"url": self._uri(source)}}
        if kind == "audio":
            return {"type": "input_audio", "input_audio": self._sound(source)}
        if kind == "video":
            return {"type": "video_url", "video_url": {"url": self._uri(source)}}
        return {
            "type": "file",
            "file": {"filename": shown_name(block) or "document.pdf", "file_data": self._uri(source)},
        }

    def _takes(self, media_type: str) -> bool:
        plain, kind = plain_type(media_type), kind_of(media_type)
        if kind == "image":
            return self._media.images and plain in self._media.image_types
        if kind == "audio":
            return self._sound_format(plain) is not None
        if kind == "document":
            return self._media.documents and plain == "application/pdf"
        return self._media.video

    def _sound_format(self, media_type: str) -> str | None:
        """The wire's word for a type of sound; a profile may name the type as it likes."""
        formats = self._media.audio_formats
        return next((word for name, word in formats.items() if plain_type(name) == plain_type(media_type)), None)

    def _resolved(self, block: DataBlock) -> Base64Source | URLSource | None:
        source = block.source
        if isinstance(source, URLSource) and not self.takes_url(source):
            return self._context.media.get(source.url)
        return source

    def _sound(self, source: Base64Source | URLSource) -> Json:
        kind = self._sound_format(source.media_type)
        if isinstance(source, URLSource):
            return {"data": source.url, "format": kind}
        head = "data:;base64," if self._media.audio_data_uri else ""
        return {"data": self._context.text(source.data, head), "format": kind}

    def _uri(self, source: Base64Source | URLSource) -> Any:  # Any: a text of the wire
        return source.url if isinstance(source, URLSource) else self._context.data_uri(source)

    def _part_or_text(self, block: TextBlock | DataBlock) -> Json:
        if isinstance(block, TextBlock):
            return {"type": "text", "text": block.text}
        return self.part(block) or {"type": "text", "text": self._announce(block)}

    def _announce(self, block: DataBlock) -> str:
        message = f"{self._provider} does not accept {block.source.media_type} here; a text note was sent instead"
        self._warnings.append(ModelWarning("changed", "data", message))
        return announcement(block)
