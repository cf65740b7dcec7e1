"""The engine of embedding calls, with a custom model."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelport.embedding import EmbeddingModelBase, EmbeddingResponse, FileEmbeddingCache, SQLEmbeddingCache
from modelport.error import (
    AuthenticationError,
    EmbeddingError,
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    RateLimitError,
    ResponseDecodeError,
    UnsupportedFeatureError,
)
from modelport.message import Base64Source, DataBlock, TextBlock
from modelport.testing.clock import VirtualClock
from modelport.transport import RetryPolicy, Timeouts
from tests.application.embedding.embedding_support import CustomCredential, CustomEmbedding, DictCache, texts, vector_of
from tests.contract.runtimes import runtime_with

IMAGE = DataBlock(source=Base64Source(data="AAAA", media_type="image/png"))


def impatient() -> tuple[VirtualClock, Any]:
    clock = VirtualClock(skip_sleeps=True)
    return clock, runtime_with(clock)


async def test_vectors_come_in_input_order_for_any_batches() -> None:
    model = CustomEmbedding(batch_size=7)
    wanted = texts(100)
    response = await model(wanted)
    assert response.embeddings == [vector_of(text) for text in wanted]
    assert all(type(vector) is list for vector in response.embeddings)
    assert response.usage is not None and response.usage.tokens == 100
    assert response.source == "api" and (response.provider, response.model) == ("custom", "custom-model")
    assert [len(batch) for batch in sorted(model.batches, key=lambda batch: int(batch[0][5:]))] == [7] * 14 + [2]
    assert response.array.dtype == np.float32 and response.array.shape == (100, 2)


async def test_no_inputs_make_no_request() -> None:
    model = CustomEmbedding()
    response = await model([])
    assert len(response.embeddings) == 0 and model.batches == []
    assert response.usage is not None and response.usage.tokens == 0 and response.source == "api"


async def test_text_blocks_are_embedded_as_their_text() -> None:
    response = await CustomEmbedding()([TextBlock(text="text 3")])  # type: ignore[list-item]
    assert response.embeddings == [[3.0, 0.5]]


async def test_identical_inputs_are_sent_once() -> None:
    model = CustomEmbedding(batch_size=2)
    response = await model(["text 1", "text 2", "text 1", "text 1", "text 3"])
    assert [vector[0] for vector in response.embeddings] == [1, 2, 1, 1, 3]
    assert sorted(chain(*model.batches)) == ["text 1", "text 2", "text 3"]


async def test_requests_in_flight_are_bounded_and_so_are_tasks() -> None:
    most_tasks = 0

    async def look(_: Sequence[str]) -> None:
        nonlocal most_tasks
        most_tasks = max(most_tasks, len(asyncio.all_tasks()))
        await asyncio.sleep(0)

    model = CustomEmbedding(batch_size=10, concurrency=5, before=look)
    response = await model(texts(20_000))
    assert len(response.embeddings) == 20_000 and len(model.batches) == 2000
    assert model.most_in_flight == 5
    assert most_tasks <= 5 + 2


async def test_several_calls_of_one_model_share_its_bound() -> None:
    async def pause(_: Sequence[str]) -> None:
        await asyncio.sleep(0)

    model = CustomEmbedding(batch_size=1, concurrency=3, before=pause)
    await asyncio.gather(*(model(texts(10, first)) for first in range(0, 100, 10)))
    assert model.most_in_flight == 3


async def test_a_failed_batch_cancels_its_siblings_and_keeps_what_succeeded() -> None:
    cancelled = []

    async def hook(batch: Sequence[str]) -> None:
        if "text 5" in batch:
            raise RateLimitError("slow down", status_code=429, retryable=False)
        if "text 3" in batch:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(batch[0])
                raise

    cache = DictCache()
    model = CustomEmbedding(batch_size=1, concurrency=2, before=hook, embedding_cache=cache)
    before = asyncio.all_tasks()
    with pytest.raises(EmbeddingError) as caught:
        await model([*texts(8), "text 5"])
    assert asyncio.all_tasks() == before, "a task outlived the call"
    assert cancelled == ["text 3"] and model.in_flight == 0
    assert caught.value.missing_indices == (3, 5, 6, 7, 8)
    assert len(cache.kept) == 4
    model.hook, asked = None, len(model.batches)
    response = await model([*texts(8), "text 5"])
    assert len(response.embeddings) == 9
    assert sorted(chain(*model.batches[asked:])) == ["text 3", "text 5", "text 6", "text 7"]


async def test_the_error_has_the_class_of_its_cause_and_can_be_pickled() -> None:
    def hook(_: Sequence[str]) -> None:
        raise AuthenticationError("wrong key", status_code=401, request_id="r1")

    with pytest.raises(AuthenticationError) as caught:
        await CustomEmbedding(before=hook)(texts(3))
    error = caught.value
    assert isinstance(error, EmbeddingError) and error.missing_indices == (0, 1, 2)
    assert (error.status_code, error.request_id, error.provider, len(error.attempts)) == (401, "r1", "custom", 1)
    assert "wrong key" in str(error) and "3 of 3" in str(error)
    assert type(error.__cause__) is AuthenticationError
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and again.missing_indices == (0, 1, 2) and str(again) == str(error)


async def test_each_batch_has_a_budget_of_its_own() -> None:
    failures: dict[str, int] = {}

    def hook(batch: Sequence[str]) -> None:
        failures[batch[0]] = failures.get(batch[0], 0) + 1
        if failures[batch[0]] <= 3:
            raise TimeoutError

    clock, runtime = impatient()
    model = CustomEmbedding(batch_size=2, before=hook, runtime=runtime)
    response = await model(texts(6))
    assert len(response.embeddings) == 6 and len(model.batches) == 12 and len(response.attempts) == 12
    assert len(clock.sleeps) == 9


async def test_an_error_lists_the_requests_of_all_batches() -> None:
    def hook(batch: Sequence[str]) -> None:
        if batch == ["text 2"]:
            raise AuthenticationError("wrong key", status_code=401)

    with pytest.raises(EmbeddingError) as caught:
        await CustomEmbedding(before=hook, batch_size=1, concurrency=1)(texts(4))
    assert [attempt.error for attempt in caught.value.attempts] == [None, None, "AuthenticationError"]


async def test_retries_end_after_max_retries() -> None:
    def hook(_: Sequence[str]) -> None:
        raise TimeoutError

    _, runtime = impatient()
    model = CustomEmbedding(before=hook, runtime=runtime, max_retries=2)
    with pytest.raises(EmbeddingError):
        await model(["text 1"])
    assert len(model.batches) == 3


async def test_a_bug_of_a_custom_model_is_raised_unchanged() -> None:
    def hook(_: Sequence[str]) -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        await CustomEmbedding(batch_size=1, before=hook)(texts(9))


@pytest.mark.parametrize("answer", [EmbeddingResponse([[1.0]]), {"embeddings": []}], ids=["too few", "no response"])
async def test_an_answer_that_is_not_one_vector_per_input_is_refused(answer: Any) -> None:
    class Wrong(CustomEmbedding):
        async def _call_api(self, inputs: list[str], **kwargs: Any) -> EmbeddingResponse:
            return answer  # type: ignore[no-any-return]

    with pytest.raises(ResponseDecodeError):
        await Wrong()(texts(2))


@pytest.mark.parametrize("kind", ["dict", "file", "sql"])
async def test_the_cache_is_per_input_for_any_batches(kind: str, tmp_path: Path) -> None:
    kinds: dict[str, Callable[[], Any]] = {
        "dict": DictCache,
        "file": lambda: FileEmbeddingCache(tmp_path),
        "sql": lambda: SQLEmbeddingCache(f"sqlite+aiosqlite:///{tmp_path}/cache.db"),
    }
    cache = kinds[kind]()
    first = await CustomEmbedding(batch_size=3, embedding_cache=cache)(texts(10))
    assert first.source == "api"
    model = CustomEmbedding(batch_size=4, embedding_cache=cache)
    second = await model(list(reversed(texts(10))))
    assert second.source == "cache" and model.batches == [] and second.usage is not None and second.usage.tokens == 0
    assert second.embeddings == [vector_of(text) for text in reversed(texts(10))]
    third = await model([*texts(3), "text 77"])
    assert third.source == "api" and model.batches == [["text 77"]]
    assert third.embeddings == [*map(vector_of, texts(3)), vector_of("text 77")]


async def test_what_changes_the_vector_changes_the_identity() -> None:
    cache = DictCache()
    await CustomEmbedding(embedding_cache=cache)(["text 1"])
    other = CustomEmbedding(EmbeddingModelBase.Parameters(dimensions=2), embedding_cache=cache)
    assert (await other(["text 1"])).source == "api"
    assert (await other(["text 1"], task="query")).source == "api"
    assert (await other(["text 1"], task="query")).source == "cache"
    assert (await other(["text 1"], task="query", user="somebody")).source == "cache"


async def test_two_providers_without_a_name_do_not_share_vectors() -> None:
    class Other(CustomEmbedding):
        pass

    cache = DictCache()
    await CustomEmbedding(embedding_cache=cache)(["text 1"])
    assert (await Other(embedding_cache=cache)(["text 1"])).source == "api"


@pytest.mark.parametrize("broken", ["retrieve", "store"])
async def test_a_broken_cache_loses_no_vector(broken: str, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(*_: Any) -> None:
        raise ConnectionError("the cache is away")

    cache = DictCache()
    setattr(cache, broken, fail)
    response = await CustomEmbedding(batch_size=1, embedding_cache=cache)(texts(5))
    assert len(response.embeddings) == 5
    assert [warning.setting for warning in response.warnings if "away" in warning.message]
    assert "cache" in caplog.text


async def test_an_argument_without_json_form_is_not_cached() -> None:
    cache = DictCache()
    response = await CustomEmbedding(embedding_cache=cache)(["text 1"], thing=object())
    assert not cache.kept and any(warning.setting == "embedding_cache" for warning in response.warnings)


async def test_a_cancelled_call_ends_its_requests_and_keeps_what_was_paid_for() -> None:
    reached, slow_cache = asyncio.Event(), DictCache()

    async def hook(batch: Sequence[str]) -> None:
        if batch[0] != "text 0":
            reached.set()
            await asyncio.Event().wait()

    model = CustomEmbedding(batch_size=1, concurrency=2, before=hook, embedding_cache=slow_cache)
    task = asyncio.create_task(model(texts(5)))
    await reached.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.in_flight == 0 and len(slow_cache.kept) == 1


async def test_a_cancellation_waits_for_a_write_that_has_started() -> None:
    storing, go_on = asyncio.Event(), asyncio.Event()

    class Slow(DictCache):
        async def store(self, embeddings: list[list[float]], identifier: Any, overwrite: bool = False) -> None:
            storing.set()
            await go_on.wait()
            await super().store(embeddings, identifier, overwrite)

    cache = Slow()
    task = asyncio.create_task(CustomEmbedding(embedding_cache=cache)(["text 1"]))
    await storing.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(cache.kept) == 1


async def test_the_total_clock_ends_a_batch() -> None:
    async def hang(_: Sequence[str]) -> None:
        await asyncio.Event().wait()

    with pytest.raises(EmbeddingError) as caught:
        await CustomEmbedding(before=hang, timeouts=Timeouts(total=0.01), max_retries=0)(["text 1"])
    assert "0.01" in str(caught.value)


async def test_a_batch_found_too_large_is_split() -> None:
    class Splitting(CustomEmbedding):
        def splits_after(self, error: ModelError) -> bool:
            return isinstance(error, InvalidRequestError)

    def hook(batch: Sequence[str]) -> None:
        if len(batch) > 3:
            raise InvalidRequestError("too many")

    model = Splitting(batch_size=10, before=hook)
    response = await model(texts(10))
    assert response.embeddings == [vector_of(text) for text in texts(10)]
    assert sorted(model.answered) == sorted(texts(10))


@pytest.mark.parametrize("inputs", ["one text", b"bytes", {"a": 1}, [1], [None], ["text 1", 2.5]])
async def test_inputs_must_be_a_list(inputs: Any) -> None:
    model = CustomEmbedding()
    with pytest.raises(InvalidRequestError):
        await model(inputs)
    assert model.batches == []


async def test_constructor_arguments_are_checked() -> None:
    for options in ({"batch_size": 0}, {"concurrency": 0}, {"max_retries": 1, "retry_policy": RetryPolicy()}):
        with pytest.raises(InvalidRequestError):
            CustomEmbedding(**options)
    with pytest.raises(InvalidRequestError, match="Parameters"):
        CustomEmbedding({"dimensions": 3})
    assert CustomEmbedding().max_retries == 3 and CustomEmbedding(context_size=5).context_size == 5


async def test_a_model_without_call_api_is_refused() -> None:
    with pytest.raises(UnsupportedFeatureError, match="_call_api"):
        await EmbeddingModelBase[str](CustomCredential(), "m")(["text 1"])


async def test_a_size_other_than_the_requested_one_is_a_warning() -> None:
    response = await CustomEmbedding(EmbeddingModelBase.Parameters(dimensions=5))(["text 1"])
    assert [warning.setting for warning in response.warnings if warning.kind == "changed"] == ["dimensions"]


async def test_connection_failures_are_retried() -> None:
    made = []

    def hook(batch: Sequence[str]) -> None:
        made.append(batch)
        if len(made) == 1:
            raise ModelConnectionError("gone")

    _, runtime = impatient()
    response = await CustomEmbedding(before=hook, runtime=runtime)(["text 1"])
    assert [record.error for record in response.attempts] == ["ModelConnectionError", None]


def test_a_model_serves_successive_event_loops() -> None:
    model = CustomEmbedding(batch_size=1, concurrency=2)
    for _ in range(2):
        assert len(asyncio.run(model(texts(9))).embeddings) == 9


def test_cards_of_a_class_without_any() -> None:
    assert CustomEmbedding.list_models() == []
    assert CustomCredential.get_embedding_model_class() is CustomEmbedding


async def test_refusals_of_requests_in_flight_together_do_not_use_up_the_search_for_a_limit() -> None:
    def before(inputs: Sequence[str]) -> None:
        if len(inputs) > 10:
            raise InvalidRequestError("too many inputs")

    model = CustomEmbedding(batch_size=25, concurrency=16, before=before)
    response = await model(texts(640))
    assert response.embeddings == [vector_of(text) for text in texts(640)]
    assert len(model.batches) < 140
