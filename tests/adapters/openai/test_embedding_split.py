"""Batches that a server finds too large in its own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelport.embedding import FileEmbeddingCache
from modelport.error import EmbeddingError, InvalidRequestError
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from tests.adapters.openai.test_embedding import echo, model

TOO_LONG = "This model's maximum context length is 8192 tokens, however you requested {} tokens."


def sums(received: RecordedRequest) -> ScriptedAnswer:
    """A compatible server that counts the whole request against the model's context."""
    count = sum(len(text) for text in received.json()["input"])
    if count > 40:
        return ScriptedAnswer.json({"error": {"message": TOO_LONG.format(count)}}, 400)
    return echo(received)


async def test_a_request_above_the_context_is_split() -> None:
    async with ScriptedServer(sums) as server:
        response = await model(server.base_url)([f"t {number}" for number in range(30)])
    assert [vector[0] for vector in response.embeddings] == list(range(30))


async def test_one_text_above_the_context_costs_only_its_own_vector(tmp_path: Path) -> None:
    inputs = [f"t {number}" for number in range(8)]
    inputs[5] = "t" * 50 + " 5"
    cache = FileEmbeddingCache(tmp_path)
    async with ScriptedServer(sums) as server:
        with pytest.raises(InvalidRequestError) as caught:
            await model(server.base_url, embedding_cache=cache)(inputs)
        assert isinstance(caught.value, EmbeddingError) and caught.value.missing_indices == (5,)
        assert (await model(server.base_url, embedding_cache=cache)(inputs[:5] + inputs[6:])).source == "cache"
