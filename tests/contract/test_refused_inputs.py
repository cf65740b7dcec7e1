"""One bad input costs one vector: on every provider, for every way in which a server refuses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelport.credential import DashScopeCredential, GeminiCredential, OllamaCredential, OpenAICredential
from modelport.embedding import (
    DashScopeEmbeddingModel,
    EmbeddingModelBase,
    FileEmbeddingCache,
    GeminiEmbeddingModel,
    OllamaEmbeddingModel,
    OpenAIEmbeddingModel,
)
from modelport.error import AuthenticationError, EmbeddingError, InvalidRequestError, ModelError, ServerError
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer

Build = Callable[..., EmbeddingModelBase[Any]]


def _openai(url: str, **options: Any) -> EmbeddingModelBase[Any]:
    return OpenAIEmbeddingModel(
        OpenAICredential(api_key="k-PlantedWord7", base_url=url + "/v1"), "some-model", **options
    )


def _gemini(url: str, **options: Any) -> EmbeddingModelBase[Any]:
    return GeminiEmbeddingModel(GeminiCredential(api_key="k-PlantedWord7", base_url=url), "some-model", **options)


def _dashscope(url: str, **options: Any) -> EmbeddingModelBase[Any]:
    return DashScopeEmbeddingModel(DashScopeCredential(api_key="k-PlantedWord7", base_url=url), "some-model", **options)


def _ollama(url: str, **options: Any) -> EmbeddingModelBase[Any]:
    return OllamaEmbeddingModel(OllamaCredential(host=url), "some-model", **options)


MODELS: dict[str, Build] = {"openai": _openai, "gemini": _gemini, "dashscope": _dashscope, "ollama": _ollama}

REFUSALS: dict[str, tuple[int, str, type[ModelError]]] = {
    "too long": (400, "the input length exceeds the context length", InvalidRequestError),
    "range": (400, "Range of input length should be [1, 8192]", InvalidRequestError),
    "tokens": (400, "The input token count exceeds the maximum number of tokens allowed.", InvalidRequestError),
    "blank": (400, "contents must not be blank", InvalidRequestError),
    "validation": (422, "Input validation error", InvalidRequestError),
    "too large": (413, "Payload too large", InvalidRequestError),
    "nan": (500, "failed to encode response: json: unsupported value: NaN", ServerError),
    "crash": (500, "Internal Server Error", ServerError),
}


def texts_of(received: RecordedRequest) -> list[str]:
    """The texts of a request of any of the providers."""
    body = received.json()
    if "requests" in body:
        return [entry["content"]["parts"][0]["text"] for entry in body["requests"]]
    given = body["input"]
    return list(given["texts"] if isinstance(given, dict) else given)


def vector_of(text: str, size: int = 3) -> list[float]:
    """A vector that tells the text."""
    return [float(len(text)), float(sum(text.encode()) % 1009), *[1.0] * (size - 2)]


def answer_of(received: RecordedRequest, vectors: list[Any]) -> ScriptedAnswer:
    """The provider's answer with these vectors."""
    if "batchEmbed" in received.path:
        return ScriptedAnswer.json({"embeddings": [{"values": vector} for vector in vectors]})
    if "services" in received.path:
        entries = [{"text_index": index, "embedding": vector} for index, vector in enumerate(vectors)]
        return ScriptedAnswer.json({"output": {"embeddings": entries}, "usage": {"total_tokens": len(vectors)}})
    if received.path.endswith("/api/embed"):
        return ScriptedAnswer.json({"embeddings": vectors, "prompt_eval_count": len(vectors)})
    entries = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    return ScriptedAnswer.json({"data": entries, "usage": {"total_tokens": len(vectors)}})


def error_of(received: RecordedRequest, status: int, message: str) -> ScriptedAnswer:
    """The provider's answer with this error."""
    if "batchEmbed" in received.path:
        return ScriptedAnswer.json({"error": {"code": status, "message": message}}, status)
    if "services" in received.path:
        code = "InvalidParameter" if status < 500 else "InternalError"
        return ScriptedAnswer.json({"code": code, "message": message}, status)
    if received.path.endswith("/api/embed"):
        return ScriptedAnswer.json({"error": message}, status)
    return ScriptedAnswer.json({"error": {"message": message}}, status)


def refusing(bad: set[str], status: int, message: str) -> Callable[[RecordedRequest], ScriptedAnswer]:
    """A server that refuses every request with one of these texts."""

    def handle(received: RecordedRequest) -> ScriptedAnswer:
        texts = texts_of(received)
        if bad & set(texts):
            return error_of(received, status, message)
        return answer_of(received, [vector_of(text) for text in texts])

    return handle


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("provider", MODELS)
async def test_a_refused_input_costs_no_other_its_vector(provider: str, refusal: str, tmp_path: Path) -> None:
    status, message, kind = REFUSALS[refusal]
    inputs = [f"text {number}" for number in range(40)]
    cache = FileEmbeddingCache(tmp_path)
    async with ScriptedServer(refusing({"text 23"}, status, message)) as server:
        model = MODELS[provider](server.base_url, embedding_cache=cache, retry_delay=0.0, batch_size=20)
        with pytest.raises(kind) as caught:
            await model(inputs)
        assert isinstance(caught.value, EmbeddingError) and caught.value.missing_indices == (23,)
        assert message in str(caught.value) and "23" in str(caught.value)
        # two batches; four requests for the one that fails, and two for each time it is halved
        assert len(server.requests) <= 2 + 3 + 2 * 5
        others = inputs[:23] + inputs[24:]
        again = await model(others)
    assert again.source == "cache" and again.embeddings == [vector_of(text) for text in others]


@pytest.mark.parametrize("provider", MODELS)
async def test_several_refused_inputs_are_named_with_the_servers_words(provider: str) -> None:
    inputs = [f"text {number}" for number in range(30)]
    bad = {"text 0", "text 1", "text 17", "text 29"}
    async with ScriptedServer(refusing(bad, 400, "input too long")) as server:
        with pytest.raises(EmbeddingError) as caught:
            await MODELS[provider](server.base_url)([*inputs, "text 17"])
    assert caught.value.missing_indices == (0, 1, 17, 29, 30)
    assert "input too long" in str(caught.value) and "0, 1, 17, 29, 30" in str(caught.value)


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("provider", MODELS)
async def test_with_skip_a_refused_input_has_no_vector_and_a_warning(provider: str, status: int) -> None:
    inputs = ["one", "two", "three", "two", "four"]
    async with ScriptedServer(refusing({"two"}, status, "input too odd")) as server:
        model = MODELS[provider](server.base_url, retry_delay=0.0, on_error="skip")
        response = await model(inputs)
        assert response.missing_indices == (1, 3)
        assert response.found_indices == (0, 2, 4)
        assert response.found_array.tolist() == [vector_of(text) for text in ("one", "three", "four")]
        expected = [None if text == "two" else vector_of(text) for text in inputs]
        assert list(response.embeddings) == expected and response.embeddings == expected
        assert response.embeddings[1] is None and response.embeddings[1:3] == expected[1:3]
        (warning,) = [warning for warning in response.warnings if warning.setting == "inputs"]
        assert "1, 3" in warning.message and "input too odd" in warning.message
        with pytest.raises(ValueError, match="1, 3"):
            response.array  # noqa: B018  # the property raises
        with pytest.raises(EmbeddingError):
            await model(inputs, on_error="raise")


async def test_with_skip_inputs_that_are_never_sent_are_holes_too() -> None:
    async with ScriptedServer(refusing(set(), 400, "")) as server:
        response = await _openai(server.base_url)(["one", " ", "two"], on_error="skip")
        assert response.missing_indices == (1,) and texts_of(server.requests[0]) == ["one", "two"]
        with pytest.raises(InvalidRequestError, match="input 1"):
            await _openai(server.base_url)(["one", " ", "two"])
        assert "is empty" in str(response.warnings)


async def test_skip_does_not_hide_failures_that_are_not_due_to_inputs() -> None:
    async with ScriptedServer(lambda received: error_of(received, 401, "no such key")) as server:
        with pytest.raises(AuthenticationError):
            await _openai(server.base_url)(["one", "two"], on_error="skip")
        assert len(server.requests) == 1


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize(("status", "most"), [(400, 12), (500, 14)])
async def test_a_server_that_refuses_everything_is_given_up(provider: str, status: int, most: int) -> None:
    async with ScriptedServer(lambda received: error_of(received, status, "bad input")) as server:
        with pytest.raises(EmbeddingError) as caught:
            await MODELS[provider](server.base_url, retry_delay=0.0)([f"text {number}" for number in range(64)])
        requests = len(server.requests)
    assert len(caught.value.missing_indices) == 64
    assert requests <= (most if provider != "dashscope" else most + 4 * 7)  # its seven batches are under way at once


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("message", ["the dimension 5 is not supported", "model some-model does not exist"])
async def test_a_refusal_of_another_field_is_not_tried_in_parts(provider: str, message: str) -> None:
    async with ScriptedServer(lambda received: error_of(received, 400, message)) as server:
        with pytest.raises(InvalidRequestError):
            await MODELS[provider](server.base_url, concurrency=1)(["one", "two", "three"])
        assert len(server.requests) == 1


LIMITS = {
    "stated": "batch size is invalid, it should not be larger than 10.: input.contents",
    "stated otherwise": "BatchEmbedContentsRequest.batch: at most 10 requests can be in one batch",
    "both numbers": "input batch size 2048 > maximum allowed batch size 10",
    "not stated": "too many inputs",
    "unknown words": "the request is too large",
}


@pytest.mark.parametrize("words", LIMITS)
@pytest.mark.parametrize(("provider", "size"), [("openai", 2048), ("openai", 25), ("gemini", 100), ("ollama", 17)])
async def test_a_smaller_limit_of_the_server_is_found_and_remembered(provider: str, size: int, words: str) -> None:
    def handle(received: RecordedRequest) -> ScriptedAnswer:
        texts = texts_of(received)
        if len(texts) > 10:
            return error_of(received, 400, LIMITS[words])
        return answer_of(received, [vector_of(text) for text in texts])

    inputs = [f"text {number}" for number in range(2048)]
    async with ScriptedServer(handle) as server:
        model = MODELS[provider](server.base_url, batch_size=size)
        response = await model(inputs)
        assert response.embeddings == [vector_of(text) for text in inputs]
        assert len(server.requests) <= 230
        before = len(server.requests)
        await model([f"other {number}" for number in range(100)])
        assert len(server.requests) - before == 10
