"""Content blocks of the Messages API, as sent.

Facts: docs/protocols/anthropic-messages.md#content-blocks, docs/protocols/anthropic-messages.md#quirks.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...domain.chat.names import legal_name
from ...domain.message.blocks import (
    Base64Source,
    DataBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    URLSource,
)
from ...domain.message.media import accepted, announcement, plain_type, shown_name
from ...domain.message.responses import ModelWarning
from ...ports.codec.rendering import RenderContext
from ..wire.json_text import parse_json

if TYPE_CHECKING:
    from ..wire.decoder import Json

__all__ = ["PartWriter", "is_taken", "legal_tool_name"]

_NAME_LENGTH = 128
_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_PDF = "application/pdf"
_PLAIN = "text/plain"
_FAILED = frozenset({ToolResultState.ERROR, ToolResultState.DENIED, ToolResultState.INTERRUPTED})


def legal_tool_name(name: str) -> str:
    """A name that the API takes for a tool; the same for the same name."""
    return legal_name(name, _NAME_LENGTH)


def is_taken(media_type: str) -> bool:
    """Whether the API takes media of this type at all."""
    return plain_type(media_type) in (*_IMAGES, _PDF, _PLAIN)


class PartWriter:
    """Writes blocks; media that the API does not accept are replaced by a note in text, with a warning."""

    def __init__(self, context: RenderContext, warnings: list[ModelWarning]) -> None:
        self._context = context
        self._warnings = warnings

    def parts(self, blocks: Sequence[TextBlock | DataBlock]) -> list[Json]:
        """Text and media; empty text is left out."""
        taken = [block for block in blocks if isinstance(block, DataBlock) or block.text.strip()]
        if self._context.marks:
            return [self._context.mark(self._part(block), block) for block in taken]
        return [self._part(block) for block in taken]

    def announced(self, block: DataBlock) -> Json:
        """A note in text in place of media that the API does not accept."""
        message = f"anthropic does not accept {block.source.media_type} here; a text note was sent instead"
        self._warnings.append(ModelWarning("changed", "data", message))
        return _text(announcement(block))

    def call(self, call: ToolCallBlock) -> Json:
        """A tool call of the model."""
        name = legal_tool_name(call.name)
        part = {"type": "tool_use", "id": _legal_id(call.id), "name": name, "input": parse_json(call.input)}
        return self._context.mark(part, call)

    def result(self, result: ToolResultBlock) -> Json:
        """What a tool returned, media included."""
        output = result.output
        if isinstance(output, str):
            output = [TextBlock(text=output, id=result.id, created_at=result.created_at)]
        content = self.parts(output) or [_text("(no output)")]
        block: Json = {"type": "tool_result", "tool_use_id": _legal_id(result.id), "content": content}
        if result.state in _FAILED:
            block["is_error"] = True
        return self._context.mark(block, result)

    def _part(self, block: TextBlock | DataBlock) -> Json:
        if isinstance(block, TextBlock):
            return _text(block.text)
        return self._media(block) or self.announced(block)

    def _media(self, block: DataBlock) -> Json | None:
        """The image or document block; `None` when the API or the model does not take it."""
        kind = plain_type(block.source.media_type)
        if not (is_taken(kind) and accepted(block, self._context.input_types)):
            return None
        source = self._source(self._context.media.get(_url(block), block.source), kind)
        if source is None:
            return None
        if kind in _IMAGES:
            return {"type": "image", "source": source}
        document: Json = {"type": "document", "source": source}
        if block.name:
            document["title"] = shown_name(block)
        return document

    def _source(self, source: Base64Source | URLSource, kind: str) -> Json | None:
        if isinstance(source, URLSource):
            fetched_by_api = source.url.startswith(("http://", "https://")) and kind != _PLAIN
            return {"type": "url", "url": source.url} if fetched_by_api else None
        if kind == _PLAIN:
            text = _decoded(source.data)
            return {"type": "text", "media_type": kind, "data": text} if text.strip() else None
        return {"type": "base64", "media_type": kind, "data": self._context.text(source.data)} if source.data else None


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data).decode("utf-8", "replace")
    except binascii.Error:
        return ""


def _url(block: DataBlock) -> str:
    return block.source.url if isinstance(block.source, URLSource) else ""


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _legal_id(original: str) -> str:
    """Ids of other providers may hold what this API refuses; the same id always becomes the same."""
    return legal_name(original, _NAME_LENGTH)
