"""Ollama's embedding model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...application.embedding.http import HttpEmbeddingModel
from ...domain.card.capabilities import EmbeddingLimits
from ...domain.message.blocks import DataBlock
from .credential import OllamaCredential
from .embedding_codec import OllamaEmbeddingCodec
from .parameters import OllamaEmbeddingParameters

if TYPE_CHECKING:
    from ...domain.embedding.packing import EmbeddingInput
    from ...ports.codec.chat import Endpoint

__all__ = ["OllamaEmbeddingModel"]


class OllamaEmbeddingModel(HttpEmbeddingModel[str]):
    """Embedding models served by Ollama, over its native API. Texts only; longer ones are cut by the server."""

    Parameters = OllamaEmbeddingParameters
    type = "ollama_embedding"
    provider: ClassVar[str] = "ollama"
    default_limits = EmbeddingLimits(batch_size=512)
    codec = OllamaEmbeddingCodec()

    def endpoint(self) -> Endpoint:
        """The credential's."""
        return self.credential_as(OllamaCredential).endpoint()

    def check_input(self, item: EmbeddingInput) -> str | None:
        """Media have no form here."""
        return "this API takes texts only" if isinstance(item, DataBlock) else None

    def vector_family(self) -> str:
        """The usual host, or another by its URL: one name may be another model there."""
        credential = self.credential_as(OllamaCredential)
        usual = type(credential).model_fields["host"].default
        return "ollama" if credential.host == usual else f"ollama@{credential.host}"
