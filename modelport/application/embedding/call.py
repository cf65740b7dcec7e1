"""A call of an embedding model: cached inputs are not sent, identical ones once, the rest in parallel batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from ...domain.embedding.dedupe import deduplicate
from ...domain.embedding.packing import EmbeddingInput, RequestLimits, pack
from ...domain.embedding.values import EmbeddingResponse, EmbeddingUsage, EmbeddingVectors, FloatArray
from ...domain.errors import EmbeddingError, InvalidRequestError, ModelError, ModelportError, UnsupportedFeatureError
from ...domain.message.blocks import DataBlock, TextBlock
from ...domain.message.responses import AttemptRecord, ChatUsage, ModelWarning
from .batch import BatchCall, EmbeddingSpec, estimated_tokens
from .cached_vectors import VectorStore

__all__ = ["EmbeddingCall", "checked_inputs"]


def checked_inputs(
    inputs: object,
    check_media: Callable[[DataBlock], str | None],
    empty_text_refused_by: str | None,
) -> list[EmbeddingInput]:
    """The inputs as texts and media.

    Args:
        check_media: why a data block cannot be sent, or `None`.
        empty_text_refused_by: the provider, where it refuses empty texts.

    Raises `InvalidRequestError` or `UnsupportedFeatureError` with the index of the input.
    """
    if isinstance(inputs, (str, bytes, Mapping)) or not isinstance(inputs, Sequence):
        raise InvalidRequestError(f"inputs is a {type(inputs).__name__}; pass a list of texts or DataBlocks")
    found: list[EmbeddingInput] = []
    for index, item in enumerate(inputs):
        if isinstance(item, TextBlock):
            item = item.text
        if isinstance(item, str):
            if empty_text_refused_by is not None and not item.strip():
                raise InvalidRequestError(
                    f"input {index} is empty, which {empty_text_refused_by} refuses; leave it out"
                )
        elif not isinstance(item, DataBlock):
            raise InvalidRequestError(f"input {index} is a {type(item).__name__}; pass a str or a DataBlock")
        elif reason := check_media(item):
            raise UnsupportedFeatureError(f"input {index}: {reason}")
        found.append(item)
    return found


class EmbeddingCall:
    """One call. Its state is kept per distinct input until the response is made."""

    def __init__(
        self,
        spec: EmbeddingSpec,
        store: VectorStore,
        inputs: Sequence[EmbeddingInput],
        warnings: Sequence[ModelWarning],
    ) -> None:
        self._spec = spec
        self._store = store
        self._inputs = deduplicate(inputs)
        self._rows: list[FloatArray | None] = [None] * len(self._inputs.unique)
        self._tokens = 0
        self._attempts: list[AttemptRecord] = []
        self._warnings = dict.fromkeys(warnings)  # a set that keeps the order
        self._clock = spec.call.runtime.clock
        self._started = self._clock.monotonic()

    async def run(self) -> EmbeddingResponse:
        """Make the call."""
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
            call = self._spec.call
            call.runtime.telemetry.call_ended(call.provider, call.model, usage, error)

    async def _request(self, missing: Sequence[int]) -> None:
        """Make the requests for these inputs, with one worker for each request that may be in flight."""
        inputs = [self._inputs.unique[index] for index in missing]
        limits = self._spec.limits
        positions = [self._inputs.first[index] for index in missing]
        ranges = pack(inputs, limits, _clipped(limits), positions=positions)
        batches = iter([missing[batch.start : batch.stop] for batch in ranges])
        workers = min(self._spec.concurrency, len(ranges))
        if workers <= 1:
            return await self._work(batches)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(batches))
        except BaseExceptionGroup as failures:  # the group has cancelled the others, and waited for them
            raise failures.exceptions[0] from None
        if any(self._rows[index] is None for index in missing):
            raise asyncio.CancelledError  # a request cancelled itself, which a task group takes for the end of its task

    async def _work(self, batches: Iterator[Sequence[int]]) -> None:
        for batch in batches:
            await self._embed(batch)

    async def _embed(self, batch: Sequence[int]) -> None:
        """Get the vectors of one batch; of its two halves where the provider refuses it as too large."""
        inputs = [self._inputs.unique[index] for index in batch]
        try:
            response = await self._send(inputs)
        except ModelError as error:
            if len(batch) == 1 or not self._spec.splits_after(error):
                raise
        else:
            return await self._store_rows(batch, inputs, response)
        half = len(batch) // 2
        await self._embed(batch[:half])
        await self._embed(batch[half:])

    async def _send(self, inputs: Sequence[EmbeddingInput]) -> EmbeddingResponse:
        """The response to one batch, once the model has a free slot for the request."""
        async with self._spec.slot():
            call = BatchCall(self._spec, inputs)
            try:
                return await call.run()
            finally:
                self._attempts += call.attempts
                self._warnings.update(dict.fromkeys(call.warnings))

    async def _store_rows(
        self, batch: Sequence[int], inputs: Sequence[EmbeddingInput], response: EmbeddingResponse
    ) -> None:
        rows = EmbeddingVectors(response.embeddings).rows
        for index, row in zip(batch, rows, strict=True):
            self._rows[index] = row
        self._tokens += (response.usage.tokens or 0) if response.usage else 0  # a custom model may leave it out
        self._check_size(rows)
        await self._store.store(inputs, rows)

    def _check_size(self, rows: Sequence[FloatArray]) -> None:
        wanted = self._store.requested_size
        other = next((len(row) for row in rows if wanted and len(row) != wanted), None)
        if other:
            message = f"vectors of {wanted} numbers were requested, but the server sent {other}"
            self._warnings[ModelWarning("changed", "dimensions", message)] = None

    def _incomplete(self, cause: ModelportError) -> ModelportError:
        missing = self._inputs.all_indices(index for index, row in enumerate(self._rows) if row is None)
        attempts = tuple(self._attempts)  # of all batches
        if isinstance(cause, ModelError):
            cause.attempts = attempts
        if not missing:
            return cause
        error = _embedding_error(cause, missing, len(self._inputs.places))
        error.attempts = attempts
        error.provider = error.provider or self._spec.call.provider
        error.model = error.model or self._spec.call.model
        return error

    def _response(self, cached: bool) -> EmbeddingResponse:
        seconds = self._clock.monotonic() - self._started
        rows = self._inputs.expand([row for row in self._rows if row is not None])
        self._warnings.update(dict.fromkeys(self._store.warnings))
        return EmbeddingResponse(
            EmbeddingVectors(rows),
            usage=EmbeddingUsage(tokens=self._tokens, time=seconds),
            source="cache" if cached and rows else "api",
            provider=self._spec.call.provider,
            model=self._spec.call.model,
            warnings=list(self._warnings),
            attempts=self._attempts,
        )


def _clipped(limits: RequestLimits) -> Any:  # Any: a TokenEstimate
    """The estimate, limited to the size of a request: the provider decides whether a single input is too long."""
    most = limits.max_tokens or 0
    return lambda item: min(estimated_tokens(item), most)


def _embedding_error(cause: ModelportError, missing: Sequence[int], total: int) -> EmbeddingError:
    """An `EmbeddingError` with the facts of its cause, which `except type(cause)` catches too."""
    known = cause if isinstance(cause, ModelError) else ModelError(str(cause))
    message = f"{known.message} [{len(missing)} of {total} inputs have no vector]"
    facts = {**vars(known), **vars(cause), "message": message, "missing_indices": tuple(missing)}
    error = _rebuilt(type(cause), message, facts)
    error.__cause__ = cause
    return error


def _rebuilt(cause: type[ModelportError], message: str, facts: dict[str, Any]) -> EmbeddingError:
    kind = _class_of(cause)  # type: ignore[arg-type]  # mypy does not see that classes have a hash
    error = kind.__new__(kind, message)
    error.__dict__.update(facts)
    return error


@cache
def _class_of(cause: type[ModelportError]) -> type[EmbeddingError]:
    """The class of embedding errors with this cause.

    It has both bases, because an `except` clause looks only at an error's base classes. It is made here, because any
    error of the package may be the cause, also one of an application's own model; `__reduce__` lets it be pickled
    although no module has it.
    """
    if issubclass(cause, EmbeddingError):
        return cause

    def reduce(self: EmbeddingError) -> tuple[Any, ...]:  # Any: what pickle requires
        return _rebuilt, (cause, self.message, dict(vars(self)))

    doc = f"{cause.__name__} in an embedding call."
    return type(f"Embedding{cause.__name__}", (EmbeddingError, cause), {"__doc__": doc, "__reduce__": reduce})
