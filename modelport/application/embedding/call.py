"""A call of an embedding model: identical inputs once, cached ones not at all, the rest in bounded parallel batches.

The error of an embedding call that some inputs came out of without a vector.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ...domain.embedding.dedupe import deduplicate
from ...domain.embedding.packing import EmbeddingInput, RequestLimits, pack
from ...domain.embedding.values import EmbeddingResponse, EmbeddingUsage, EmbeddingVectors, FloatArray
from ...domain.errors import EmbeddingError, InvalidRequestError, ModelError, ModelportError, UnsupportedFeatureError
from ...domain.message.blocks import DataBlock, TextBlock
from ...domain.message.responses import AttemptRecord, ChatUsage, ModelWarning
from .batch import BatchCall
from .cached_vectors import VectorStore

if TYPE_CHECKING:
    from .model import EmbeddingModelBase

__all__ = ["embed", "embedding_error", "estimated_tokens"]


def embedding_error(cause: ModelportError, missing: Sequence[int], total: int) -> EmbeddingError:
    """An `EmbeddingError` that also has the cause's class and facts, so that `except RateLimitError` still works."""
    known = cause if isinstance(cause, ModelError) else ModelError(str(cause))
    message = f"{known.message} [{len(missing)} of {total} inputs have no vector]"
    facts = {**vars(known), **vars(cause), "message": message, "missing_indices": tuple(missing)}
    error = _rebuilt(type(cause), message, facts)
    error.__cause__ = cause
    return error


def _rebuilt(cause: type[ModelportError], message: str, facts: dict[str, Any]) -> EmbeddingError:
    kind = _both(cause)  # type: ignore[arg-type]  # mypy does not see that classes have a hash
    error = kind.__new__(kind, message)
    error.__dict__.update(facts)
    return error


@cache
def _both(cause: type[ModelportError]) -> type[EmbeddingError]:
    """The class of errors that are both."""
    if issubclass(cause, EmbeddingError):
        return cause

    def reduce(self: EmbeddingError) -> tuple[Any, ...]:  # Any: what pickle wants; the class has no place to be found
        return _rebuilt, (cause, self.message, dict(vars(self)))

    doc = f"{cause.__name__} in an embedding call."
    return type(f"Embedding{cause.__name__}", (EmbeddingError, cause), {"__doc__": doc, "__reduce__": reduce})


_BYTES_PER_TOKEN = 3
_MEDIA_TOKENS = 1000
"""Neither is exact: a request that turns out too large is split, where the provider says that it is."""


async def embed(
    model: EmbeddingModelBase[Any],  # Any: whatever an input may be
    inputs: Sequence[Any],
    kwargs: Mapping[str, Any],  # Any: provider body fields
) -> EmbeddingResponse:
    """Check the inputs, look them up, and make requests for what is missing."""
    return await EmbeddingCall(model, checked_inputs(model, inputs), kwargs).run()


def checked_inputs(model: EmbeddingModelBase[Any], inputs: Sequence[Any]) -> list[EmbeddingInput]:
    """The inputs as texts and media; raises `InvalidRequestError` or `UnsupportedFeatureError` with an index."""
    if isinstance(inputs, (str, bytes, Mapping)) or not isinstance(inputs, Sequence):
        raise InvalidRequestError(f"inputs is a {type(inputs).__name__}; give a list of texts or DataBlocks")
    found: list[EmbeddingInput] = []
    takes_empty = model.takes_empty_text
    for index, item in enumerate(inputs):
        if isinstance(item, TextBlock):
            item = item.text
        if isinstance(item, str):
            if not takes_empty and not item.strip():
                raise InvalidRequestError(f"input {index} is empty, which {model.provider_name} refuses; leave it out")
        elif not isinstance(item, DataBlock):
            raise InvalidRequestError(f"input {index} is a {type(item).__name__}; give a str or a DataBlock")
        elif reason := model.check_input(item):
            raise UnsupportedFeatureError(f"input {index}: {reason}")
        found.append(item)
    return found


def estimated_tokens(item: EmbeddingInput) -> int:
    """About how many tokens an input counts for; high rather than low."""
    if isinstance(item, DataBlock):
        return _MEDIA_TOKENS
    size = len(item) if item.isascii() else len(item.encode("utf-8", "surrogatepass"))
    return size // _BYTES_PER_TOKEN + 1


class EmbeddingCall:
    """One call. Everything in it is by distinct input, until the vectors are handed out."""

    def __init__(
        self,
        model: EmbeddingModelBase[Any],
        inputs: Sequence[EmbeddingInput],
        kwargs: Mapping[str, Any],
    ) -> None:
        self._model = model
        self._kwargs = kwargs
        self._values, warnings = model.request_values()
        self._inputs = deduplicate(inputs)
        self._rows: list[FloatArray | None] = [None] * len(self._inputs.unique)
        self._store = VectorStore(model, self._values, kwargs)
        self._tokens = 0
        self._attempts: list[AttemptRecord] = []
        self._warnings = dict.fromkeys(warnings)  # a set that keeps the order
        self._clock = model.runtime.clock
        self._started = self._clock.monotonic()

    async def run(self) -> EmbeddingResponse:
        """The response to the whole call."""
        error: BaseException | None = None
        try:
            await self._store.fill(self._inputs.unique, self._rows)
            missing = [index for index, row in enumerate(self._rows) if row is None]
            try:
                await self._request(missing)
            except ModelportError as cause:
                if not self._attempts:
                    raise
                raise self._incomplete(cause)
            return self._response(cached=not missing)
        except BaseException as raised:
            error = raised
            raise
        finally:
            usage = ChatUsage(input_tokens=self._tokens, time=self._clock.monotonic() - self._started)
            model = self._model
            model.runtime.telemetry.call_ended(model.provider_name, model.model, usage, error)

    async def _request(self, missing: Sequence[int]) -> None:
        """Make the requests for these inputs, by as many workers as may be in flight."""
        inputs = [self._inputs.unique[index] for index in missing]
        limits = self._model.request_limits()
        positions = [self._inputs.first[index] for index in missing]
        ranges = pack(inputs, limits, _clipped(limits), positions=positions)
        batches = iter([missing[batch.start : batch.stop] for batch in ranges])
        workers = min(self._model.concurrency, len(ranges))
        if workers <= 1:
            return await self._work(batches)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(batches))
        except BaseExceptionGroup as failures:  # the group has cancelled the others, and waited for them
            raise failures.exceptions[0] from None
        if any(self._rows[index] is None for index in missing):
            raise asyncio.CancelledError  # of a request by itself, which a group takes for the end of its task

    async def _work(self, batches: Iterator[Sequence[int]]) -> None:
        for batch in batches:
            await self._embed(batch)

    async def _embed(self, batch: Sequence[int]) -> None:
        """One batch to vectors that are kept, or two halves of it where the provider finds it too large."""
        inputs = [self._inputs.unique[index] for index in batch]
        try:
            response = await self._answer(inputs)
        except ModelError as error:
            if len(batch) == 1 or not self._model.splits_after(error):
                raise
        else:
            return await self._keep(batch, inputs, response)
        half = len(batch) // 2
        await self._embed(batch[:half])
        await self._embed(batch[half:])

    async def _answer(self, inputs: Sequence[EmbeddingInput]) -> EmbeddingResponse:
        """The response to one batch, as soon as the model has a request free for it."""
        async with self._model.free_request():
            call = BatchCall(self._model, inputs, self._kwargs, sum(map(estimated_tokens, inputs)))
            try:
                return await call.run()
            finally:
                self._attempts += call.attempts
                self._warnings.update(dict.fromkeys(call.warnings))

    async def _keep(self, batch: Sequence[int], inputs: Sequence[EmbeddingInput], response: EmbeddingResponse) -> None:
        rows = EmbeddingVectors(response.embeddings).rows
        for index, row in zip(batch, rows, strict=True):
            self._rows[index] = row
        self._tokens += (response.usage.tokens or 0) if response.usage else 0  # a custom model may know none
        self._note_size(rows)
        await self._store.keep(inputs, rows)

    def _note_size(self, rows: Sequence[FloatArray]) -> None:
        wanted = self._store.asked_size
        other = next((len(row) for row in rows if wanted and len(row) != wanted), None)
        if other:
            told = f"vectors of {wanted} numbers were asked for, and the server sent {other}"
            self._warnings[ModelWarning("changed", "dimensions", told)] = None

    def _incomplete(self, cause: ModelportError) -> ModelportError:
        missing = self._inputs.all_indices(index for index, row in enumerate(self._rows) if row is None)
        attempts = tuple(self._attempts)  # of all batches
        if isinstance(cause, ModelError):
            cause.attempts = attempts
        if not missing:
            return cause
        error = embedding_error(cause, missing, len(self._inputs.places))
        error.attempts = attempts
        error.provider, error.model = error.provider or self._model.provider_name, error.model or self._model.model
        return error

    def _response(self, cached: bool) -> EmbeddingResponse:
        seconds = self._clock.monotonic() - self._started
        rows = self._inputs.expand([row for row in self._rows if row is not None])
        self._warnings.update(dict.fromkeys(self._store.warnings))
        return EmbeddingResponse(
            EmbeddingVectors(rows),
            usage=EmbeddingUsage(tokens=self._tokens, time=seconds),
            source="cache" if cached and rows else "api",
            provider=self._model.provider_name,
            model=self._model.model,
            warnings=list(self._warnings),
            attempts=self._attempts,
        )


def _clipped(limits: RequestLimits) -> Any:  # Any: a TokenEstimate
    """The estimate, at most what a request may hold: whether one input alone is too long is the provider's to say."""
    most = limits.max_tokens or 0
    return lambda item: min(estimated_tokens(item), most)
