"""Ollama's embedding model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...application.embedding.http import HttpEmbeddingModel
from ...domain.card.capabilities import EmbeddingLimits
from ...domain.message.blocks import DataBlock
from .embedding_codec import OllamaEmbeddingCodec
from .parameters import OllamaEmbeddingParameters

if TYPE_CHECKING:
    from ...domain.embedding.packing import EmbeddingInput

__all__ = ["OllamaEmbeddingModel"]


class OllamaEmbeddingModel(HttpEmbeddingModel[str]):
    """Embedding models served by Ollama, over its native API. Texts only; longer ones are cut by the server."""

    Parameters = OllamaEmbeddingParameters
    type = "ollama_embedding"
    provider: ClassVar[str] = "ollama"
    default_limits = EmbeddingLimits(batch_size=512)
    codec = OllamaEmbeddingCodec()

    def check_input(self, item: EmbeddingInput) -> str | None:
        """Media have no form here."""
        return "this API takes texts only" if isinstance(item, DataBlock) else None

    def vector_family(self) -> str:
        """The usual host, or another by its URL: one name may be another model there."""
        url = self.credential.custom_url
        return "ollama" if url is None else f"ollama@{url}"
