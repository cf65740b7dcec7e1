"""The embedding contract on every built-in embedding class, and models that it finds to be broken."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from modelport.credential import DashScopeCredential, GeminiCredential, OllamaCredential, OpenAICredential
from modelport.domain.embedding.packing import RequestLimits
from modelport.embedding import (
    DashScopeEmbeddingModel,
    EmbeddingResponse,
    GeminiEmbeddingModel,
    OllamaEmbeddingModel,
    OpenAIEmbeddingModel,
)
from modelport.error import ModelError
from modelport.model import ModelWarning
from modelport.testing import EmbeddingContract, Status
from tests.cassettes import CASSETTES


class TestOpenAIEmbeddingModel(EmbeddingContract):
    model = OpenAIEmbeddingModel
    credential = OpenAICredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "openai_embedding"


class TestDashScopeEmbeddingModel(EmbeddingContract):
    model = DashScopeEmbeddingModel
    credential = DashScopeCredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "dashscope_embedding"


class TestGeminiEmbeddingModel(EmbeddingContract):
    model = GeminiEmbeddingModel
    credential = GeminiCredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "gemini_embedding"


class TestOllamaEmbeddingModel(EmbeddingContract):
    model = OllamaEmbeddingModel
    credential = OllamaCredential()
    cassettes = CASSETTES / "ollama_embedding"


# ---- broken ones


class Backwards(OpenAIEmbeddingModel):
    """The vectors of each batch in another order."""

    async def _call_api(self, inputs: list[str], **kwargs: Any) -> EmbeddingResponse:
        response = await super()._call_api(inputs, **kwargs)
        return EmbeddingResponse(list(response.embeddings)[::-1], usage=response.usage)


class Uncounted(OpenAIEmbeddingModel):
    """Fills up what is missing."""

    async def _call_api(self, inputs: list[str], **kwargs: Any) -> EmbeddingResponse:
        response = await super()._call_api(inputs, **kwargs)
        rows = [*response.embeddings, *[[0.0]] * len(inputs)]
        return EmbeddingResponse(rows[: len(inputs)], usage=response.usage)


class Stubborn(OpenAIEmbeddingModel):
    """Tries again by itself."""

    async def _call_api(self, inputs: list[str], **kwargs: Any) -> EmbeddingResponse:
        try:
            return await super()._call_api(inputs, **kwargs)
        except ModelError:
            return await super()._call_api(inputs, **kwargs)


class Deaf(OpenAIEmbeddingModel):
    """Ignores its cancellation."""

    async def _call_api(self, inputs: list[str], **kwargs: Any) -> EmbeddingResponse:
        try:
            return await super()._call_api(inputs, **kwargs)
        except asyncio.CancelledError:
            return EmbeddingResponse([[0.0]] * len(inputs))


class Wasteful(OpenAIEmbeddingModel):
    """Asks one by one, and says that nothing was counted."""

    async def _call_api(self, inputs: list[str], **kwargs: Any) -> EmbeddingResponse:
        answers = [await super(Wasteful, self)._call_api([one], **kwargs) for one in inputs]
        return EmbeddingResponse([list(row) for answer in answers for row in answer.embeddings])


class Greedy(OpenAIEmbeddingModel):
    """Puts everything into one request."""

    def request_limits(self) -> RequestLimits:
        return RequestLimits(max_items=1_000_000)


class Cardless(OpenAIEmbeddingModel):
    """Sends whatever was set."""

    def request_values(self) -> tuple[dict[str, Any], list[ModelWarning]]:
        return self.parameters.model_dump(exclude_none=True), []


class Talkative(OpenAIEmbeddingModel):
    """Says the key."""

    async def _call_api(self, inputs: list[str], **kwargs: Any) -> EmbeddingResponse:
        try:
            return await super()._call_api(inputs, **kwargs)
        except ModelError as error:
            assert isinstance(self.credential, OpenAICredential) and self.credential.api_key is not None
            error.message += self.credential.api_key.get_secret_value()
            raise


class Forgetful(OpenAIEmbeddingModel):
    """Takes what is in the cache for whatever model it is of."""

    def vector_family(self) -> str:
        return f"{id(self)}"


class AllAtOnce(OpenAIEmbeddingModel):
    """Knows no bounds."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "concurrency": 100})


@pytest.mark.parametrize(
    ("broken", "case"),
    [
        (Backwards, "input_limit"),
        (Uncounted, "vectors_are_counted"),
        (Stubborn, "budget"),
        (Deaf, "cancel_before_the_answer"),
        (Wasteful, "usage"),
        (Greedy, "input_limit"),
        (Greedy, "token_limit"),
        (Cardless, "card_lacks_are_warned"),
        (Cardless, "card_defaults_are_sent"),
        (Talkative, "wrong_key_once"),
        (Forgetful, "hits_cost_nothing"),
        (AllAtOnce, "bounded_concurrency"),
    ],
)
async def test_a_broken_model_is_found(broken: type[OpenAIEmbeddingModel], case: str) -> None:
    class Broken(TestOpenAIEmbeddingModel):
        model = broken
        limit = 6
        patience = 0.2
        seconds_per_case = 5.0

    report = await Broken().run(case)
    assert report.of(Status.BROKEN), report


async def test_without_cassettes_nothing_passes_for_held(tmp_path: Path) -> None:
    class Bare(TestOpenAIEmbeddingModel):
        cassettes = tmp_path

    report = await Bare().run()
    assert report.counts["held"] == report.counts["broken"] == 0
