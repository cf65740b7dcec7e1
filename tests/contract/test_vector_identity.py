"""A cached vector is found again only where the same server computed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelport.credential import DashScopeCredential, GeminiCredential, OllamaCredential, OpenAICredential
from modelport.domain.retry import RetryPolicy
from modelport.domain.urls import normal_url
from modelport.embedding import (
    DashScopeEmbeddingModel,
    EmbeddingModelBase,
    FileEmbeddingCache,
    GeminiEmbeddingModel,
    OllamaEmbeddingModel,
    OpenAIEmbeddingModel,
)
from modelport.testing import offline_providers
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from modelport.transport import HttpxTransport, RecordTransport, ReplayTransport
from tests.contract.test_refused_inputs import MODELS, answer_of, texts_of, vector_of

NOWHERE = RetryPolicy(max_retries=0)


def at_the_vendor(cache: FileEmbeddingCache, **options: Any) -> dict[str, EmbeddingModelBase[Any]]:
    """A model of each provider at its own URL."""
    options = {"embedding_cache": cache, "retry_policy": NOWHERE, **options}
    return {
        "openai": OpenAIEmbeddingModel(OpenAICredential(api_key="k-PlantedWord7"), "some-model", **options),
        "gemini": GeminiEmbeddingModel(GeminiCredential(api_key="k-PlantedWord7"), "some-model", **options),
        "dashscope": DashScopeEmbeddingModel(DashScopeCredential(api_key="k-PlantedWord7"), "some-model", **options),
        "ollama": OllamaEmbeddingModel(OllamaCredential(), "some-model", **options),
    }


def echo(received: RecordedRequest) -> ScriptedAnswer:
    return answer_of(received, [vector_of(text) for text in texts_of(received)])


class Refusing:
    """A transport of a vendor that must not be called."""

    async def send(self, request: Any, on_connected: Any = None) -> Any:
        raise AssertionError(f"sent to {request.url}")

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize("provider", MODELS)
async def test_vectors_of_another_server_are_not_the_vendors(provider: str, tmp_path: Path) -> None:
    cache = FileEmbeddingCache(tmp_path)
    async with ScriptedServer(echo) as first, ScriptedServer(echo) as second:
        await MODELS[provider](first.base_url, embedding_cache=cache)(["hello"])
        other = await MODELS[provider](second.base_url, embedding_cache=cache)(["hello"])
        same = await MODELS[provider](first.base_url, embedding_cache=cache)(["hello"])
    assert (other.source, same.source) == ("api", "cache")
    with pytest.raises(AssertionError, match="sent to"):
        await at_the_vendor(cache, transport=Refusing())[provider](["hello"])


@pytest.mark.parametrize("provider", MODELS)
async def test_vectors_made_up_offline_are_not_the_vendors(provider: str, tmp_path: Path) -> None:
    cache = FileEmbeddingCache(tmp_path)
    with offline_providers():
        assert (await at_the_vendor(cache)[provider](["hello"])).source == "api"
        assert (await at_the_vendor(cache)[provider](["hello"])).source == "cache"
    with pytest.raises(AssertionError, match="sent to"):
        await at_the_vendor(cache, transport=Refusing())[provider](["hello"])


@pytest.mark.parametrize("provider", MODELS)
async def test_replayed_vectors_are_kept_apart_from_the_servers(provider: str, tmp_path: Path) -> None:
    cache, cassette = FileEmbeddingCache(tmp_path / "cache"), tmp_path / "one.yaml"
    async with ScriptedServer(echo) as server:
        recording = RecordTransport(HttpxTransport(), cassette)
        await MODELS[provider](server.base_url, transport=recording)(["hello"])
        await recording.aclose()
        replayed = MODELS[provider](server.base_url, transport=ReplayTransport(cassette), embedding_cache=cache)
        await replayed(["hello"])
        before = len(server.requests)
        real = await MODELS[provider](server.base_url, embedding_cache=cache)(["hello"])
        assert (real.source, len(server.requests)) == ("api", before + 1)


def test_the_vendors_url_is_the_vendor_however_it_is_written() -> None:
    for url in ("https://api.openai.com/v1/", "HTTPS://API.OpenAI.com:443/v1", "https://u:p@api.openai.com/v1"):
        try:
            credential = OpenAICredential(api_key="k-PlantedWord7", base_url=url)
        except ValueError:  # a URL of this form may be refused as a setting
            continue
        assert OpenAIEmbeddingModel(credential, "m").vector_family() == "openai"
    for url in ("https://dashscope.aliyuncs.com/api/v1", "https://dashscope.aliyuncs.com/compatible-mode/v1/"):
        model = DashScopeEmbeddingModel(DashScopeCredential(api_key="k-PlantedWord7", base_url=url), "m")
        assert model.vector_family() == "dashscope"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Host:80/a/", "http://host/a"),
        ("https://host:443", "https://host"),
        ("https://host:8443/x?api-version=1", "https://host:8443/x?api-version=1"),
        ("https://user:word@host/x#part", "https://host/x"),
        ("http://[::1]:11434/", "http://[::1]:11434"),
        ("http://host:99999/", "http://host:99999/"),
    ],
)
def test_urls_of_one_server_have_one_form(url: str, expected: str) -> None:
    assert normal_url(url) == expected
