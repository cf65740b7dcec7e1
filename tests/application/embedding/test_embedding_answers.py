"""Embedding calls with unusual answers and arguments."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.embedding import EmbeddingModelBase, EmbeddingResponse, EmbeddingUsage
from modelport.error import InvalidRequestError
from tests.application.embedding.embedding_support import CustomEmbedding, vector_of


@pytest.mark.parametrize(
    "given",
    [
        {"dimensions": 2},
        {"extra_body": {"dimensions": 2}},
        {"dimension": 2},
        {"extra_body": {"outputDimensionality": 2}},
    ],
    ids=str,
)
async def test_a_size_given_in_the_call_takes_precedence(given: dict[str, Any]) -> None:
    model = CustomEmbedding(EmbeddingModelBase.Parameters(dimensions=5))
    response = await model(["text 1"], **given)
    assert [warning.setting for warning in response.warnings if warning.kind == "changed"] == []


async def test_usage_without_tokens_counts_as_none() -> None:
    class WithoutTokens(CustomEmbedding):
        async def _call_api(self, inputs: list[str], **kwargs: Any) -> EmbeddingResponse:
            usage = EmbeddingUsage(tokens=None, time=0.1)  # type: ignore[arg-type]
            return EmbeddingResponse([vector_of(text) for text in inputs], usage=usage)

    response = await WithoutTokens(batch_size=1)(["text 1", "text 2"])
    assert response.usage is not None and response.usage.tokens == 0


@pytest.mark.parametrize("name", ["extra_body", "extra_headers"])
@pytest.mark.parametrize("value", [[1], "text", 5])
async def test_fields_to_merge_must_be_a_dict(name: str, value: Any) -> None:
    with pytest.raises(InvalidRequestError, match=f"{name} is a .*; pass a dict"):
        await CustomEmbedding()(["text 1"], **{name: value})
