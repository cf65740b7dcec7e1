"""The base class of models for voice conversations; a provider adds a codec and its parameters."""

from __future__ import annotations

from abc import ABC
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...domain.errors import InvalidRequestError
from ...domain.realtime.settings import Transcription, TurnDetection
from ...domain.retry import RetryPolicy, Timeouts
from ...ports.runtime import Runtime, default_runtime
from ..call.arguments import body_fields
from ..model.base import ModelBase
from ..model.credential import CredentialBase
from ..model.described import Described
from ..model.parameters import MaxTokens, Temperature

if TYPE_CHECKING:
    from ...domain.card.cards import CardQuery
    from ...domain.card.realtime_card import RealtimeModelCard
    from ...domain.chat.tools import ToolSchema
    from ...domain.message.blocks import ToolResultBlock
    from ...domain.message.messages import Msg
    from ...domain.realtime.events import RealtimeEvent
    from ...ports.codec.base import Endpoint
    from ...ports.codec.realtime import RealtimeCodec, RealtimeSetup
    from .session import RealtimeSession

__all__ = ["RealtimeModelBase", "RealtimeParameters"]


class RealtimeParameters(Described):
    """What every provider's sessions can be given; a provider adds its own. Rates are in samples per second."""

    model_config = ConfigDict(extra="forbid")

    voice: str | None = Field(default=None, title="Voice", description="Fixed after the first audio.")
    output: Literal["audio", "text"] = Field(
        default="audio", title="Output", description="Speech with its transcript, or text alone."
    )
    temperature: Temperature = None
    max_tokens: MaxTokens = None
    transcription: bool | Transcription = Field(
        default=True, title="Transcription", description="Whether, and how, the user's speech is transcribed."
    )
    turn_detection: TurnDetection = Field(
        default_factory=TurnDetection,
        title="Turn detection",
        description="Who decides when the user's turn begins and ends.",
    )
    input_sample_rate: int | None = Field(
        default=None,
        ge=8000,
        le=48_000,
        title="Input sample rate",
        description="Samples per second (Hz) of the audio that is given to `send_audio`; it is resampled if need be.",
    )
    output_sample_rate: int | None = Field(
        default=None,
        ge=8000,
        le=48_000,
        title="Output sample rate",
        description="Samples per second (Hz) of the audio in events, where one can choose; see the model's card.",
    )


class RealtimeModelBase(ModelBase, ABC):
    """A model of voice conversations. It holds no session: `connect` opens any number of them, in several loops.

    Args:
        credential: the provider's credential.
        model: the model's name at the provider.
        parameters: the class's `Parameters`; the defaults when `None`.
        retry_policy, timeouts: apply to the opening of a connection. `timeouts.idle` also limits how long a reply may
            stay silent before it counts as failed.
        runtime: the ports to run on; the default runtime's, or the hub's, when `None`.
        card_checks: `off` sends values that the model's card does not allow.
        on_unsupported: `error` refuses a session where a parameter would have to be dropped or changed.
        reconnect: whether a session goes on over a new connection when its own one ends.

    For code written for AgentScope, the model passes `events`, `push_audio`, `push_text`, `push_tool_result`,
    `commit_turn`, `request_response`, `cancel_response`, `replay_history` and `close` on to its last session.
    """

    Parameters: ClassVar[type[BaseModel]] = RealtimeParameters
    type: ClassVar[str] = "realtime_model"
    codec: ClassVar[RealtimeCodec]

    def __init__(
        self,
        credential: CredentialBase,
        model: str,
        parameters: Any = None,  # Any: the subclass's Parameters
        *,
        retry_policy: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        runtime: Runtime | None = None,
        card_checks: Literal["on", "off"] = "on",
        on_unsupported: Literal["warn", "error"] = "warn",
        reconnect: bool = True,
    ) -> None:
        super().__init__(
            credential,
            model,
            parameters,
            retry_policy or RetryPolicy(),
            timeouts,
            None,
            runtime,
            card_checks,
            on_unsupported,
        )
        self.reconnect = reconnect
        self._session: RealtimeSession | None = None

    @cached_property
    def card(self) -> RealtimeModelCard:
        """The model's card; a permissive one if there is none."""
        from ...domain.card.realtime_card import RealtimeModelCard
        from ..model.cards import find_card

        found = find_card(self.runtime.cards, type(self), self.model, type(self)._card_query())
        return found or RealtimeModelCard.permissive(self.model, self.Parameters.model_json_schema())

    def _detection(self, wanted: TurnDetection, card: RealtimeModelCard) -> TurnDetection:
        if wanted.mode not in card.turn_detection:
            raise InvalidRequestError(
                f"{self.model} has no turn detection {wanted.mode!r}; use one of {card.turn_detection}"
            )
        return wanted

    def _unchecked_card(self) -> RealtimeModelCard:
        from ...domain.card.realtime_card import RealtimeModelCard

        return RealtimeModelCard.permissive(self.model)

    @classmethod
    def list_models(cls, custom_yaml_dir: str | Path | None = None) -> list[RealtimeModelCard]:
        """The cards of this class by name; raises `CardError` for a broken card."""
        from ..model.cards import list_cards

        return list_cards(default_runtime().cards, cls, cls._card_query(), custom_yaml_dir)

    @classmethod
    def _card_query(cls) -> CardQuery[RealtimeModelCard]:
        from ...domain.card.cards import CardQuery
        from ...domain.card.realtime_card import RealtimeModelCard
        from ..model.cards import class_names

        return CardQuery(RealtimeModelCard, cls.Parameters, class_names(cls))

    def endpoint(self) -> Endpoint:
        """Where connections go, with the headers that authenticate them."""
        return self._endpoint("realtime")

    def connect(
        self,
        instructions: str | None = None,
        tools: Sequence[ToolSchema] | None = None,
        history: Sequence[Msg] | None = None,
        *,
        turn_detection: TurnDetection | None = None,
        **kwargs: Any,  # Any: provider fields of the set-up, and `extra_headers`
    ) -> RealtimeSession:
        """A session: `async with model.connect(…) as session`, or `session = await model.connect(…)`.

        It is ready once the server has accepted the set-up. A refused one raises the provider's error then. `history`
        is what was said before, of a voice conversation or of a chat; `turn_detection` replaces the parameter.
        """
        from .session import RealtimeSession  # the engine is loaded by the first call, not by the import

        setup = self._setup(instructions or "", tools or (), history or (), turn_detection, kwargs)
        session = RealtimeSession(self._spec(stream=True), self.codec, setup, reconnect=self.reconnect)
        self._session = session
        return session

    def _setup(
        self,
        instructions: str,
        tools: Sequence[ToolSchema],
        history: Sequence[Msg],
        turn_detection: TurnDetection | None,
        kwargs: Mapping[str, Any],  # Any: provider fields
    ) -> RealtimeSetup:
        from ...domain.chat.tools import validate_tools
        from ...domain.message.messages import Msg
        from ...ports.codec.realtime import RealtimeSetup

        if not isinstance(instructions, str):
            raise InvalidRequestError(f"instructions is a {type(instructions).__name__}; pass a text")
        for index, message in enumerate(history):
            if not isinstance(message, Msg):
                raise InvalidRequestError(f"history[{index}] is a {type(message).__name__}; pass a list of Msg")
        validate_tools(tools, None)
        parameters: RealtimeParameters = self.parameters
        values, warnings = self._values(self.card)
        values["transcription"] = parameters.transcription
        values.pop("turn_detection", None)
        card = self.card if self.card_checks == "on" else self._unchecked_card()
        detection = self._detection(turn_detection or parameters.turn_detection, card)
        overrides, headers = body_fields(kwargs)
        return RealtimeSetup(
            endpoint=self.endpoint(),
            model=self.model,
            card=card,
            parameters=values,
            overrides=overrides,
            extra_headers=headers,
            instructions=instructions,
            tools=tuple(tools),
            turn_detection=detection,
            history=tuple(history),
            warnings=tuple(warnings),
        )

    # -- for code written for AgentScope, which knows one session for each model ---------------------------------------

    def _last_session(self) -> RealtimeSession:
        if self._session is None:
            raise InvalidRequestError("the model has no session; call connect() first")
        return self._session

    def events(self) -> AsyncIterator[RealtimeEvent]:
        """The events of the last session."""
        return self._last_session()

    async def push_audio(self, pcm: bytes) -> None:
        """`send_audio` of the last session."""
        await self._last_session().send_audio(pcm)

    async def push_text(self, text: str) -> None:
        """`send_text` of the last session, without asking for a reply."""
        await self._last_session().send_text(text, respond=False)

    async def push_tool_result(self, result: ToolResultBlock) -> None:
        """`send_tool_result` of the last session."""
        await self._last_session().send_tool_result(result)

    async def commit_turn(self) -> None:
        """`commit_audio` of the last session, without asking for a reply where the provider lets one choose."""
        await self._last_session().commit_audio(respond=False)

    async def request_response(self) -> None:
        """`respond` of the last session."""
        await self._last_session().respond()

    async def cancel_response(self) -> None:
        """`interrupt` of the last session."""
        await self._last_session().interrupt()

    async def replay_history(self, messages: Sequence[Msg]) -> None:
        """`replay` of the last session."""
        await self._last_session().replay(messages)

    async def close(self) -> None:
        """`aclose` of the last session."""
        if self._session is not None:
            await self._session.aclose()
