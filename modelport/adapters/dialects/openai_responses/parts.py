"""Content parts of Responses input: text and media as the provider takes them.

Facts: docs/protocols/openai-responses.md#input-items, docs/protocols/xai.md#responses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....domain.message.blocks import Base64Source, DataBlock, TextBlock, URLSource
from ....domain.message.media import accepted, announcement, kind_of, media_matches, plain_type, shown_name
from ....domain.message.responses import ModelWarning
from ....ports.codec.rendering import RenderContext
from .profile import OpenAIResponsesProfile

__all__ = ["PartWriter"]

Json = dict[str, Any]  # Any: the provider's JSON

_EXTENSIONS = {"plain": "txt", "markdown": "md"}


class PartWriter:
    """Writes parts; media that the provider does not accept are replaced by a note in text, with a warning."""

    def __init__(
        self,
        profile: OpenAIResponsesProfile,
        context: RenderContext | None = None,
        warnings: list[ModelWarning] | None = None,
    ) -> None:
        self._profile = profile
        self._context = context or RenderContext()
        self._warnings = warnings if warnings is not None else []

    def needs_download(self, source: URLSource) -> bool:
        """Whether the media must be sent inline: the server fetches http(s) URLs itself and no others."""
        if source.url.startswith(("http://", "https://")):
            return False
        kind = self._kind(source.media_type)
        return kind == "image" or (kind == "document" and self._profile.media.inline_documents)

    def content(self, blocks: Sequence[TextBlock | DataBlock], *, tool: bool = False) -> Any:  # Any: a string or parts
        """A user message's content or a tool's output: a string when there is only text, without empty text."""
        taken = [block for block in blocks if not isinstance(block, TextBlock) or block.text.strip()]
        parts = [self._part_or_text(block, tool=tool) for block in taken]
        if self._context.marks:
            parts = [self._context.mark(part, block) for part, block in zip(parts, taken, strict=True)]
        if all(part["type"] == "input_text" and len(part) == 2 for part in parts):
            return "\n".join(part["text"] for part in parts)
        return parts

    def announce(self, block: DataBlock) -> str:
        """A text in place of media."""
        message = (
            f"{self._profile.provider} does not accept {block.source.media_type} here; a text note was sent instead"
        )
        self._warnings.append(ModelWarning("changed", "data", message))
        return announcement(block)

    def _part_or_text(self, block: TextBlock | DataBlock, *, tool: bool) -> Json:
        if isinstance(block, TextBlock):
            return {"type": "input_text", "text": block.text}
        return self._part(block, tool=tool) or {"type": "input_text", "text": self.announce(block)}

    def _part(self, block: DataBlock, *, tool: bool) -> Json | None:
        """The part of one media block; `None` when the provider does not take it."""
        source = self._resolved(block)
        if source is None or not accepted(block, self._context.input_types):
            return None
        kind = self._kind(source.media_type)
        if kind == "image":
            url = source.url if isinstance(source, URLSource) else self._context.data_uri(source)
            return {"type": "input_image", "detail": "auto", "image_url": url}  # strict servers require `detail`
        if kind != "document" or (tool and not self._profile.media.documents_in_tool_results):
            return None
        if isinstance(source, URLSource):
            return {"type": "input_file", "file_url": source.url}
        if not self._profile.media.inline_documents:
            return None
        return {"type": "input_file", "filename": _file_name(block), "file_data": self._context.data_uri(source)}

    def _kind(self, media_type: str) -> str:
        """`image` or `document` for what the provider takes."""
        kind, media = kind_of(media_type), self._profile.media
        if kind == "image":
            return kind if plain_type(media_type) in media.image_types else ""
        return kind if kind == "document" and media_matches(media_type, media.document_types) else ""

    def _resolved(self, block: DataBlock) -> Base64Source | URLSource | None:
        source = block.source
        if isinstance(source, URLSource) and not source.url.startswith(("http://", "https://")):
            return self._context.media.get(source.url)
        return source


def _file_name(block: DataBlock) -> str:
    """The block's name, or a name whose ending fits the type."""
    subtype = plain_type(block.source.media_type).rpartition("/")[2]
    return shown_name(block) or f"document.{_EXTENSIONS.get(subtype, subtype)}"
