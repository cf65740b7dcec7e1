"""A call of an embedding model: cached inputs are not sent, identical ones once, the rest in parallel batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...domain.embedding.dedupe import deduplicate
from ...domain.embedding.packing import EmbeddingInput, RequestLimits, pack
from ...domain.embedding.values import (
    EmbeddingResponse,
    EmbeddingUsage,
    EmbeddingVectors,
    FloatArray,
    IncompleteVectors,
)
from ...domain.errors import ModelError, ModelportError, ResponseDecodeError
from ...domain.message.responses import AttemptRecord, ChatUsage, ModelWarning
from ..call.warning_log import log_once
from .batch import BatchCall, EmbeddingSpec, estimated_tokens
from .cached_vectors import VectorStore
from .incomplete import embedding_error, reasons
from .schedule import Piece, Schedule

__all__ = ["EmbeddingCall"]


class EmbeddingCall:
    """One call. Its state is kept per distinct input until the response is made.

    Args:
        progress: called with how many distinct inputs have a vector, and how many there are.
        refused: the errors of inputs that are not sent, by index; not empty only where `spec.skips_refused`.
    """

    def __init__(
        self,
        spec: EmbeddingSpec,
        store: VectorStore,
        inputs: Sequence[EmbeddingInput],
        warnings: Sequence[ModelWarning],
        refused: Mapping[int, ModelError] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._progress = progress
        self._spec = spec
        self._store = store
        self._inputs = deduplicate(inputs)
        self._rows: list[FloatArray | None] = [None] * len(self._inputs.unique)
        self._refused = {self._inputs.places[index]: error for index, error in (refused or {}).items()}
        self._size: int | None = None  # of the vectors that were received
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
            self._report()
            missing = [index for index, row in enumerate(self._rows) if row is None and index not in self._refused]
            missing += self._of_other_sizes()
            await self._request_all(missing)
            return self._response(cached=not missing)
        except BaseException as raised:
            error = raised
            raise
        finally:
            usage = ChatUsage(input_tokens=self._tokens, time=self._clock.monotonic() - self._started)
            call = self._spec.call
            call.runtime.telemetry.call_ended(call.provider, call.model, usage, error)

    async def _request_all(self, missing: Sequence[int]) -> None:
        try:
            await self._request(missing)
            await self._request(self._of_other_sizes(), overwrite=True)
        except ModelportError as cause:
            if not self._attempts:
                raise
            raise self._incomplete(cause)
        if self._refused and not self._spec.skips_refused:
            raise self._incomplete(next(iter(self._refused.values())))

    async def _request(self, missing: Sequence[int], overwrite: bool = False) -> None:
        """Make the requests for these inputs."""
        if not missing:
            return
        spec = self._spec

        async def embed(piece: Piece) -> None:
            await self._embed(piece, overwrite)

        schedule = Schedule(missing, self._packed, spec.concurrency, spec.batch_limit, spec.splits_after, embed)
        try:
            await schedule.run()
        finally:
            self._refused.update(schedule.refused)

    def _packed(self, indices: Sequence[int], most: int | None) -> list[Sequence[int]]:
        """These inputs in requests within all limits of the model, and of at most so many inputs."""
        limits = self._spec.limits
        if most is not None:
            limits = replace(limits, max_items=min(most, limits.max_items))
        inputs = [self._inputs.unique[index] for index in indices]
        positions = [self._inputs.first[index] for index in indices]
        ranges = pack(inputs, limits, _clipped(limits), positions=positions)
        return [indices[batch.start : batch.stop] for batch in ranges]

    async def _embed(self, piece: Piece, overwrite: bool) -> None:
        """Get and keep the vectors of one piece, once the model has a free slot for the request."""
        inputs = [self._inputs.unique[index] for index in piece.indices]
        async with self._spec.slot():
            call = BatchCall(self._spec, inputs, piece.last_try, self._size)
            try:
                response = await call.run()
            finally:
                self._attempts += call.attempts
                self._warnings.update(dict.fromkeys(call.warnings))
        await self._store_rows(piece.indices, inputs, response, overwrite)

    async def _store_rows(
        self, indices: Sequence[int], inputs: Sequence[EmbeddingInput], response: EmbeddingResponse, overwrite: bool
    ) -> None:
        self._tokens += (response.usage.tokens or 0) if response.usage else 0  # a custom model may leave it out
        rows = EmbeddingVectors(response.embeddings).rows
        if rows and self._size not in (None, len(rows[0])):
            raise ResponseDecodeError(f"the server sent vectors of {self._size} and of {len(rows[0])} numbers")
        self._size = len(rows[0]) if rows else None
        for index, row in zip(indices, rows, strict=True):
            self._rows[index] = row
        self._report()
        await self._store.store(inputs, rows, overwrite)

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(sum(row is not None for row in self._rows), len(self._rows))

    def _of_other_sizes(self) -> list[int]:
        """Cached inputs whose vectors cannot stand with the others: of another size than those that were received, or,
        as long as none was, of different sizes. They have no vector any more."""
        sizes = {len(row) for row in self._rows if row is not None}
        if len(sizes) < 2:
            return []
        kept = self._size or self._spec.size
        other = [index for index, row in enumerate(self._rows) if row is not None and len(row) != kept]
        for index in other:
            self._rows[index] = None
        return other

    def _check_size(self) -> None:
        """Warn of vectors, cached ones included, whose size is not the one that was asked for."""
        wanted = self._spec.size
        other = next((len(row) for row in self._rows if row is not None and len(row) != wanted), None)
        if wanted and other:
            message = f"vectors of {wanted} numbers are expected, but these have {other}"
            self._warnings[ModelWarning("changed", "dimensions", message)] = None

    def _incomplete(self, cause: ModelportError) -> ModelportError:
        missing = self._inputs.all_indices(index for index, row in enumerate(self._rows) if row is None)
        attempts = tuple(self._attempts)  # of all batches
        if isinstance(cause, ModelError):
            cause.attempts = attempts
        if not missing:
            return cause
        error = embedding_error(cause, missing, len(self._inputs.places), self._refused_inputs())
        error.attempts = attempts
        error.provider = error.provider or self._spec.call.provider
        error.model = error.model or self._spec.call.model
        return error

    def _refused_inputs(self) -> dict[int, ModelError]:
        """The errors of all inputs that were refused, by index."""
        return {index: self._refused[self._inputs.places[index]] for index in self._inputs.all_indices(self._refused)}

    def _response(self, cached: bool) -> EmbeddingResponse:
        seconds = self._clock.monotonic() - self._started
        rows = self._inputs.expand(self._rows)
        self._check_size()
        for reason in reasons(self._refused_inputs()):
            self._warnings[ModelWarning("dropped", "inputs", f"no vector for {reason}")] = None
        self._warnings.update(dict.fromkeys(self._store.warnings))
        log_once(self._spec.call.provider, self._spec.call.model, list(self._warnings))
        complete = [row for row in rows if row is not None]
        return EmbeddingResponse(
            EmbeddingVectors(complete) if len(complete) == len(rows) else IncompleteVectors(rows),
            usage=EmbeddingUsage(tokens=self._tokens, time=seconds),
            source="cache" if cached and complete else "api",
            provider=self._spec.call.provider,
            model=self._spec.call.model,
            warnings=list(self._warnings),
            attempts=self._attempts,
        )


def _clipped(limits: RequestLimits) -> Any:  # Any: a TokenEstimate
    """The estimate, limited to the size of a request: the provider decides whether a single input is too long."""
    most = limits.max_tokens or 0
    return lambda item: min(estimated_tokens(item), most)
