"""The template of a chat model: what every provider shares, around one attempt that the provider implements.

The engine and the cards are imported where they are used: a model can be built without either.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, Type

from pydantic import BaseModel

from ..domain.errors import InvalidRequestError, UnsupportedFeatureError
from ..domain.retry import RetryPolicy, Timeouts
from ..ports.runtime import Runtime, default_runtime
from .credential import CredentialBase

if TYPE_CHECKING:
    from ..domain.cards import CardQuery, ModelCard
    from ..domain.messages import Msg
    from ..domain.responses import ChatResponse
    from ..domain.tool_choice import ToolChoice, ToolSchema
    from ..ports.transport import HttpTransport
    from .formatter import FormatterBase

__all__ = ["ChatModelBase"]


class NoParameters(BaseModel):
    """A model without parameters."""


class ChatModelBase:
    """A chat model: a credential, a model name and parameters, called with messages.

    A provider subclasses it with a `Parameters` class and `_call_api`, which is exactly one attempt; retries, clocks,
    accumulation and cancellation are done here.

    Args:
        credential: the provider's credential.
        model: the model's name at the provider.
        parameters: the class's `Parameters`; the defaults when `None`.
        stream: whether a call returns a stream of deltas or one response.
        max_retries: how often a failed request may be sent again (default 3); not together with `retry_policy`.
        context_size: the context window in tokens; from the model's card when `None`.
        formatter: how messages become the provider's; the provider's own when `None`.
        retry_policy, timeouts: how patient a call is.
        transport: the HTTP transport to use instead of the runtime's.
        card_checks: `off` sends values that the model's card does not allow.
        on_unsupported: `error` refuses a call where something would have to be dropped or changed.
    """

    Parameters: ClassVar[Type[BaseModel]] = NoParameters
    type: str = "chat_model"
    provider: ClassVar[str] = ""

    def __init__(
        self,
        credential: CredentialBase,
        model: str,
        parameters: Any = None,  # Any: the subclass's Parameters
        stream: bool = True,
        max_retries: int | None = None,
        context_size: int | None = None,
        formatter: FormatterBase | None = None,
        *,
        retry_delay: float | None = None,
        retry_policy: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        transport: HttpTransport | None = None,
        runtime: Runtime | None = None,
        card_checks: Literal["on", "off"] = "on",
        on_unsupported: Literal["warn", "error"] = "warn",
    ) -> None:
        self.credential = credential
        self.model = model
        self.parameters = self._checked_parameters(parameters)
        self.stream = stream
        self.retry_policy = _retry_policy(max_retries, retry_delay, retry_policy)
        self.timeouts = timeouts or Timeouts()
        self.card_checks = card_checks
        self.on_unsupported = on_unsupported
        self._runtime = runtime
        self._transport = transport
        self._context_size = context_size
        if formatter is not None:
            self.formatter = formatter

    @property
    def max_retries(self) -> int:
        """How often a failed request may be sent again."""
        return self.retry_policy.max_retries

    @property
    def provider_name(self) -> str:
        """Who is asked: the name in responses, errors and owned data."""
        return self.provider or self.credential.provider_name()

    @property
    def runtime(self) -> Runtime:
        """The driven ports this model runs on."""
        runtime = self._runtime or default_runtime()
        return dataclasses.replace(runtime, transport=self._transport) if self._transport else runtime

    def attach(self, runtime: Runtime) -> None:
        """Run on this bundle from now on; a hub does it so that its models share one connection pool."""
        self._runtime = runtime

    @cached_property
    def card(self) -> ModelCard:
        """The model's card; a permissive one when nobody described it."""
        from ..domain.cards import ModelCard
        from .card_lookup import find_card

        query = type(self)._card_query()
        found = find_card(self.runtime.cards, type(self), self.model, query)
        return found or ModelCard.permissive(self.model, self.Parameters.model_json_schema())

    @property
    def context_size(self) -> int:
        """The context window in tokens: as given, else from the card."""
        return self._context_size or self.card.context_size

    @classmethod
    def list_models(cls, custom_yaml_dir: str | Path | None = None) -> list[ModelCard]:
        """The cards of this class, by name; raises `CardError` for a broken one."""
        from .card_lookup import list_cards

        return list_cards(default_runtime().cards, cls, cls._card_query(), custom_yaml_dir)

    async def __call__(
        self,
        messages: list[Msg],
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> ChatResponse | AsyncGenerator[ChatResponse, None]:
        """Ask the model.

        Returns at the head of the answer: a `ChatResponse`, or with `stream=True` a `ChatStream`. `kwargs` are body
        fields of the provider that override the parameters; `extra_body` and `extra_headers` are merged last. Raises
        a `ModelError`.
        """
        from .chat_engine import call_model  # the engine is loaded by the first call, not by the import

        return await call_model(self, messages, tools, tool_choice, kwargs)

    def _call_api(
        self,
        model_name: str,
        messages: list[Msg],
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> Any:  # Any: a response, its awaitable, or a generator of deltas, as the provider likes
        """Exactly one attempt: send the request and return a `ChatResponse` or an async generator of deltas.

        The generator's last item may have `is_last=True`, or carry the `finish_reason`.
        """
        raise UnsupportedFeatureError(f"{type(self).__name__} does not implement `_call_api`")

    @classmethod
    def _get_retryable_exceptions(cls) -> tuple[Type[Exception], ...]:
        """Exceptions of `_call_api`, beside ours, after which the request is sent again."""
        return ()

    @classmethod
    def _card_query(cls) -> CardQuery[ModelCard]:
        from ..domain.cards import CardQuery, ModelCard
        from .card_lookup import class_names

        return CardQuery(ModelCard, cls.Parameters, class_names(cls))

    def _checked_parameters(self, parameters: Any) -> Any:  # Any: the subclass's Parameters
        if parameters is None:
            return self.Parameters()
        if not isinstance(parameters, BaseModel):
            raise InvalidRequestError(
                f"parameters is a {type(parameters).__name__}; pass {type(self).__name__}.Parameters(…)"
            )
        return parameters

    async def aclose(self) -> None:
        """Close what a transport of this model's own holds open; shared pools stay. Never required."""
        if self._transport is not None:
            await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _retry_policy(max_retries: int | None, delay: float | None, policy: RetryPolicy | None) -> RetryPolicy:
    if policy is not None:
        if max_retries is not None or delay is not None:
            raise InvalidRequestError("give either retry_policy or max_retries and retry_delay, not both")
        return policy
    changes = {"max_retries": max_retries, "retry_delay": delay}
    return RetryPolicy(**{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]
