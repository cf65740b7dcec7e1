"""OpenAI's embedding model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from ...application.call.context import current_call
from ...application.embedding.http import HttpEmbeddingModel
from ...domain.card.capabilities import EmbeddingLimits
from ...domain.errors import InvalidRequestError, ModelError
from ...domain.message.blocks import DataBlock
from .embedding_codec import OpenAIEmbeddingCodec
from .parameters import OpenAIEmbeddingParameters

if TYPE_CHECKING:
    from ...domain.embedding.packing import EmbeddingInput
    from ...domain.embedding.values import EmbeddingResponse

__all__ = ["OpenAIEmbeddingModel"]

_TOO_LARGE = re.compile(
    r"max_tokens_per_request|maximum (?:request size|context length)|batch size|too many inputs"
    r"|inputs? (?:array|list)? ?(?:is )?too",
    re.I,
)
_BASE64, _PLAIN = OpenAIEmbeddingCodec(), OpenAIEmbeddingCodec(transfer=None)


class OpenAIEmbeddingModel(HttpEmbeddingModel[str]):
    """Embeddings at OpenAI, and at any server that speaks its protocol under a base URL. Texts only.

    Vectors travel as base64; a server that refuses the field `encoding_format` is asked again without it.
    """

    Parameters = OpenAIEmbeddingParameters
    type = "openai_embedding"
    provider: ClassVar[str] = "openai"
    default_limits = EmbeddingLimits(batch_size=2048, max_request_tokens=300_000)
    takes_empty_text = False
    codec = _BASE64

    def check_input(self, item: EmbeddingInput) -> str | None:
        """Media have no form here, whatever a card says."""
        return "this API takes texts only" if isinstance(item, DataBlock) else None

    def splits_after(self, error: ModelError) -> bool:
        """The request held too many tokens or, on compatible servers, too many inputs.

        Where one text alone is too long, the others before it get their vectors, and the error's first index is its.
        """
        if error.status_code == 413:
            return True
        words = f"{error.code or ''} {error.message}"
        return isinstance(error, InvalidRequestError) and _TOO_LARGE.search(words) is not None

    def vector_family(self) -> str:
        """OpenAI, or another server by its URL."""
        url = self.credential.custom_url
        return "openai" if url is None else f"openai@{url}"

    async def _call_api(
        self,
        inputs: list[str],
        **kwargs: Any,  # Any: body fields
    ) -> EmbeddingResponse:
        asked, context = self.codec, current_call.get()
        if asked is _PLAIN and context is not None:
            context.encoded = None  # it may be older than the change of codec
        try:
            return await super()._call_api(inputs, **kwargs)
        except InvalidRequestError as error:
            if asked is _BASE64 and "encoding_format" in error.message and "encoding_format" not in kwargs:
                self.codec = _PLAIN  # type: ignore[misc]  # from now on, for this model
                error.retryable, error.retry_after = True, 0.0
            raise
