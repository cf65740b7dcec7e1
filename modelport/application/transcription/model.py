"""The base class of speech-to-text models: identity, cards and the reading of audio, around a provider's `_send`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal

from typing_extensions import TypeVar

from ...domain.retry import RetryPolicy, Timeouts
from ...domain.transcription.transcript import Transcript
from ...ports.runtime import Runtime, default_runtime
from ..model.base import ModelBase, retry_policy_of
from ..model.credential import CredentialBase

if TYPE_CHECKING:
    from ...domain.card.cards import CardQuery
    from ...domain.card.transcription_card import STTModelCard
    from ...ports.codec.base import Endpoint
    from ...ports.codec.live_transcription import LiveCodec
    from ...ports.http import HttpTransport
    from ..blocking.others import SyncSTTModel
    from .audio import Audio
    from .live import LiveTranscription

__all__ = ["STTModelBase", "TranscriptT_co"]

TranscriptT_co = TypeVar(
    "TranscriptT_co",
    bound="Transcript | AsyncGenerator[Transcript, None]",
    default="Transcript | AsyncGenerator[Transcript, None]",
    covariant=True,
)
"""What `transcribe` gives, as `stream` says: a `Transcript`, or with `stream=True` a generator of them."""


class STTModelBase(ModelBase, ABC, Generic[TranscriptT_co]):
    """A speech-to-text model: a credential, a model name and parameters, and `transcribe`.

    Args:
        credential: the provider's credential.
        model: the model's name at the provider.
        parameters: the class's `Parameters`; the defaults when `None`.
        stream: whether `transcribe` returns the text as it is written, where the model can.
        max_retries: how often a failed request may be sent again (default 3); not together with `retry_policy`.
        retry_delay: the most seconds before the first retry.
        retry_policy, timeouts: apply to each call; timeouts are in seconds.
        transport: the HTTP transport to use instead of the runtime's.
        runtime: the ports to run on; the default runtime's, or the hub's, when `None`.
        card_checks: `off` sends values that the model's card does not allow.
        on_unsupported: `error` refuses a call where a parameter would have to be dropped or changed.
    """

    type: str = "stt_model"
    live_codec: ClassVar[LiveCodec | None] = None

    def __init__(
        self,
        credential: CredentialBase,
        model: str,
        parameters: Any = None,  # Any: the subclass's Parameters
        stream: bool = False,
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
    def card(self) -> STTModelCard:
        """The model's card; a permissive one if there is none."""
        from ...domain.card.transcription_card import STTModelCard
        from ..model.cards import find_card

        found = find_card(self.runtime.cards, type(self), self.model, type(self)._card_query())
        return found or STTModelCard.permissive(self.model, self.Parameters.model_json_schema())

    @classmethod
    def list_models(cls, custom_yaml_dir: str | Path | None = None) -> list[STTModelCard]:
        """The cards of this class by name; raises `CardError` for a broken card."""
        from ..model.cards import list_cards

        return list_cards(default_runtime().cards, cls, cls._card_query(), custom_yaml_dir)

    @property
    def sync(self) -> SyncSTTModel:
        """The calls of this model without `await`."""
        from ..blocking.others import SyncSTTModel

        return SyncSTTModel(self)

    @abstractmethod
    async def transcribe(
        self,
        audio: Audio,
        **kwargs: Any,  # Any: provider fields
    ) -> TranscriptT_co:
        """Write down what is said: a `Transcript`, or with `stream=True` a generator of them.

        `audio` is a path, bytes or a `DataBlock`. `kwargs` are fields of the provider that override the parameters.
        Raises `InvalidRequestError` for audio that the model does not take, and a `ModelError`.
        """

    def live(
        self,
        *,
        sample_rate: int = 16_000,
        **kwargs: Any,  # Any: provider fields of the set-up, and `extra_headers`
    ) -> LiveTranscription:
        """Transcribe while someone speaks: `async with model.live() as session`, `push_audio`, and iterate over it.

        The audio is 16-bit little-endian mono at `sample_rate`; it is resampled where the wire takes another rate.
        Raises `UnsupportedFeatureError` for a model that transcribes only files.
        """
        from ...domain.errors import InvalidRequestError, UnsupportedFeatureError
        from ...ports.codec.live_transcription import LiveRequest
        from ..call.arguments import body_fields, parameter_values
        from .live import LiveTranscription

        if self.live_codec is None or (self.card.live is None and self.card_checks == "on"):
            raise UnsupportedFeatureError(f"{self.model} transcribes files, not live audio; see the models with `live`")
        if not 8_000 <= sample_rate <= 48_000:
            raise InvalidRequestError(f"sample_rate is {sample_rate}; expected 8,000 to 48,000")
        values, warnings = parameter_values(self.parameters, self.card, self.card_checks)
        overrides, headers = body_fields(kwargs)
        request = LiveRequest(self._live_endpoint(), self.model, self.card, values, overrides, headers)
        return LiveTranscription(self._spec(stream=True), self.live_codec, request, sample_rate, list(warnings))

    def _live_endpoint(self) -> Endpoint:
        return self._endpoint("realtime")

    @classmethod
    def _card_query(cls) -> CardQuery[STTModelCard]:
        from ...domain.card.cards import CardQuery
        from ...domain.card.transcription_card import STTModelCard
        from ..model.cards import class_names

        return CardQuery(STTModelCard, cls.Parameters, class_names(cls))
