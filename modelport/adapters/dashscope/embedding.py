"""DashScope's embedding model, for texts and for media."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...application.embedding.http import HttpEmbeddingModel
from ...domain.card.capabilities import EmbeddingLimits
from ...domain.message.blocks import Base64Source, DataBlock
from ...domain.message.media import kind_of
from .embedding_codec import DashScopeEmbeddingCodec
from .parameters import DashScopeEmbeddingParameters

if TYPE_CHECKING:
    from ...domain.embedding.packing import EmbeddingInput

__all__ = ["DashScopeEmbeddingModel"]


class DashScopeEmbeddingModel(HttpEmbeddingModel[str | DataBlock]):
    """The native embedding services: texts, and with multimodal models images and videos too.

    Images may be URLs or base64, videos only URLs.
    """

    Parameters = DashScopeEmbeddingParameters
    type = "dashscope_embedding"
    provider: ClassVar[str] = "dashscope"
    default_limits = EmbeddingLimits(batch_size=10, images=1, videos=1)
    takes_empty_text = False
    codec = DashScopeEmbeddingCodec()

    def check_input(self, item: EmbeddingInput) -> str | None:
        """Only images and videos have a form here, and videos no base64 one."""
        if isinstance(item, str):
            return None
        kind = kind_of(item.source.media_type)
        if kind not in ("image", "video"):
            return f"this API takes texts, images and videos, and no {item.source.media_type}"
        local = isinstance(item.source, Base64Source) or item.source.url.startswith("file:")
        if kind == "video" and local:
            return "this API takes a video only as a URL that it can fetch"
        return super().check_input(item)
