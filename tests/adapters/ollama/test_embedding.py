"""Ollama's embeddings."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import OllamaCredential
from modelport.embedding import OllamaEmbeddingModel
from modelport.error import NotFoundError, ResponseDecodeError, ServerError, UnsupportedFeatureError
from modelport.message import Base64Source, DataBlock
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer


def model(url: str, name: str = "nomic-embed-text", **options: Any) -> OllamaEmbeddingModel:
    return OllamaEmbeddingModel(OllamaCredential(host=url), name, **options)


def echo(received: RecordedRequest) -> ScriptedAnswer:
    count = len(received.json()["input"])
    vectors = [[float(number), 1.0] for number in range(count)]
    return ScriptedAnswer.json({"model": "m", "embeddings": vectors, "prompt_eval_count": count})


async def test_the_native_endpoint_gets_lists() -> None:
    async with ScriptedServer(echo) as server:
        response = await model(server.base_url)(["a", "", "b"], keep_alive="5m")
        assert server.requests[0].path == "/api/embed"
        assert server.requests[0].json() == {
            "model": "nomic-embed-text", "input": ["a", "", "b"], "dimensions": 768, "keep_alive": "5m",
        }  # fmt: skip
        assert "authorization" not in server.requests[0].headers
    assert [vector[0] for vector in response.embeddings] == [0, 1, 2]
    assert response.usage is not None and response.usage.tokens == 3


async def test_an_unknown_model_is_asked_for_no_size_and_512_inputs_a_request() -> None:
    async with ScriptedServer(echo) as server:
        await model(server.base_url, "mine:latest", concurrency=1)([f"t{number}" for number in range(1000)])
        assert [len(one.json()["input"]) for one in server.requests] == [512, 488]
        assert "dimensions" not in server.requests[0].json()


async def test_a_missing_token_count_is_nought() -> None:
    async with ScriptedServer([ScriptedAnswer.json({"embeddings": [[1.0]]})]) as server:
        response = await model(server.base_url)(["a"])
    assert response.usage is not None and response.usage.tokens == 0


async def test_errors() -> None:
    answers = [
        ScriptedAnswer.json({"error": "model 'x' not found"}, 404),
        ScriptedAnswer.json({"error": "broken"}),
        ScriptedAnswer.json({"embeddings": {"a": 1}}),
    ]
    async with ScriptedServer(answers) as server:
        for error in (NotFoundError, ServerError, ResponseDecodeError):
            with pytest.raises(error):
                await model(server.base_url, max_retries=0)(["a"])
        with pytest.raises(UnsupportedFeatureError):
            image = DataBlock(source=Base64Source(data="AAAA", media_type="image/png"))
            await model(server.base_url)([image])  # type: ignore[list-item]


def test_the_class_is_found_from_the_credential() -> None:
    assert OllamaCredential.get_embedding_model_class() is OllamaEmbeddingModel
    assert "nomic-embed-text" in [card.name for card in OllamaEmbeddingModel.list_models()]
