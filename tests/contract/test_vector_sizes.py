"""Vectors of two sizes never stand in one response, and those of an unexpected size are warned of every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelport.embedding import FileEmbeddingCache
from modelport.error import ResponseDecodeError
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from tests.contract.test_refused_inputs import MODELS, answer_of, texts_of, vector_of


class Sizes:
    """A server whose vectors have a size by text, else the general one."""

    def __init__(self, size: int, **of_texts: int) -> None:
        self.size = size
        self.of_texts = of_texts

    def __call__(self, received: RecordedRequest) -> ScriptedAnswer:
        texts = texts_of(received)
        return answer_of(received, [vector_of(text, self.of_texts.get(text, self.size)) for text in texts])


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("provider", MODELS)
async def test_two_sizes_are_refused(provider: str, batch_size: int) -> None:
    async with ScriptedServer(Sizes(3, two=4)) as server:
        model = MODELS[provider](server.base_url, batch_size=batch_size, concurrency=1)
        with pytest.raises(ResponseDecodeError, match="different sizes: 3, 4"):
            await model(["one", "two", "three", "four"])
        response = await model(["one", "two", "three", "four"], on_error="skip")
    assert response.missing_indices == (1,)


@pytest.mark.parametrize("provider", MODELS)
async def test_cached_vectors_of_an_older_size_are_asked_for_again(provider: str, tmp_path: Path) -> None:
    cache, sizes = FileEmbeddingCache(tmp_path), Sizes(3)
    async with ScriptedServer(sizes) as server:
        model = MODELS[provider](server.base_url, embedding_cache=cache)
        await model(["one", "two"])
        sizes.size = 4
        response = await model(["one", "two", "three"])
        assert response.embeddings == [vector_of(text, 4) for text in ("one", "two", "three")]
        again = await model(["one", "two", "three"])
        assert again.source == "cache" and again.embeddings == response.embeddings


@pytest.mark.parametrize("provider", MODELS)
async def test_cached_vectors_of_two_sizes_are_asked_for_again(provider: str, tmp_path: Path) -> None:
    cache, sizes = FileEmbeddingCache(tmp_path), Sizes(3)
    async with ScriptedServer(sizes) as server:
        model = MODELS[provider](server.base_url, embedding_cache=cache)
        await model(["one"])
        sizes.size = 4
        await model(["two"])
        response = await model(["one", "two"])
    assert response.embeddings == [vector_of(text, 4) for text in ("one", "two")]


@pytest.mark.parametrize("provider", MODELS)
async def test_a_size_that_was_not_requested_is_warned_of_also_from_the_cache(provider: str, tmp_path: Path) -> None:
    def sizes(response: Any) -> list[str]:
        return [warning.message for warning in response.warnings if warning.setting == "dimensions"]

    async with ScriptedServer(Sizes(3)) as server:
        build, cache = MODELS[provider], FileEmbeddingCache(tmp_path)
        parameters = type(build(server.base_url)).Parameters(dimensions=8)
        model = build(server.base_url, parameters=parameters, embedding_cache=cache)
        for source in ("api", "cache", "cache"):
            response = await model(["one", "two"])
            assert response.source == source
            assert sizes(response) == ["vectors of 8 numbers are expected, but these have 3"]
