"""The further arguments of embedding models, for type checkers; `EmbeddingModelBase` says what each of them means."""

from __future__ import annotations

from typing import Literal, TypedDict

from ...domain.retry import RetryPolicy, Timeouts
from ...ports.embedding_cache import EmbeddingCache
from ...ports.http import HttpTransport
from ...ports.runtime import Runtime

__all__ = ["EmbeddingOptions"]


class EmbeddingOptions(TypedDict, total=False):
    """What an embedding model takes besides `credential`, `model` and `parameters`."""

    context_size: int | None
    batch_size: int | None
    max_retries: int | None
    retry_delay: float | None
    embedding_cache: EmbeddingCache | None
    retry_policy: RetryPolicy | None
    timeouts: Timeouts | None
    transport: HttpTransport | None
    runtime: Runtime | None
    concurrency: int
    card_checks: Literal["on", "off"]
    on_unsupported: Literal["warn", "error"]
    on_error: Literal["raise", "skip"]
    dimensions: int | None
