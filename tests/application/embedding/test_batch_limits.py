"""A server that takes fewer inputs in one request than it was sent: what is left is packed anew, nothing is lost."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.credential import OpenAICredential
from modelport.domain.card.capabilities import EmbeddingLimits
from modelport.embedding import EmbeddingModelBase, EmbeddingResponse
from modelport.error import InvalidRequestError
from tests.planted import KEY

WORDS = ["the batch size should not be larger than {limit}", "too many inputs", "the request is too large"]


class Server(EmbeddingModelBase[Any]):
    """Takes so many texts at once, and refuses some texts altogether."""

    def __init__(self, limit: int, words: str, bad: set[str], **options: Any) -> None:  # Any: of the base class
        super().__init__(OpenAICredential(api_key=KEY), "m", retry_delay=0.0, **options)
        self.limit, self.words, self.bad = limit, words, bad
        self.asked: list[list[str]] = []
        self.answered: list[str] = []

    async def _call_api(self, inputs: list[Any], **kwargs: Any) -> EmbeddingResponse:  # Any: texts, options
        self.asked.append(inputs)
        await asyncio.sleep(0)
        if len(inputs) > self.limit:
            raise InvalidRequestError(self.words.format(limit=self.limit), status_code=400)
        if self.bad.intersection(inputs):
            raise InvalidRequestError("an input is empty", status_code=400)
        self.answered += inputs
        return EmbeddingResponse([[float(text)] for text in inputs])


def fewest(count: int, limit: int) -> int:
    return -(-count // limit)


@settings(max_examples=50)
@given(st.integers(1, 200), st.integers(1, 64), st.integers(1, 40), st.sampled_from(WORDS), st.integers(1, 8))
def test_every_text_is_embedded_once_in_few_requests(
    count: int, batch: int, limit: int, words: str, concurrency: int
) -> None:
    model = Server(limit, words, set(), batch_size=batch, concurrency=concurrency)
    texts = [str(number) for number in range(count)]
    response = asyncio.run(model(texts))
    assert [row[0] for row in response.embeddings] == list(range(count))
    assert sorted(model.answered, key=int) == texts
    size = min(batch, limit)
    search = 3 * batch.bit_length() + 2 * concurrency if batch > limit else 0
    assert len(model.asked) <= fewest(count, size) + search
    model.asked.clear()
    if words != WORDS[2] and batch > limit and count >= 4 * batch:  # by now the limit is known
        asyncio.run(model([str(number) for number in range(1000, 1000 + count)]))
        assert len(model.asked) == fewest(count, size)


@settings(max_examples=25)
@given(st.integers(2, 150), st.integers(2, 30), st.integers(1, 12), st.sampled_from(WORDS[:2]), st.data())
def test_bad_texts_cost_no_others(count: int, batch: int, limit: int, words: str, data: st.DataObject) -> None:
    texts = [str(number) for number in range(count)]
    bad = data.draw(st.sets(st.sampled_from(texts), max_size=2))
    model = Server(limit, words, bad, batch_size=batch)
    response = asyncio.run(model(texts, on_error="skip"))
    assert response.missing_indices == tuple(sorted(map(int, bad)))
    assert sorted(model.answered, key=int) == [text for text in texts if text not in bad]


def test_other_limits_hold_in_what_is_packed_anew() -> None:
    class Bytes(Server):
        default_limits = EmbeddingLimits(batch_size=25, max_request_tokens=40)

    model = Bytes(10, WORDS[0], set())
    asyncio.run(model([f"{number:030}" for number in range(100)]))  # of eleven tokens each
    assert {len(inputs) for inputs in model.asked if inputs[0] != "0"} == {3, 1}
