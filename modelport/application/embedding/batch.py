"""What an embedding call needs to know of its model, and the call for one of its batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from ...domain.embedding.packing import EmbeddingInput, RequestLimits
from ...domain.embedding.refusals import BatchLimit, may_be_one_input
from ...domain.embedding.values import EmbeddingResponse, EmbeddingVectors
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
    batch_limit: BatchLimit = field(default_factory=BatchLimit)
    """What the model has found out of the server's largest batch."""
    size: int | None = None
    """The numbers that a vector should have, where that is known."""
    skips_refused: bool = False
    """Whether inputs that are refused get no vector in place of an error."""


def estimated_tokens(item: EmbeddingInput) -> int:
    """About how many tokens an input has; rather too many than too few."""
    if isinstance(item, DataBlock):
        return _MEDIA_TOKENS
    size = len(item) if item.isascii() else len(item.encode("utf-8", "surrogatepass"))
    return size // _BYTES_PER_TOKEN + 1


class BatchCall:
    """Attempts for one batch until one gives a vector per input, with a budget and clocks of their own.

    Args:
        last_try: a failure that may be due to one input is not retried, as a larger batch with it was.
        size: the numbers of the vectors that the call has received, which those of this batch must have too.
    """

    def __init__(
        self, spec: EmbeddingSpec, inputs: Sequence[EmbeddingInput], last_try: bool = False, size: int | None = None
    ) -> None:
        self._inputs = list(inputs)
        self._attempt = spec.attempt
        self._last_try = last_try
        self._size = size
        self._context = context = CallContext.of(spec.call)
        tokens = sum(map(estimated_tokens, inputs))
        attempts = Attempts(context, spec.call.retry, spec.call.retryable, tokens)
        self._call = Call(context, attempts, self._send, self._checked)

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

    async def _send(self) -> EmbeddingResponse:
        try:
            return await self._attempt(list(self._inputs))
        except ModelError as error:
            if self._last_try and may_be_one_input(error):
                error.retryable = False
            raise

    def _checked(self, response: object) -> EmbeddingResponse:
        if not isinstance(response, EmbeddingResponse):
            raise ResponseDecodeError(
                f"`_call_api` returned a {type(response).__name__}, expected an EmbeddingResponse"
            )
        found, wanted = len(response.embeddings), len(self._inputs)
        if found != wanted:
            raise ResponseDecodeError(f"the answer has {found} vectors for {wanted} inputs")
        sizes = {len(row) for row in EmbeddingVectors(response.embeddings).rows} | {self._size or 0} - {0}
        if len(sizes) > 1:
            raise ResponseDecodeError(
                f"the vectors have different sizes: {', '.join(map(str, sorted(sizes)))} numbers; expected one size"
            )
        return response
