"""Which embedding model and which cache a command uses: from a settings file, else the one in this process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from .choice import find_settings

if TYPE_CHECKING:
    from ..application.embedding.cache import EmbeddingCacheBase
    from ..application.embedding.model import EmbeddingModelBase
    from ..composition.hub import Modelport
    from ..composition.settings import Settings

__all__ = ["choose_cache", "choose_embedding", "embedding_settings"]


def embedding_settings(config: Path | None) -> Settings:
    """The settings, with a cache of files in the user's cache folder where they name none."""
    from ..composition.settings import CacheSettings

    settings = find_settings(config)
    if settings.cache.adapter == "none":
        folder = Path(platformdirs.user_cache_dir("modelport", appauthor=False)) / "embeddings"
        settings.cache = CacheSettings(adapter="file", path=folder)
    return settings


def choose_embedding(config: Path | None, name: str | None) -> tuple[Modelport, EmbeddingModelBase[Any]]:
    """A hub and its model (Any: whatever an input may be): the one named, the settings' own, or the embedded one."""
    from ..adapters.embedded.embedding import E5_SMALL
    from ..composition.hub import Modelport

    settings = embedding_settings(config)
    hub = Modelport(settings)
    if name is None and not settings.embedding:
        name = f"embedded/{E5_SMALL}"
    return hub, hub.embedding(name)


def choose_cache(config: Path | None) -> tuple[EmbeddingCacheBase, str]:
    """The cache that `modelport embed` uses, and where it is in words."""
    from ..composition.builders import build_cache

    settings = embedding_settings(config).cache
    cache = build_cache(settings)
    assert cache is not None, "the settings name a cache"
    if settings.adapter != "sql":
        return cache, str(settings.path)
    from ..adapters.sql.engine import database_url

    return cache, database_url(settings.url).render_as_string(hide_password=True)
