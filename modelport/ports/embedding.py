"""The embedding model as the rest of an application sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..domain.embedding.values import EmbeddingResponse

__all__ = ["EmbeddingModel"]


class EmbeddingModel(Protocol):
    """Turns inputs into vectors.

    Contract: one vector per input, in input order; cancelling the call ends its requests. Errors are `ModelError`s.
    """

    model: str

    @property
    def provider_name(self) -> str:
        """Who is asked."""
        ...

    async def __call__(
        self,
        inputs: Sequence[Any],  # Any: texts, and for multimodal models DataBlocks
        **kwargs: Any,  # Any: provider body fields
    ) -> EmbeddingResponse:
        """The vectors."""
        ...
