"""One batch of an embedding call: attempts with a budget and clocks of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...domain.embedding.packing import EmbeddingInput
from ...domain.embedding.values import EmbeddingResponse
from ...domain.errors import ModelError, ResponseDecodeError
from ...domain.message.responses import AttemptRecord, ModelWarning
from ..call.attempts import Attempts
from ..call.context import CallContext, current_call

if TYPE_CHECKING:
    from .model import EmbeddingModelBase

__all__ = ["BatchCall"]


class BatchCall:
    """Attempts of `_call_api` for one batch until one gives a vector per input."""

    def __init__(
        self,
        model: EmbeddingModelBase[Any],
        inputs: Sequence[EmbeddingInput],
        kwargs: Mapping[str, Any],  # Any: provider body fields
        tokens: int,
    ) -> None:
        self._model = model
        self._inputs = inputs
        self._kwargs = kwargs
        spec = model._spec()
        self._context = CallContext.of(spec)
        self._attempts = Attempts(self._context, spec.retry, spec.retryable, tokens)

    @property
    def attempts(self) -> Sequence[AttemptRecord]:
        """One record per request made."""
        return self._context.attempts

    @property
    def warnings(self) -> Sequence[ModelWarning]:
        """What was dropped or changed on the way out."""
        return self._context.warnings

    async def run(self) -> EmbeddingResponse:
        """The vectors of the batch; raises the last attempt's error."""
        failed: ModelError | None = None
        try:
            while True:
                await self._attempts.begin(failed)
                try:
                    return await self._attempt()
                except ModelError as error:
                    failed = error
        except BaseException as error:
            self._attempts.ended(error)
            raise
        finally:
            self._attempts.ended()
            self._context.clocks.stop()

    async def _attempt(self) -> EmbeddingResponse:
        token = current_call.set(self._context)
        try:
            with self._context.clocks:
                response = await self._model._call_api(list(self._inputs), **self._kwargs)
            self._check(response)
        except Exception as error:
            raise self._attempts.failed(error)
        finally:
            current_call.reset(token)
        return response

    def _check(self, response: EmbeddingResponse) -> None:
        if not isinstance(response, EmbeddingResponse):
            name = type(self._model).__name__
            raise ResponseDecodeError(f"{name}._call_api returned a {type(response).__name__}, no EmbeddingResponse")
        found, wanted = len(response.embeddings), len(self._inputs)
        if found != wanted:
            raise ResponseDecodeError(f"{found} vectors came for {wanted} inputs")
