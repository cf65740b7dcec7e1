"""What callers may set on OpenAI's embedding models. Facts: docs/protocols/openai-embedding.md#limits."""

from __future__ import annotations

from pydantic import ConfigDict

from ...application.model.described import Described
from ...application.model.parameters import Dimensions

__all__ = ["OpenAIEmbeddingParameters"]


class OpenAIEmbeddingParameters(Described):
    """Parameters of an embedding call."""

    model_config = ConfigDict(extra="forbid")

    dimensions: Dimensions = None
