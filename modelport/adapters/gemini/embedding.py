"""Gemini's embedding model, for texts and for media."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ...application.embedding.http import HttpEmbeddingModel
from ...application.model.credential import CredentialBase
from ...domain.card.capabilities import EmbeddingLimits
from ...domain.message.blocks import DataBlock, URLSource
from .embedding_codec import GeminiEmbeddingCodec
from .media import stays_remote, takes
from .parameters import GeminiEmbeddingParameters

if TYPE_CHECKING:
    from ...domain.embedding.packing import EmbeddingInput

__all__ = ["GeminiEmbeddingModel"]


class GeminiEmbeddingModel(HttpEmbeddingModel[str | DataBlock]):
    """Texts, and with multimodal models images, videos, audio and PDF; each input gets one vector of its own.

    Media by URL are fetched and sent with the request. `models/` before a name is dropped. Vectors below the native
    size are normalised where the provider does not do it.
    """

    Parameters = GeminiEmbeddingParameters
    type = "gemini_embedding"
    provider: ClassVar[str] = "gemini"
    default_limits = EmbeddingLimits(batch_size=100, images=6, videos=1, audios=1, pdfs=1)
    codec = GeminiEmbeddingCodec()

    def __init__(self, credential: CredentialBase, model: str, *arguments: Any, **options: Any) -> None:
        # Any: the arguments of EmbeddingModelBase
        super().__init__(credential, model.removeprefix("models/"), *arguments, **options)

    def needs_download(self, block: DataBlock) -> bool:
        """Every URL but those of files that the API keeps itself."""
        return isinstance(block.source, URLSource) and not stays_remote(block.source.url)

    def check_input(self, item: EmbeddingInput) -> str | None:
        """What no model of the API takes, else what this model's card says."""
        if isinstance(item, DataBlock) and not takes(item.source.media_type):
            return f"this API takes no {item.source.media_type}"
        return super().check_input(item)
