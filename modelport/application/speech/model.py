"""The base class of speech models: identity, cards and life cycle, around the `synthesize` of a provider."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, Type

from typing_extensions import TypeVar

from ...domain.retry import RetryPolicy, Timeouts
from ...domain.speech.responses import TTSResponse
from ...ports.runtime import Runtime, default_runtime
from ..model.base import ModelBase, retry_policy_of
from ..model.credential import CredentialBase

if TYPE_CHECKING:
    from ...domain.card.cards import CardQuery
    from ...domain.card.speech_card import TTSModelCard
    from ...ports.http import HttpTransport
    from ..blocking.others import SyncTTSModel

__all__ = ["SpeechT_co", "TTSModelBase"]

SpeechT_co = TypeVar(
    "SpeechT_co",
    bound="TTSResponse | AsyncGenerator[TTSResponse, None]",
    default="TTSResponse | AsyncGenerator[TTSResponse, None]",
    covariant=True,
)
"""What `synthesize` gives, as `stream` says: a generator of pieces, or with `stream=False` a `TTSResponse`."""


class TTSModelBase(ModelBase, ABC, Generic[SpeechT_co]):
    """A speech model: a credential, a model name and parameters, and `synthesize`, which a provider implements.

    A `realtime` model overrides `connect`, `push` and `close`: between the first and the last it takes text while that
    is still being written. `async with` calls `connect` and `close`.

    Args:
        credential: the provider's credential.
        model: the model's name at the provider.
        parameters: the class's `Parameters`; the defaults when `None`.
        stream: whether `synthesize` returns the audio as a stream or as a whole.
        max_retries: how often a failed request may be sent again (default 3); not together with `retry_policy`.
        retry_delay: the most seconds before the first retry.
        retry_policy, timeouts: apply to each call; timeouts are in seconds.
        transport: the HTTP transport to use instead of the runtime's.
        runtime: the ports to run on; the default runtime's, or the hub's, when `None`.
        card_checks: `off` sends values that the model's card does not allow.
        on_unsupported: `error` refuses a call where a parameter would have to be dropped or changed.
    """

    if TYPE_CHECKING:
        type: Any  # Any: a class of the user's may narrow it to a literal, which a variable of type `str` forbids
    else:
        type: str = "tts_model"
    realtime: bool = False

    def __init__(
        self,
        credential: CredentialBase,
        model: str,
        parameters: Any = None,  # Any: the subclass's Parameters
        stream: bool = True,
        *,
        max_retries: int | None = None,
        retry_delay: float | None = None,
        retry_policy: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        transport: HttpTransport | None = None,
        runtime: Runtime | None = None,
        card_checks: Literal["on", "off"] = "on",
        on_unsupported: Literal["warn", "error"] = "warn",
    ) -> None:
        policy = retry_policy_of(max_retries, retry_delay, retry_policy)
        super().__init__(
            credential, model, parameters, policy, timeouts, transport, runtime, card_checks, on_unsupported
        )
        self.stream = stream

    @cached_property
    def card(self) -> TTSModelCard:
        """The model's card; a permissive one if there is none."""
        from ...domain.card.speech_card import TTSModelCard
        from ..model.cards import find_card

        found = find_card(self.runtime.cards, type(self), self.model, type(self)._card_query())
        if found is not None:
            return found
        return TTSModelCard.permissive(self.model, self.Parameters.model_json_schema(), realtime=self.realtime)

    @classmethod
    def list_models(cls, custom_yaml_dir: str | Path | None = None) -> list[TTSModelCard]:
        """The cards of this class by name, of realtime models if it is one; raises `CardError` for a broken card."""
        from ..model.cards import list_cards

        return list_cards(default_runtime().cards, cls, cls._card_query(), custom_yaml_dir)

    @property
    def sync(self) -> SyncTTSModel:
        """The calls of this model without `await`."""
        from ..blocking.others import SyncTTSModel

        return SyncTTSModel(self)

    @abstractmethod
    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> SpeechT_co:
        """Speak the text: a `TTSResponse`, or with `stream=True` a generator whose last one has `is_last=True`."""

    async def push(self, text: str, **kwargs: Any) -> TTSResponse:  # Any: provider fields
        """Take more text and return the audio so far. A model that is not realtime ignores the text."""
        return TTSResponse(is_last=False)

    async def connect(self) -> None:
        """Open the connection of a realtime model; does nothing otherwise."""

    async def close(self) -> None:
        """Close what `connect` opened."""

    async def __aenter__(self) -> Self:
        if self.realtime:
            await self.connect()
        return self

    async def __aexit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.realtime:
                await self.close()
        finally:
            await self.aclose()

    @classmethod
    def _card_query(cls) -> CardQuery[TTSModelCard]:
        from ...domain.card.cards import CardQuery
        from ...domain.card.speech_card import TTSModelCard
        from ..model.cards import class_names

        return CardQuery(TTSModelCard, cls.Parameters, class_names(cls), cls.realtime)
