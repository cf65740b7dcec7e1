"""DashScope's native embeddings: two endpoints, bodies, answers, and packing by the cards' limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.credential import DashScopeCredential
from modelport.embedding import DashScopeEmbeddingModel
from modelport.error import ContentFilterError, InvalidRequestError, RateLimitError, UnsupportedFeatureError
from modelport.message import Base64Source, DataBlock, URLSource
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer

TEXT = "/api/v1/services/embeddings/text-embedding/text-embedding"
MULTIMODAL = "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding"


def block(kind: str, url: str = "https://host/file") -> DataBlock:
    return DataBlock(source=URLSource(url=url, media_type=kind))


PNG = DataBlock(source=Base64Source(data="iVBORw0KGgo=", media_type="image/png"))


def model(url: str, name: str = "text-embedding-v4", **options: Any) -> DashScopeEmbeddingModel:
    credential = DashScopeCredential(api_key="sk-secret-key-PlantedWord7", base_url=url)
    return DashScopeEmbeddingModel(credential, name, **options)


def echo(received: RecordedRequest) -> ScriptedAnswer:
    """The vectors in reverse, with their indices; the first number says how many inputs came before in the request."""
    body = received.json()
    multimodal = "contents" in body["input"]
    count = len(body["input"]["contents" if multimodal else "texts"])
    key = "index" if multimodal else "text_index"
    entries = [{key: index, "embedding": [float(index), 1.0]} for index in reversed(range(count))]
    return ScriptedAnswer.json({"output": {"embeddings": entries}, "usage": {"total_tokens": 3}, "request_id": "r"})


@pytest.mark.parametrize("path", ["/compatible-mode/v1", "/api/v1", "", "/proxy/compatible-mode/v1"])
async def test_the_native_services_are_beside_any_base_url(path: str) -> None:
    async with ScriptedServer(echo) as server:
        await model(server.base_url + path)(["a"])
        assert server.requests[0].path == ("/proxy" if "proxy" in path else "") + TEXT
        assert server.requests[0].headers["authorization"] == "Bearer sk-secret-key-PlantedWord7"


async def test_texts_go_ten_at_a_time_to_the_text_endpoint() -> None:
    parameters = DashScopeEmbeddingModel.Parameters(dimensions=256, text_type="query", instruct="find")
    async with ScriptedServer(echo) as server:
        subject = model(server.base_url, parameters=parameters, concurrency=1)
        response = await subject([f"t{number}" for number in range(25)])
        assert server.requests[0].json() == {
            "model": "text-embedding-v4",
            "input": {"texts": [f"t{number}" for number in range(10)]},
            "parameters": {"dimension": 256, "text_type": "query", "instruct": "find"},
        }
        assert [len(one.json()["input"]["texts"]) for one in server.requests] == [10, 10, 5]
    assert [vector[0] for vector in response.embeddings] == [*range(10), *range(10), *range(5)]
    assert response.usage is not None and response.usage.tokens == 9


async def test_a_fixed_size_is_not_asked_for() -> None:
    async with ScriptedServer(echo) as server:
        parameters = DashScopeEmbeddingModel.Parameters(dimensions=512)
        response = await model(server.base_url, "text-embedding-v1", parameters=parameters)(["a"])
        assert server.requests[0].json()["parameters"] == {}
    assert [warning.setting for warning in response.warnings] == ["dimensions"]


async def test_the_callers_fields_win() -> None:
    async with ScriptedServer(echo) as server:
        await model(server.base_url)(["a"], output_type="dense", dimensions=64, parameters={"instruct": "x"})
        assert server.requests[0].json()["parameters"] == {"dimension": 64, "output_type": "dense", "instruct": "x"}


async def test_media_are_one_content_each() -> None:
    async with ScriptedServer(echo) as server:
        response = await model(server.base_url, "qwen3-vl-embedding")(
            ["a cat", block("image/png"), PNG, block("video/mp4")]
        )
        assert server.requests[0].path == MULTIMODAL
        assert server.requests[0].json() == {
            "model": "qwen3-vl-embedding",
            "input": {
                "contents": [
                    {"text": "a cat"},
                    {"image": "https://host/file"},
                    {"image": "data:image/png;base64,iVBORw0KGgo="},
                    {"video": "https://host/file"},
                ]
            },
            "parameters": {"dimension": 2560},
        }
    assert [vector[0] for vector in response.embeddings] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("name", "images", "videos", "sizes"),
    [
        ("qwen3-vl-embedding", 12, 0, [5, 5, 2]),
        ("qwen3-vl-embedding", 0, 3, [1, 1, 1]),
        ("tongyi-embedding-vision-plus", 45, 0, [20, 20, 5]),
        ("tongyi-embedding-vision-plus", 0, 17, [8, 8, 1]),
        ("qwen2.5-vl-embedding", 3, 0, [1, 1, 1]),
        ("some-new-vl-model", 3, 0, [1, 1, 1]),
    ],
)
async def test_media_are_packed_by_the_limits_of_the_model(
    name: str, images: int, videos: int, sizes: list[int]
) -> None:
    inputs = [block("image/png", f"https://host/{n}") for n in range(images)]
    inputs += [block("video/mp4", f"https://host/v{n}") for n in range(videos)]
    async with ScriptedServer(echo) as server:
        await model(server.base_url, name, concurrency=1)(inputs)
        assert [len(one.json()["input"]["contents"]) for one in server.requests] == sizes


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [({"input_tokens": 4, "image_tokens": 5}, 9), ({"total_tokens": 7, "input_tokens": 1}, 7), ({}, 0), (None, 0)],
)
async def test_usage_is_read_under_its_different_keys(usage: Any, tokens: int) -> None:
    said = {"output": {"embeddings": [{"index": 0, "embedding": [1.0]}]}, "usage": usage}
    async with ScriptedServer([ScriptedAnswer.json(said)]) as server:
        response = await model(server.base_url)(["a"])
    assert response.usage is not None and response.usage.tokens == tokens


@pytest.mark.parametrize(
    "wrong",
    [
        block("audio/wav"),
        block("application/pdf"),
        block("video/mp4", "file:///tmp/a.mp4"),
        DataBlock(source=Base64Source(data="AAAA", media_type="video/mp4")),
    ],
    ids=["audio", "pdf", "local video", "base64 video"],
)
async def test_what_has_no_form_is_refused_before_any_request(wrong: DataBlock) -> None:
    async with ScriptedServer(echo) as server:
        with pytest.raises(UnsupportedFeatureError, match="input 1"):
            await model(server.base_url, "qwen3-vl-embedding")(["a", wrong])
        with pytest.raises(UnsupportedFeatureError):
            await model(server.base_url, "text-embedding-v4")([PNG])
        with pytest.raises(InvalidRequestError, match="empty"):
            await model(server.base_url)(["  "])
        assert server.requests == []


async def test_errors_are_mapped_by_their_words() -> None:
    said = {"code": "DataInspectionFailed", "message": "inappropriate", "request_id": "r7"}
    async with ScriptedServer([ScriptedAnswer.json(said, 400), ScriptedAnswer.json(said)]) as server:
        for _ in range(2):  # also inside a 200
            with pytest.raises(ContentFilterError) as caught:
                await model(server.base_url)(["a"])
            assert caught.value.request_id == "r7"
    slow = json.loads('{"code": "Throttling.RateQuota", "message": "slow", "request_id": "r"}')
    async with ScriptedServer([ScriptedAnswer.json(slow, 429)]) as server:
        with pytest.raises(RateLimitError):
            await model(server.base_url, max_retries=0)(["a"])


def test_the_class_is_found_from_the_credential() -> None:
    found = DashScopeCredential.get_embedding_model_class()
    assert found is DashScopeEmbeddingModel
    cards = {card.name: card for card in found.list_models()}
    assert cards["text-embedding-v4"].context_size == 8192 and "image/png" in cards["qwen3-vl-embedding"].input_types
