"""Embedding models, the cache and rate limits from settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelport import Modelport
from modelport.adapters.rate_limit.in_process import InProcessRateLimiter
from modelport.adapters.rate_limit.sql import SQLRateLimiter
from modelport.embedding import FileEmbeddingCache, OpenAIEmbeddingModel, SQLEmbeddingCache
from modelport.error import SettingsError
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer

LOCAL = {
    "local": {"provider": "openai", "base_url": "http://127.0.0.1:1/v1"},
    "deep": {"provider": "deepseek", "api_key": "k-PlantedWord7"},
}
ONE = {"docs": {"credential": "local", "model": "m"}}


def hub(**settings: Any) -> Modelport:
    return Modelport.from_mapping({"credentials": LOCAL, **settings}, {})


async def test_a_model_by_name_with_everything_set(tmp_path: Path) -> None:
    async with ScriptedServer([ScriptedAnswer.json({"data": [{"index": 0, "embedding": [1.0]}]})]) as server:
        settings = {
            "credentials": {"local": {"provider": "openai", "base_url": server.base_url}},
            "embedding": {
                "docs": {
                    "credential": "local",
                    "model": "m",
                    "parameters": {"dimensions": 1},
                    "batch_size": 5,
                    "concurrency": 3,
                    "context_size": 100,
                    "retry": {"max_retries": 1},
                }
            },
            "cache": {"adapter": "file", "path": str(tmp_path)},
        }
        async with Modelport.from_mapping(settings, {}) as subject:
            model = subject.embedding("docs")
            assert isinstance(model, OpenAIEmbeddingModel) and subject.embedding() is model
            assert (model.batch_size, model.concurrency, model.context_size, model.max_retries) == (5, 3, 100, 1)
            assert (await model(["a"])).source == "api" and (await model(["a"])).source == "cache"
            assert subject.embedding("local/m").embedding_cache is model.embedding_cache
            assert server.requests[0].json()["dimensions"] == 1


@pytest.mark.parametrize("adapter", ["file", "sql"])
@pytest.mark.parametrize("memory", [{"memory_mb": 0}, {}])
async def test_what_a_cache_keeps_in_memory_is_settable(adapter: str, memory: dict[str, Any], tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    subject = hub(embedding=ONE, cache={"adapter": adapter, "path": str(tmp_path), "url": url, **memory})
    async with subject:
        cache = subject.embedding().embedding_cache
        assert isinstance(cache, FileEmbeddingCache | SQLEmbeddingCache)
        await cache.store([[1.0]], "a")
        assert await cache.retrieve("a") == [[1.0]]
        assert bool(len(cache._recent)) == (not memory)


def test_caches_and_limiters_are_chosen_by_name(tmp_path: Path) -> None:
    one = {"docs": {"credential": "local", "model": "m"}}
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    for cache, kind in (
        ({"adapter": "none"}, type(None)),
        ({"adapter": "file", "path": str(tmp_path)}, FileEmbeddingCache),
        ({"adapter": "sql", "url": url, "max_entries": 5}, SQLEmbeddingCache),
    ):
        assert isinstance(hub(embedding=one, cache=cache).embedding().embedding_cache, kind)
    off = {"docs": {**one["docs"], "cache": False}}
    assert hub(embedding=off, cache={"adapter": "sql", "url": url}).embedding().embedding_cache is None
    limits = {"openai": {"requests": 5}}
    for given, limiter in (
        ({"adapter": "in_process", "limits": limits}, InProcessRateLimiter),
        ({"adapter": "sql", "url": url, "limits": limits}, SQLRateLimiter),
    ):
        assert isinstance(hub(embedding=one, rate_limits=given).embedding().runtime.rate_limiter, limiter)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"embedding": {"a": {"model": "m"}}}, "embedding.a: name a `provider`"),
        ({"embedding": {"a": {"credential": "local", "model": "m", "parameters": {"x": 1}}}}, "dimensions"),
        ({"embedding": {"a": {"provider": "embedded", "model": "m", "batch_size": 0}}}, "embedding.a.batch_size"),
        ({"embedding": {"a": {"credential": "deep", "model": "m"}}}, "has no embedding models"),
        ({}, "which embedding model"),
        ({"rate_limits": {"limits": {"*": {"requests": 1}}}, "embedding": ONE}, "rate_limits.adapter"),
        ({"rate_limits": {"adapter": "sql"}, "embedding": ONE}, "rate_limits.url"),
    ],
)
def test_mistakes_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace(".", r"\.")):
        hub(**settings).embedding()


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="docs"):
        hub(embedding={"docs": {"credential": "local", "model": "m"}}).embedding("other")
