"""Embedding models, caches and rate limiters from their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..adapters.rate_limit.unlimited import Unlimited
from ..application.credential import CredentialBase
from ..application.embedding_model import EmbeddingModelBase
from ..domain.errors import SettingsError
from ..ports.clock import Clock
from ..ports.rate_limiter import RateLimiter
from .model_builder import validated
from .settings import CacheSettings, EmbeddingSettings, RateLimitSettings

if TYPE_CHECKING:
    from ..application.embedding_cache import EmbeddingCacheBase

__all__ = ["build_cache", "build_embedding", "build_rate_limiter"]


def build_embedding(
    settings: EmbeddingSettings, credential: CredentialBase, cache: EmbeddingCacheBase | None
) -> EmbeddingModelBase[Any]:  # Any: whatever an input may be
    """An embedding model of the settings."""
    cls = credential.get_embedding_model_class()
    if cls is None:
        raise SettingsError(f"the provider {credential.provider_name()!r} has no embedding models")
    options: dict[str, Any] = {  # Any: arguments of the model class
        "context_size": settings.context_size,
        "batch_size": settings.batch_size,
        "embedding_cache": cache if settings.cache else None,
        "retry_policy": settings.retry.policy(),
        "timeouts": settings.timeouts.timeouts(),
        "card_checks": settings.card_checks,
    }
    if settings.concurrency:
        options["concurrency"] = settings.concurrency
    model: EmbeddingModelBase[Any] = cls(
        credential, settings.model, validated(cls.Parameters, settings.parameters, "parameters"), **options
    )
    return model


def build_cache(settings: CacheSettings) -> EmbeddingCacheBase | None:
    """The cache that the settings name; none of them opens anything before it is used."""
    memory: dict[str, float] = {} if settings.memory_mb is None else {"memory_mb": settings.memory_mb}
    most, size = settings.max_entries, settings.max_size_mb
    if settings.adapter == "file":
        from ..adapters.cache.file import FileEmbeddingCache

        return FileEmbeddingCache(settings.path, most, size, **memory)
    if settings.adapter == "sql":
        from ..adapters.cache.sql import SQLEmbeddingCache

        return SQLEmbeddingCache(settings.url, max_entries=most, max_size_mb=size, **memory)
    return None


def build_rate_limiter(settings: RateLimitSettings, clock: Clock) -> RateLimiter:
    """The rate limiter that the settings name."""
    from ..adapters.rate_limit.limits import RateLimit

    limits = {name: RateLimit(**entry.model_dump()) for name, entry in settings.limits.items()}
    if settings.adapter == "in_process":
        from ..adapters.rate_limit.in_process import InProcessRateLimiter

        return InProcessRateLimiter(limits, clock)
    if settings.adapter == "sql":
        from ..adapters.rate_limit.sql import SQLRateLimiter

        if not settings.url:
            raise SettingsError("rate_limits.url: is missing; the adapter sql needs the URL of the shared database")
        return SQLRateLimiter(settings.url, limits, clock)
    if limits:
        raise SettingsError("rate_limits.adapter: is 'none', so the limits would not be kept; write in_process or sql")
    return Unlimited()
