"""Gemini's embeddings: one request entry an input, normalisation, media."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import numpy as np
import pytest

from modelport.composition.defaults import build_runtime
from modelport.credential import GeminiCredential
from modelport.embedding import GeminiEmbeddingModel
from modelport.error import AuthenticationError, InvalidRequestError, UnsupportedFeatureError
from modelport.message import Base64Source, DataBlock, URLSource
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer


def model(url: str, name: str = "gemini-embedding-001", **options: Any) -> GeminiEmbeddingModel:
    return GeminiEmbeddingModel(GeminiCredential(api_key="secret-key-PlantedWord7", base_url=url), name, **options)


def echo(received: RecordedRequest) -> ScriptedAnswer:
    entries = received.json()["requests"]
    size = entries[0].get("outputDimensionality", 4)
    return ScriptedAnswer.json({"embeddings": [{"values": [3.0, 4.0, *[0.0] * (size - 2)]} for _ in entries]})


class Loader:
    """Knows one file."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def load(self, source: URLSource) -> Base64Source:
        self.asked.append(source.url)
        return Base64Source(data=base64.b64encode(b"bytes").decode(), media_type=source.media_type)


async def test_every_input_is_a_request_entry() -> None:
    parameters = GeminiEmbeddingModel.Parameters(dimensions=768, task_type="RETRIEVAL_QUERY")
    async with ScriptedServer(echo) as server:
        response = await model(server.base_url, parameters=parameters)(["a", "b"], title="t")
        assert server.requests[0].path == "/v1beta/models/gemini-embedding-001:batchEmbedContents"
        assert server.requests[0].headers["x-goog-api-key"] == "secret-key-PlantedWord7"
        shared = {
            "model": "models/gemini-embedding-001",
            "taskType": "RETRIEVAL_QUERY",
            "outputDimensionality": 768,
            "title": "t",
        }
        assert server.requests[0].json() == {
            "requests": [{**shared, "content": {"parts": [{"text": text}]}} for text in ("a", "b")]
        }
    assert len(response.embeddings) == 2 and response.usage is not None and response.usage.tokens == 0


@pytest.mark.parametrize(
    ("name", "size", "norm"),
    [
        ("gemini-embedding-001", 768, 1),
        ("gemini-embedding-001", 3072, 5),
        ("gemini-embedding-2", 768, 5),
        ("unknown", 8, 5),
    ],
)
async def test_only_what_the_provider_leaves_long_is_normalised(name: str, size: int, norm: float) -> None:
    async with ScriptedServer(echo) as server:
        response = await model(server.base_url, name, parameters=GeminiEmbeddingModel.Parameters(dimensions=size))(
            ["a"]
        )
    assert np.linalg.norm(response.array[0]) == pytest.approx(norm) and len(response.embeddings[0]) == size


async def test_a_hundred_inputs_a_request() -> None:
    async with ScriptedServer(echo) as server:
        await model(server.base_url, concurrency=1)([f"t{number}" for number in range(250)])
        assert [len(one.json()["requests"]) for one in server.requests] == [100, 100, 50]


async def test_media_are_sent_with_the_request() -> None:
    loader = Loader()
    runtime = dataclasses.replace(build_runtime(), media_loader=loader)
    inputs: list[str | DataBlock] = [
        "a",
        DataBlock(source=Base64Source(data="AAAA", media_type="image/png")),
        DataBlock(source=URLSource(url="https://host/a.pdf", media_type="application/pdf")),
        DataBlock(
            source=URLSource(url="https://generativelanguage.googleapis.com/v1beta/files/abc", media_type="audio/mpeg")
        ),
    ]
    async with ScriptedServer(echo) as server:
        await model(server.base_url, "gemini-embedding-2", runtime=runtime)(inputs)
        parts = [entry["content"]["parts"] for entry in server.requests[0].json()["requests"]]
    assert loader.asked == ["https://host/a.pdf"]
    assert parts[:3] == [
        [{"text": "a"}],
        [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
        [{"inlineData": {"mimeType": "application/pdf", "data": "Ynl0ZXM="}}],
    ]
    assert parts[3][0]["fileData"]["fileUri"].endswith("/files/abc")


async def test_a_text_model_takes_no_media_and_no_type_is_taken_that_has_no_form() -> None:
    async with ScriptedServer(echo) as server:
        with pytest.raises(UnsupportedFeatureError):
            await model(server.base_url)([DataBlock(source=Base64Source(data="AAAA", media_type="image/png"))])
        with pytest.raises(UnsupportedFeatureError):
            zipped = DataBlock(source=Base64Source(data="AAAA", media_type="application/zip"))
            await model(server.base_url, "unknown")([zipped])
        with pytest.raises(InvalidRequestError):
            await model(server.base_url, parameters=GeminiEmbeddingModel.Parameters(dimensions=5000))(["a"])
        assert server.requests == []


async def test_a_single_answer_and_the_prefix_of_a_name() -> None:
    said = {"embedding": {"values": [1.0]}, "usageMetadata": {"promptTokenCount": 4}}
    async with ScriptedServer([ScriptedAnswer.json(said)]) as server:
        response = await model(server.base_url, "models/gemini-embedding-2")(["a"])
        assert server.requests[0].path.endswith("/models/gemini-embedding-2:batchEmbedContents")
    assert response.embeddings == [[1.0]] and response.usage is not None and response.usage.tokens == 4


async def test_a_wrong_key_is_an_authentication_error() -> None:
    details = [{"reason": "API_KEY_INVALID"}]
    said = {"error": {"code": 400, "message": "not valid", "status": "INVALID_ARGUMENT", "details": details}}
    async with ScriptedServer([ScriptedAnswer.json(said, 400)]) as server:
        with pytest.raises(AuthenticationError):
            await model(server.base_url)(["a"])


def test_the_class_is_found_from_the_credential() -> None:
    assert GeminiCredential.get_embedding_model_class() is GeminiEmbeddingModel
    names = [card.name for card in GeminiEmbeddingModel.list_models()]
    assert names == ["gemini-embedding-001", "gemini-embedding-2", "gemini-embedding-2-preview"]
