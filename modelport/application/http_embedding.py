"""The template of embedding models over HTTP: a provider is a pure codec and an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..domain.blocks import DataBlock, URLSource
from .embedding_model import EmbeddingModelBase, T
from .keyed_credential import KeyedCredential

if TYPE_CHECKING:
    from ..domain.embedding.values import EmbeddingResponse
    from .codec import Endpoint
    from .embedding_codec import EmbeddingCodec

__all__ = ["HttpEmbeddingModel"]


class HttpEmbeddingModel(EmbeddingModelBase[T]):
    """An embedding model whose provider is a codec and an endpoint."""

    codec: ClassVar[EmbeddingCodec]

    def endpoint(self) -> Endpoint:
        """Where requests go, with the headers that identify the caller."""
        return self.credential_as(KeyedCredential).endpoint()

    def needs_download(self, block: DataBlock) -> bool:
        """Whether this block's URL must be fetched by us, since the API cannot take it."""
        return isinstance(block.source, URLSource) and block.source.url.startswith("file:")

    async def _call_api(
        self,
        inputs: list[T],
        **kwargs: Any,  # Any: provider body fields
    ) -> EmbeddingResponse:
        from .http_embedding_attempt import attempt  # with the engine, by the first call

        return await attempt(self, inputs, kwargs)
