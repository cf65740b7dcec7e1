"""What an embedding call needs to know of its model, and the call for one of its batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from ...domain.embedding.packing import EmbeddingInput, RequestLimits
from ...domain.embedding.values import EmbeddingResponse
from ...domain.errors import ModelError, ResponseDecodeError
from ...domain.message.blocks import DataBlock
from ...domain.message.responses import AttemptRecord, ModelWarning
from ..call.attempts import Attempts, Call
from ..call.context import CallContext
from ..call.spec import CallSpec

__all__ = ["BatchCall", "EmbeddingSpec", "estimated_tokens"]

_BYTES_PER_TOKEN = 3
_MEDIA_TOKENS = 1000
"""Both are estimates: a request that the provider refuses as too large is split."""


@dataclass(frozen=True, slots=True)
class EmbeddingSpec:
    """What one call needs to know of its model, in addition to `CallSpec`."""

    call: CallSpec
    attempt: Callable[[list[EmbeddingInput]], Awaitable[EmbeddingResponse]]
    """Makes one request for one batch."""
    limits: RequestLimits
    concurrency: int
    slot: Callable[[], AbstractAsyncContextManager[None]]
    """What to hold during a request, so that all calls of the model share one bound."""
    splits_after: Callable[[ModelError], bool]
    """Whether the same inputs may pass in smaller requests after this error."""


def estimated_tokens(item: EmbeddingInput) -> int:
    """About how many tokens an input has; rather too many than too few."""
    if isinstance(item, DataBlock):
        return _MEDIA_TOKENS
    size = len(item) if item.isascii() else len(item.encode("utf-8", "surrogatepass"))
    return size // _BYTES_PER_TOKEN + 1


class BatchCall:
    """Attempts for one batch until one gives a vector per input, with a budget and clocks of their own."""

    def __init__(self, spec: EmbeddingSpec, inputs: Sequence[EmbeddingInput]) -> None:
        self._inputs = list(inputs)
        self._context = context = CallContext.of(spec.call)
        tokens = sum(map(estimated_tokens, inputs))
        attempts = Attempts(context, spec.call.retry, spec.call.retryable, tokens)
        self._call = Call(context, attempts, lambda: spec.attempt(list(self._inputs)), self._checked)

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
        response = await self._call.open()
        self._call.finish()
        return response

    def _checked(self, response: object) -> EmbeddingResponse:
        if not isinstance(response, EmbeddingResponse):
            raise ResponseDecodeError(
                f"`_call_api` returned a {type(response).__name__}, expected an EmbeddingResponse"
            )
        found, wanted = len(response.embeddings), len(self._inputs)
        if found != wanted:
            raise ResponseDecodeError(f"the answer has {found} vectors for {wanted} inputs")
        return response
