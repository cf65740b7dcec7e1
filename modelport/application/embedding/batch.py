"""One batch of an embedding call: attempts with a budget and clocks of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from ...domain.embedding.packing import EmbeddingInput
from ...domain.embedding.values import EmbeddingResponse
from ...domain.errors import ModelError, ResponseDecodeError
from ...domain.message.responses import AttemptRecord, ModelWarning
from ..call.attempts import Attempts
from ..call.context import CallContext, current_call
from ..call.spec import CallSpec

__all__ = ["BatchAttempt", "BatchCall"]

BatchAttempt = Callable[[list[EmbeddingInput]], Awaitable[EmbeddingResponse]]
"""One request for the vectors of one batch."""


class BatchCall:
    """Attempts for one batch until one gives a vector per input.

    Args:
        attempt: makes one request; it runs with `current_call` set to the context of this batch.
        tokens: about how many tokens one request sends, for the rate limiter.
    """

    def __init__(self, spec: CallSpec, attempt: BatchAttempt, inputs: Sequence[EmbeddingInput], tokens: int) -> None:
        self._attempt = attempt
        self._inputs = inputs
        self._context = CallContext.of(spec)
        self._attempts = Attempts(self._context, spec.retry, spec.retryable, tokens)

    @property
    def attempts(self) -> Sequence[AttemptRecord]:
        """One record per request."""
        return self._context.attempts

    @property
    def warnings(self) -> Sequence[ModelWarning]:
        """What was dropped or changed in the request."""
        return self._context.warnings

    async def run(self) -> EmbeddingResponse:
        """The vectors of the batch; raises the last attempt's error."""
        failed: ModelError | None = None
        try:
            while True:
                await self._attempts.begin(failed)
                try:
                    return await self._send()
                except ModelError as error:
                    failed = error
        except BaseException as error:
            self._attempts.ended(error)
            raise
        finally:
            self._attempts.ended()
            self._context.clocks.stop()

    async def _send(self) -> EmbeddingResponse:
        token = current_call.set(self._context)
        try:
            with self._context.clocks:
                response = await self._attempt(list(self._inputs))
            self._check(response)
        except Exception as error:
            raise self._attempts.failed(error)
        finally:
            current_call.reset(token)
        return response

    def _check(self, response: object) -> None:
        if not isinstance(response, EmbeddingResponse):
            raise ResponseDecodeError(
                f"`_call_api` returned a {type(response).__name__}, expected an EmbeddingResponse"
            )
        found, wanted = len(response.embeddings), len(self._inputs)
        if found != wanted:
            raise ResponseDecodeError(f"the answer has {found} vectors for {wanted} inputs")
