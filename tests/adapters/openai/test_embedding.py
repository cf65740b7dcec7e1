"""OpenAI's embeddings: bodies, answers in every form that compatible servers send, and the model over loopback."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from modelport.adapters.openai.embedding import OpenAIEmbeddingCodec, decode_body
from modelport.credential import OpenAICredential
from modelport.domain.card.embedding_card import EmbeddingModelCard
from modelport.embedding import EmbeddingModelCard as PublicCard
from modelport.embedding import FileEmbeddingCache, OpenAIEmbeddingModel
from modelport.error import (
    EmbeddingError,
    InvalidRequestError,
    NotFoundError,
    ResponseDecodeError,
    ServerError,
    UnsupportedFeatureError,
)
from modelport.message import DataBlock, URLSource
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.embedding import EmbeddingRequest
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer


def request(**options: Any) -> EmbeddingRequest:
    card = EmbeddingModelCard.permissive("m")
    endpoint = Endpoint("https://host/v1", {"authorization": "Bearer k"})
    return EmbeddingRequest(endpoint, "m", ["a", "b"], card, **options)


def body_of(**options: Any) -> Any:
    return json.loads(OpenAIEmbeddingCodec().encode(request(**options)).http_request.body)


def as_base64(*numbers: float) -> str:
    return base64.b64encode(np.array(numbers, dtype="<f4").tobytes()).decode()


def answer(*entries: Any, **more: Any) -> bytes:
    return json.dumps({"object": "list", "data": list(entries), "model": "m", **more}).encode()


def model(url: str, name: str = "text-embedding-3-small", **options: Any) -> OpenAIEmbeddingModel:
    return OpenAIEmbeddingModel(
        OpenAICredential(api_key="sk-secret-key-PlantedWord7", base_url=url + "/v1"), name, **options
    )


def echo(received: RecordedRequest) -> ScriptedAnswer:
    """One vector an input: the number in its text."""
    inputs = received.json()["input"]
    data = [{"index": i, "embedding": as_base64(float(text.split()[-1]), 1)} for i, text in enumerate(inputs)]
    return ScriptedAnswer.json({"data": data, "usage": {"prompt_tokens": len(inputs), "total_tokens": len(inputs)}})


def test_the_body_asks_for_base64_and_for_dimensions_only_when_they_are_known() -> None:
    assert body_of() == {"model": "m", "input": ["a", "b"], "encoding_format": "base64"}
    assert body_of(parameters={"dimensions": 5})["dimensions"] == 5
    assert body_of(parameters={"dimensions": 5}, overrides={"dimensions": 6, "user": "u"}) == {
        "model": "m", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 6, "user": "u",
    }  # fmt: skip
    call = OpenAIEmbeddingCodec(None).encode(request(extra_headers={"x-a": "1"})).http_request
    assert "encoding_format" not in json.loads(call.body)
    assert call.url == "https://host/v1/embeddings"
    assert call.headers == {"content-type": "application/json", "authorization": "Bearer k", "x-a": "1"}


@pytest.mark.parametrize("one", [as_base64(1, 0), [1.0, 0.0]], ids=["base64", "list"])
def test_vectors_are_placed_by_index(one: Any) -> None:
    data = answer({"index": 1, "embedding": as_base64(2, 0)}, {"index": 0, "embedding": one}, usage={"total_tokens": 7})
    response = decode_body(data)
    assert response.embeddings == [[1, 0], [2, 0]]
    assert response.usage is not None and response.usage.tokens == 7


@pytest.mark.parametrize("indices", [(None, None), (0, 0), (5, 9), ("0", "1")], ids=["none", "zeros", "far", "text"])
def test_unusable_indices_leave_the_order(indices: tuple[Any, Any]) -> None:
    entries = [{"embedding": [float(number)], "index": index} for number, index in enumerate(indices)]
    assert decode_body(answer(*entries, usage=None)).embeddings == [[0.0], [1.0]]


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"<html>", answer("x"), answer({"index": 0}), answer({"embedding": "?"}), b'{"data": 5}'],
)
def test_what_is_no_answer_is_told(body: bytes) -> None:
    with pytest.raises(ResponseDecodeError):
        decode_body(body)


def test_an_error_in_a_successful_answer_is_one() -> None:
    with pytest.raises(ServerError, match="broken"):
        decode_body(b'{"error": {"message": "broken", "type": "server_error"}}')


async def test_dimensions_are_the_callers_else_the_cards_else_left_out() -> None:
    asked: list[Any] = []
    for name, parameters in [
        ("text-embedding-3-small", None),
        ("text-embedding-3-small", OpenAIEmbeddingModel.Parameters(dimensions=2)),
        ("text-embedding-ada-002", OpenAIEmbeddingModel.Parameters(dimensions=2)),
        ("bge-m3", None),
    ]:
        async with ScriptedServer(echo) as server:
            response = await model(server.base_url, name, parameters=parameters)(["t 1"])
            asked.append(server.requests[0].json().get("dimensions"))
    assert asked == [1536, 2, None, None]
    assert any(warning.kind == "unknown_model" for warning in response.warnings)


async def test_a_size_that_the_card_does_not_allow_is_refused_unless_checks_are_off() -> None:
    parameters = OpenAIEmbeddingModel.Parameters(dimensions=4000)
    async with ScriptedServer(echo) as server:
        with pytest.raises(InvalidRequestError, match="4000"):
            await model(server.base_url, parameters=parameters)(["t 1"])
        assert server.requests == []
        await model(server.base_url, parameters=parameters, card_checks="off")(["t 1"])
        assert server.requests[0].json()["dimensions"] == 4000


async def test_requests_keep_the_limits_of_the_card() -> None:
    async with ScriptedServer(echo) as server:
        subject = model(server.base_url)
        response = await subject([f"t {number}" for number in range(5000)])
        assert sorted(len(one.json()["input"]) for one in server.requests) == [904, 2048, 2048]
        assert [vector[0] for vector in response.embeddings] == list(range(5000))
        assert response.usage is not None and response.usage.tokens == 5000 and subject.batch_size == 2048
        long = ["word " * 20_000 + str(number) for number in range(20)]  # 33,000 tokens each by our estimate
        await subject(long)
        assert max(len(one.json()["input"]) for one in server.requests[3:]) == 8


async def test_a_server_that_refuses_encoding_format_is_asked_without() -> None:
    def strict(received: RecordedRequest) -> ScriptedAnswer:
        if "encoding_format" in received.json():
            return ScriptedAnswer.json({"error": {"message": "unknown field `encoding_format`"}}, 400)
        return echo(received)

    async with ScriptedServer(strict) as server:
        subject = model(server.base_url, batch_size=1, concurrency=2)
        response = await subject([f"t {number}" for number in range(6)])
        assert [vector[0] for vector in response.embeddings] == list(range(6))
        refused = [one for one in server.requests if "encoding_format" in one.json()]
        assert len(refused) <= 2 and len(server.requests) == 6 + len(refused)
        await model(server.base_url, max_retries=0, batch_size=1, concurrency=1)([])


async def test_a_request_with_too_many_tokens_is_split() -> None:
    def narrow(received: RecordedRequest) -> ScriptedAnswer:
        if len(received.json()["input"]) > 3:
            fault = {
                "message": "Requested too much",
                "type": "invalid_request_error",
                "code": "max_tokens_per_request",
            }
            return ScriptedAnswer.json({"error": fault}, 400)
        return echo(received)

    async with ScriptedServer(narrow) as server:
        response = await model(server.base_url)([f"t {number}" for number in range(10)])
    assert [vector[0] for vector in response.embeddings] == list(range(10))


async def test_a_wrong_number_of_vectors_is_no_answer() -> None:
    async with ScriptedServer([ScriptedAnswer.json({"data": [{"index": 0, "embedding": [1.0]}]})]) as server:
        with pytest.raises(ResponseDecodeError, match="the answer has 1 vectors for 2") as caught:
            await model(server.base_url)(["t 1", "t 2"])
    assert isinstance(caught.value, EmbeddingError) and caught.value.missing_indices == (0, 1)


async def test_errors_are_mapped_and_hold_no_key() -> None:
    fault = {"error": {"message": "no model for sk-secret-key-PlantedWord7", "code": "model_not_found"}}
    async with ScriptedServer([ScriptedAnswer.json(fault, 404, {"x-request-id": "r9"})]) as server:
        with pytest.raises(NotFoundError) as caught:
            await model(server.base_url, "nothing")(["t 1"])
    assert "sk-secret-key-PlantedWord7" not in str(caught.value) and "sk-secret-key-PlantedWord7" not in repr(
        vars(caught.value)
    )
    assert caught.value.request_id == "r9" and caught.value.status_code == 404


async def test_what_the_api_cannot_take_is_refused_before_any_request() -> None:
    image = DataBlock(source=URLSource(url="https://host/a.png", media_type="image/png"))
    async with ScriptedServer(echo) as server:
        with pytest.raises(UnsupportedFeatureError, match="input 1"):
            await model(server.base_url)(["t 1", image])  # type: ignore[list-item]
        with pytest.raises(InvalidRequestError, match="input 2 is empty"):
            await model(server.base_url)(["t 1", "t 2", " "])
        assert server.requests == []


async def test_another_server_has_other_vectors(tmp_path: Any) -> None:
    cache = FileEmbeddingCache(tmp_path)
    async with ScriptedServer(echo) as one, ScriptedServer(echo) as other:
        assert (await model(one.base_url, embedding_cache=cache)(["t 1"])).source == "api"
        assert (await model(other.base_url, embedding_cache=cache)(["t 1"])).source == "api"
        assert (await model(one.base_url, embedding_cache=cache)(["t 1"], encoding_format="float")).source == "cache"


def test_cards_are_found_from_the_class_and_from_the_credential() -> None:
    cards = OpenAIEmbeddingModel.list_models()
    assert [card.name for card in cards] == [
        "text-embedding-3-large",
        "text-embedding-3-small",
        "text-embedding-ada-002",
    ]
    assert all(isinstance(card, PublicCard) for card in cards)
    assert OpenAICredential.get_embedding_model_class() is OpenAIEmbeddingModel
