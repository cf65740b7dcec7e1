"""The base class of embedding models: batches, the cache and retries, around one attempt that a provider implements.

The engine and the cards are imported by the methods that use them, so that a model can be built without numpy.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Type, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...domain.card.capabilities import EmbeddingLimits
from ...domain.errors import InvalidRequestError, SettingsError, UnsupportedFeatureError
from ...domain.retry import RetryPolicy, Timeouts
from ...ports.runtime import Runtime, default_runtime
from ..call.arguments import check_word
from ..call.per_loop import PerLoop
from ..model.base import ModelBase, retry_policy_of
from ..model.checked import checked
from ..model.credential import CredentialBase
from ..model.described import Described

if TYPE_CHECKING:
    from ...domain.card.cards import CardQuery
    from ...domain.card.embedding_card import EmbeddingModelCard
    from ...domain.embedding.identity import VectorIdentity
    from ...domain.embedding.packing import EmbeddingInput, RequestLimits
    from ...domain.embedding.refusals import BatchLimit
    from ...domain.embedding.values import EmbeddingResponse
    from ...domain.errors import ModelError
    from ...domain.message.responses import ModelWarning
    from ...ports.embedding_cache import EmbeddingCache
    from ...ports.http import HttpTransport
    from ..blocking.others import SyncEmbeddingModel
    from .batch import EmbeddingSpec
    from .cached_vectors import VectorStore
    from .call import EmbeddingCall

__all__ = ["DimensionsOnly", "EmbeddingModelBase"]

T_contra = TypeVar("T_contra", contravariant=True)
"""What an input may be: a model that also takes images can stand where one for texts is wanted."""


class DimensionsOnly(Described):
    """The parameters of a model that has only this one."""

    model_config = ConfigDict(extra="forbid")

    dimensions: int | None = Field(
        default=None,
        gt=0,
        title="Dimensions",
        description="Size of each vector; the model's own size when not set.",
    )


class EmbeddingModelBase(ModelBase, Generic[T_contra]):
    """An embedding model: a credential, a model name and parameters, called with inputs; `T_contra` is what one may be.

    A provider implements `_call_api`, which is one attempt for one batch. Splitting, concurrency, retries, timeouts and
    the cache are handled here.

    Args:
        credential: the provider's credential.
        model: the model's name at the provider.
        parameters: the class's `Parameters`; the defaults when `None`.
        context_size: the most tokens of one input; from the model's card when `None`. Longer inputs are sent
            unchanged: the provider truncates or refuses them.
        batch_size: the most inputs of one request; from the card, else the class's default, when `None`.
        max_retries: how often a failed request may be sent again (default 3); not together with `retry_policy`.
        retry_delay: the most seconds before the first retry.
        embedding_cache: keeps vectors per input.
        retry_policy, timeouts: apply to each batch; timeouts are in seconds.
        transport: the HTTP transport to use instead of the runtime's.
        concurrency: the most requests in flight, over all calls of this model in one event loop.
        runtime: the ports to run on; the default runtime's, or the hub's, when `None`.
        card_checks: `off` sends what the model's card does not allow.
        on_unsupported: `error` refuses a call where a parameter would have to be dropped or changed.
        dimensions: the size of each vector; the same as the parameter of this name.
        on_error: `skip` gives `None` in place of the vector of an input that is refused, with a warning that
            names it.
    """

    Parameters: ClassVar[type[BaseModel]] = DimensionsOnly
    if TYPE_CHECKING:
        type: Any  # Any: a class of the user's may narrow it to a literal, which a variable of type `str` forbids
    else:
        type: str = "embedding_model"
    default_limits: ClassVar[EmbeddingLimits] = EmbeddingLimits(batch_size=100)
    """The limits of a request where neither the caller nor a card gives them."""
    takes_empty_text: ClassVar[bool] = True
    """Whether the API accepts an empty text; otherwise it is refused before anything is sent."""

    def __init__(
        self,
        credential: CredentialBase,
        model: str,
        parameters: Any = None,  # Any: the subclass's Parameters
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
        concurrency: int = 8,
        card_checks: Literal["on", "off"] = "on",
        on_unsupported: Literal["warn", "error"] = "warn",
        on_error: Literal["raise", "skip"] = "raise",
        dimensions: int | None = None,
    ) -> None:
        policy = retry_policy_of(max_retries, retry_delay, retry_policy)
        super().__init__(
            credential, model, parameters, policy, timeouts, transport, runtime, card_checks, on_unsupported
        )
        for name, value in (("batch_size", batch_size), ("concurrency", concurrency)):
            if value is not None and value < 1:
                raise InvalidRequestError(f"{name} is {value}, expected at least 1")
        check_word("on_error", on_error, ("raise", "skip"))
        if dimensions is not None:
            self.parameters = _with_dimensions(self, dimensions)
        self.embedding_cache = embedding_cache
        self.on_error = on_error
        self.concurrency = concurrency
        self._context_size = context_size
        self._batch_size = batch_size
        self._requests = PerLoop(partial(asyncio.Semaphore, concurrency))
        self._batch_limit: BatchLimit | None = None

    @cached_property
    def card(self) -> EmbeddingModelCard:
        """The model's card; a permissive one if there is none."""
        from ...domain.card.embedding_card import EmbeddingModelCard
        from ..model.cards import find_card

        found = find_card(self.runtime.cards, type(self), self.model, type(self)._card_query())
        return found or EmbeddingModelCard.permissive(self.model, self.Parameters.model_json_schema())

    @property
    def sync(self) -> SyncEmbeddingModel:
        """The calls of this model without `await`."""
        from ..blocking.others import SyncEmbeddingModel

        return SyncEmbeddingModel(self)

    @property
    def context_size(self) -> int:
        """The most tokens of one input: as given, else from the card."""
        return self._context_size or self.card.context_size

    @property
    def batch_size(self) -> int:
        """The most inputs of one request."""
        return self.request_limits().max_items

    @property
    def dimensions(self) -> int | None:
        """The vector size that is requested; `None` when the request leaves it out."""
        size: int | None = self.request_values()[0].get("dimensions")
        return size

    def request_limits(self) -> RequestLimits:
        """The limits of one request."""
        from ...domain.embedding.packing import RequestLimits

        facts, default = self.card.limits, self.default_limits
        items = self._batch_size or facts.elements or facts.batch_size or default.elements or default.batch_size or 1
        return RequestLimits(
            max_items=1 if facts.fused else items,
            max_tokens=facts.max_request_tokens or default.max_request_tokens,
            max_images=default.images if facts.images is None else facts.images,
            max_videos=default.videos if facts.videos is None else facts.videos,
            max_audios=default.audios if facts.audios is None else facts.audios,
            max_pdfs=default.pdfs if facts.pdfs is None else facts.pdfs,
        )

    def request_values(self) -> tuple[dict[str, Any], list[ModelWarning]]:
        """The parameters to send by our names (Any: each has its own type), and warnings for the caller.

        `dimensions` is the caller's, else the card's default, else left out. Raises `InvalidRequestError` for a value
        that the card does not allow.
        """
        card = self.card
        self._checked = known = checked(self._checked, self.parameters, card, self.card_checks)
        values, warnings = known.values.copy(), known.warnings.copy()
        default = card.default_of("dimensions")
        if default is not None:
            values.setdefault("dimensions", default)
        return values, warnings

    @classmethod
    def list_models(cls, custom_yaml_dir: str | Path | None = None) -> list[EmbeddingModelCard]:
        """The cards of this class, by name; raises `CardError` for a broken one."""
        from ..model.cards import list_cards

        return list_cards(default_runtime().cards, cls, cls._card_query(), custom_yaml_dir)

    async def __call__(
        self,
        inputs: Sequence[T_contra],
        *,
        on_error: Literal["raise", "skip"] | None = None,
        progress: Callable[[int, int], None] | bool = False,
        **kwargs: Any,  # Any: provider body fields
    ) -> EmbeddingResponse:
        """One vector per input, in input order.

        A batch that is refused is split, so that only the inputs at fault have no vector. With `on_error="skip"` (by
        default the model's own `on_error`) they get `None`, a warning says why, and the response's `missing_indices`
        lists them. Otherwise, and for failures that are not due to single inputs, an error is raised.

        `progress` is called with the number of inputs that have a vector and the number of all; `True` writes them to
        the error stream. `kwargs` are body fields of the provider that override the parameters; `extra_body` and
        `extra_headers` are merged last. Raises a `ModelError`; once requests were made it is an `EmbeddingError` too,
        whose `missing_indices` lists the inputs that have no vector. The vectors that were received are in the cache.
        """
        check_word("on_error", on_error or self.on_error, ("raise", "skip"))
        check_inputs, identify, make_store, make_call = _engine()
        refused: dict[int, ModelError] = {}
        skips = (on_error or self.on_error) == "skip"
        empty_refused_by = None if self.takes_empty_text else self.provider_name
        given = check_inputs(inputs, self.check_input, empty_refused_by, refused if skips else None)
        values, warnings = self.request_values()
        stand_in = getattr(self.runtime.transport, "stand_in", "")
        family = f"{stand_in}:{self.vector_family()}" if stand_in else self.vector_family()
        identity = identify(family, self.model, values, kwargs)
        spec = self._embedding_spec(kwargs, identity, skips)
        store = make_store(self.embedding_cache, identity, spec.call.runtime.clock)
        with _reported(progress) as report:
            return await make_call(spec, store, given, self._noted(warnings), refused, report).run()

    def _embedding_spec(
        self,
        kwargs: Mapping[str, Any],  # Any: provider body fields
        identity: VectorIdentity,
        skips_refused: bool,
    ) -> EmbeddingSpec:
        """What the engine needs to know of this model for one call."""
        from ...domain.embedding.refusals import BatchLimit
        from .batch import EmbeddingSpec
        from .cached_vectors import requested_size

        self._batch_limit = self._batch_limit or BatchLimit()
        return EmbeddingSpec(
            call=self._spec(),
            attempt=lambda inputs: self._call_api(cast("list[T_contra]", inputs), **kwargs),
            limits=self.request_limits(),
            concurrency=self.concurrency,
            slot=self.free_request,
            splits_after=self.splits_after,
            batch_limit=self._batch_limit,
            size=requested_size(identity),
            skips_refused=skips_refused,
        )

    async def _call_api(
        self,
        inputs: list[T_contra],
        **kwargs: Any,  # Any: provider body fields
    ) -> EmbeddingResponse:
        """One attempt for one batch of at most `batch_size` inputs: their vectors in the same order."""
        raise UnsupportedFeatureError(f"{type(self).__name__} does not implement `_call_api`")

    def check_input(self, item: EmbeddingInput) -> str | None:
        """Why this input cannot be sent, or `None`; called before any request."""
        from ...domain.message.blocks import DataBlock

        if isinstance(item, DataBlock) and self.card_checks == "on" and not self.card.accepts(item.source.media_type):
            types = ", ".join(self.card.input_types)
            return f"{self.model} does not accept {item.source.media_type} (per its model card); accepted: {types}"
        return None

    def splits_after(self, error: ModelError) -> bool:
        """Whether the batch was refused as a whole for its size, so that smaller ones may be accepted."""
        from ...domain.embedding.refusals import too_large

        return too_large(error)

    def free_request(self) -> asyncio.Semaphore:
        """The semaphore to hold during a request: of the running event loop, with `concurrency` places."""
        return self._requests.get()

    def vector_family(self) -> str:
        """Who computes the vectors, for the cache: it must differ where the same model name gives other vectors."""
        return type(self).provider or f"{self.provider_name}:{type(self).__module__}.{type(self).__qualname__}"

    @classmethod
    def _card_query(cls) -> CardQuery[EmbeddingModelCard]:
        from ...domain.card.cards import CardQuery
        from ...domain.card.embedding_card import EmbeddingModelCard
        from ..model.cards import class_names

        names = class_names(cls)
        return CardQuery(EmbeddingModelCard, cls.Parameters, names)


@cache
def _engine() -> tuple[
    Callable[..., list[EmbeddingInput]],
    Callable[..., VectorIdentity],
    Type[VectorStore],
    Type[EmbeddingCall],
]:
    """What a call is made with; loaded by the first call and not by the import, and found at once by the others."""
    try:
        from .cached_vectors import VectorStore, vector_identity
        from .call import EmbeddingCall
        from .inputs import checked_inputs
    except ImportError as error:
        if error.name != "numpy":
            raise
        raise SettingsError("embeddings need an extra: pip install 'modelport[embedding]'") from error
    return checked_inputs, vector_identity, VectorStore, EmbeddingCall


def _with_dimensions(model: EmbeddingModelBase[Any], dimensions: int) -> Any:  # Any: the class's Parameters
    given = model.parameters.model_dump(exclude_unset=True)
    if given.get("dimensions", dimensions) != dimensions:
        raise InvalidRequestError(f"dimensions is {dimensions}, and {given['dimensions']} in parameters; give one")
    try:
        return type(model.parameters)(**{**given, "dimensions": dimensions})
    except ValidationError as error:
        raise InvalidRequestError(f"dimensions is {dimensions!r}: {error.errors()[0]['msg']}") from error


@contextmanager
def _reported(progress: Callable[[int, int], None] | bool) -> Iterator[Callable[[int, int], None] | None]:
    """What to call with the progress; for `True` it writes a line that replaces itself and is ended here."""
    shown = False

    def show(done: int, total: int) -> None:
        nonlocal shown
        shown = True
        sys.stderr.write(f"\r{done:,} of {total:,} vectors")
        sys.stderr.flush()

    try:
        yield show if progress is True else progress or None
    finally:
        if shown:
            sys.stderr.write("\n")
