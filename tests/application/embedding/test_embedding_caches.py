"""Embedding calls with custom caches that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from modelport.testing.clock import VirtualClock
from tests.application.embedding.embedding_support import CustomEmbedding, DictCache, texts, vector_of
from tests.contract.runtimes import runtime_with

Hit = list[list[float]] | None


class Answering(DictCache):
    """Returns what a function makes of the number of identifiers."""

    def __init__(self, answer: Callable[[int], Any]) -> None:
        super().__init__()
        self.answer = answer

    async def retrieve_many(self, identifiers: Sequence[Any]) -> Sequence[Hit]:
        return self.answer(len(identifiers))  # type: ignore[no-any-return]


class HangingStore(DictCache):
    """A database that does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.storing = asyncio.Event()
        self.cancelled = False

    async def store_many(self, entries: Sequence[Any], overwrite: bool = False) -> None:
        self.storing.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


class SelfCancelling(DictCache):
    """A connection pool that is being closed cancels what waits for it."""

    async def store_many(self, entries: Sequence[Any], overwrite: bool = False) -> None:
        raise asyncio.CancelledError


@pytest.mark.parametrize("extra", [-2, -1, 1, 2])
@pytest.mark.parametrize("hit", [None, [[9.0, 9.0]]], ids=["misses", "hits"])
async def test_a_cache_that_returns_a_wrong_number_of_entries_is_not_used(extra: int, hit: Hit) -> None:
    cache = Answering(lambda count: [hit] * (count + extra))
    response = await CustomEmbedding(batch_size=2, embedding_cache=cache)(texts(5))
    assert response.embeddings == [vector_of(text) for text in texts(5)]
    assert any(warning.setting == "embedding_cache" for warning in response.warnings)


async def test_an_empty_vector_in_the_cache_is_a_miss() -> None:
    response = await CustomEmbedding(embedding_cache=Answering(lambda count: [[[]]] * count))(texts(2))
    assert response.embeddings == [vector_of(text) for text in texts(2)]


async def test_a_cancelled_call_ends_a_write_that_hangs() -> None:
    clock, cache = VirtualClock(), HangingStore()
    before = asyncio.all_tasks()
    call = asyncio.create_task(CustomEmbedding(embedding_cache=cache, runtime=runtime_with(clock))(texts(2)))
    await cache.storing.wait()
    call.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not call.done(), "a write that has started gets a moment to end"
    clock.advance(10)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 30)
    assert cache.cancelled and asyncio.all_tasks() == before


async def test_a_second_cancellation_waits_for_nothing() -> None:
    cache = HangingStore()
    call = asyncio.create_task(CustomEmbedding(embedding_cache=cache, runtime=runtime_with(VirtualClock()))(texts(2)))
    await cache.storing.wait()
    for _ in range(2):
        call.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 30)
    await asyncio.sleep(0)
    assert cache.cancelled


@pytest.mark.parametrize("concurrency", [1, 2])
async def test_a_write_that_cancels_itself_loses_no_vector(concurrency: int) -> None:
    model = CustomEmbedding(batch_size=1, concurrency=concurrency, embedding_cache=SelfCancelling())
    response = await model(texts(5))
    assert response.embeddings == [vector_of(text) for text in texts(5)]
    assert any(warning.setting == "embedding_cache" for warning in response.warnings)


@pytest.mark.parametrize("concurrency", [1, 2])
async def test_a_request_that_cancels_itself_is_a_cancellation(concurrency: int) -> None:
    def hook(batch: Sequence[str]) -> None:
        if batch == ["text 2"]:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await CustomEmbedding(batch_size=1, concurrency=concurrency, before=hook)(texts(5))
