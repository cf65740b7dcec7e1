"""Embedding models, caches, and what they return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.cache.file import FileEmbeddingCache
    from .adapters.cache.sql import SQLEmbeddingCache
    from .adapters.dashscope.embedding import DashScopeEmbeddingModel
    from .adapters.gemini.embedding import GeminiEmbeddingModel
    from .adapters.ollama.embedding import OllamaEmbeddingModel
    from .adapters.openai.embedding import OpenAIEmbeddingModel
    from .application.embedding.cache import EmbeddingCacheBase
    from .application.embedding.model import EmbeddingModelBase
    from .domain.card.embedding_card import EmbeddingModelCard
    from .domain.embedding.values import Embedding, EmbeddingResponse, EmbeddingUsage, EmbeddingVectors
    from .ports.embedding_cache import EmbeddingCache
    from .ports.models import EmbeddingModel

__all__ = [
    "DashScopeEmbeddingModel",
    "Embedding",
    "EmbeddingCache",
    "EmbeddingCacheBase",
    "EmbeddingModel",
    "EmbeddingModelBase",
    "EmbeddingModelCard",
    "EmbeddingResponse",
    "EmbeddingUsage",
    "EmbeddingVectors",
    "FileEmbeddingCache",
    "GeminiEmbeddingModel",
    "OllamaEmbeddingModel",
    "OpenAIEmbeddingModel",
    "SQLEmbeddingCache",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "DashScopeEmbeddingModel": "adapters.dashscope.embedding",
        "Embedding": "domain.embedding.values",
        "EmbeddingCache": "ports.embedding_cache",
        "EmbeddingCacheBase": "application.embedding.cache",
        "EmbeddingModel": "ports.models",
        "EmbeddingModelBase": "application.embedding.model",
        "EmbeddingModelCard": "domain.card.embedding_card",
        "EmbeddingResponse": "domain.embedding.values",
        "EmbeddingUsage": "domain.embedding.values",
        "EmbeddingVectors": "domain.embedding.values",
        "FileEmbeddingCache": "adapters.cache.file",
        "GeminiEmbeddingModel": "adapters.gemini.embedding",
        "OllamaEmbeddingModel": "adapters.ollama.embedding",
        "OpenAIEmbeddingModel": "adapters.openai.embedding",
        "SQLEmbeddingCache": "adapters.cache.sql",
    },
)
