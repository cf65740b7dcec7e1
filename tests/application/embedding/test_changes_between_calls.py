"""What changes between two embedding calls is seen by the next one, whatever a model keeps of the last."""

from __future__ import annotations

import pytest

from modelport.credential import OpenAICredential
from modelport.domain.errors import InvalidRequestError
from modelport.embedding import OpenAIEmbeddingModel
from tests.application.embedding.embedding_support import CustomEmbedding, DictCache

Parameters = OpenAIEmbeddingModel.Parameters


def made(**given: int) -> OpenAIEmbeddingModel:
    credential = OpenAICredential(api_key="x-PlantedWord7")
    return OpenAIEmbeddingModel(credential, "text-embedding-3-small", Parameters(**given))


def test_parameters_that_change_are_checked_again() -> None:
    model = made(dimensions=8)
    assert model.dimensions == 8
    model.parameters.dimensions = 16
    assert model.dimensions == 16
    model.parameters = Parameters(dimensions=32)
    assert model.dimensions == 32
    model.parameters.dimensions = 10**6
    with pytest.raises(InvalidRequestError):
        model.request_values()
    model.card_checks = "off"
    assert model.dimensions == 10**6


def test_what_a_caller_does_with_the_values_is_not_kept() -> None:
    model = made(dimensions=8)
    values, warnings = model.request_values()
    values["dimensions"] = 9
    warnings.append(object())  # type: ignore[arg-type]  # a caller's mistake
    assert model.request_values() == ({"dimensions": 8}, [])


async def test_a_cached_call_plans_no_requests() -> None:
    cache = DictCache()
    model = CustomEmbedding(batch_size=2, embedding_cache=cache)
    first = await model(["text 1", "text 2", "text 3"])
    assert first.source == "api"
    again = await model(["text 3", "text 1"])
    assert (again.source, again.attempts, again.embeddings) == ("cache", [], [first.embeddings[2], first.embeddings[0]])
