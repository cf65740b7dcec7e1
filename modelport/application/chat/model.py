"""The template of a chat model: what every provider shares, around one attempt that the provider implements.

Structured output and token counting are built upon a call of the model. The engine and the cards are imported where
they are used: a model can be built without either.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, Type, overload

from typing_extensions import TypeVar as TypeVarWithDefault

from ...domain.errors import UnsupportedFeatureError
from ...domain.retry import RetryPolicy, Timeouts
from ...ports.runtime import Runtime, default_runtime
from ..call.arguments import check_messages, check_word
from ..model.base import retry_policy_of
from ..model.credential import CredentialBase
from .structured import StructuredCalls, schemas_of

if TYPE_CHECKING:
    from ...domain.card.cards import CardQuery, ModelCard
    from ...domain.chat.settings import CallSettings
    from ...domain.chat.tokens import TokenCount
    from ...domain.chat.tools import ToolChoice, ToolLike, ToolSchema
    from ...domain.message.messages import Msg
    from ...domain.message.responses import ChatResponse
    from ...ports.http import HttpTransport
    from ..blocking.chat import SyncChatModel
    from ..call.context import CallContext
    from ..model.formatter import FormatterBase
    from .call import Answer, ChatCall
    from .stream import ChatStream

__all__ = ["AnswerT_co", "ChatModelBase"]
AnswerT_co = TypeVarWithDefault(
    "AnswerT_co", bound="ChatResponse | ChatStream", default="ChatResponse | ChatStream", covariant=True
)
"""What a call of a model gives, as its `stream` says: `ChatStream`, or with `stream=False` `ChatResponse`."""


class ChatModelBase(StructuredCalls, Generic[AnswerT_co]):
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
        retry_delay: the most seconds before the first retry; it doubles with each one.
        retry_policy, timeouts: how patient a call is, in seconds.
        transport: the HTTP transport to use instead of the runtime's.
        runtime: the ports to run on; the default runtime's, or the hub's, when `None`.
        card_checks: `off` sends values that the model's card does not allow.
        on_unsupported: `error` refuses a call where something would have to be dropped or changed.
        settings: neutral settings of every call, as `CallSettings` lists them, e.g. `{"thinking": "low"}`; those of a
            call win.
        extra_body, extra_headers: fields and headers of every request, merged last.
    """

    if TYPE_CHECKING:
        type: Any  # Any: a class of the user's may narrow it to a literal, which a variable of type `str` forbids
    else:
        type: str = "chat_model"

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
        settings: CallSettings | None = None,
        extra_body: Mapping[str, Any] | None = None,  # Any: JSON values
        extra_headers: Mapping[str, str] | None = None,
    ) -> None:
        policy = retry_policy_of(max_retries, retry_delay, retry_policy)
        super().__init__(
            credential, model, parameters, policy, timeouts, transport, runtime, card_checks, on_unsupported
        )
        check_word("stream", stream, (True, False))
        self.stream = stream
        self.settings = _settings(settings, extra_body, extra_headers)
        self._context_size = context_size
        if formatter is not None:
            self.formatter = formatter

    @cached_property
    def card(self) -> ModelCard:
        """The model's card; a permissive one when it has none."""
        from ...domain.card.cards import ModelCard
        from ..model.cards import find_card

        query = type(self)._card_query()
        found = find_card(self.runtime.cards, type(self), self.model, query)
        return found or ModelCard.permissive(self.model, self.Parameters.model_json_schema())

    @property
    def sync(self) -> SyncChatModel:
        """The calls of this model without `await`."""
        from ..blocking.chat import SyncChatModel

        return SyncChatModel(self)

    @overload
    def with_options(self, *, stream: Literal[True], **changes: Any) -> ChatModelBase[ChatStream]: ...
    @overload
    def with_options(self, *, stream: Literal[False], **changes: Any) -> ChatModelBase[ChatResponse]: ...
    @overload
    def with_options(self, **changes: Any) -> Self: ...
    def with_options(self, **changes: Any) -> Any:  # Any: each option has its own type
        """A sibling with some other options, which shares everything else, also the connections.

        `changes` are parameters (`temperature=0`), neutral settings (`thinking="low"`), or arguments of the
        constructor (`stream=False`); `None` unsets a setting. Raises `TypeError` for a name that is none of them, and
        `InvalidRequestError` for a value that is not allowed.
        """
        from .with_options import sibling

        return sibling(self, changes)

    @property
    def context_size(self) -> int:
        """The context window in tokens: as given, else from the card."""
        return self._context_size or self.card.context_size

    @classmethod
    def list_models(cls, custom_yaml_dir: str | Path | None = None) -> list[ModelCard]:
        """The cards of this class, by name; raises `CardError` for a broken one."""
        from ..model.cards import list_cards

        return list_cards(default_runtime().cards, cls, cls._card_query(), custom_yaml_dir)

    async def __call__(
        self,
        messages: list[Msg],
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> AnswerT_co:
        """Ask the model.

        Returns at the head of the answer: a `ChatResponse`, or with `stream=True` a `ChatStream`. `kwargs` are body
        fields of the provider that override the parameters; `extra_body` and `extra_headers` are merged last. Raises
        a `ModelError`.
        """
        _, stream, whole = _engine()
        call = self._chat_call(messages, _checked(messages, tools, tool_choice), tool_choice, kwargs)
        answer = await call.open()
        return stream(call, answer) if self.stream else await whole(call, answer)  # type: ignore[return-value]

    async def generate(
        self,
        messages: list[Msg],
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> ChatResponse:
        """Ask the model for one whole response, whatever `stream` says. Arguments and errors are those of a call."""
        call = await self._checked_call(messages, tools, tool_choice, kwargs, stream=False)
        return await _engine()[2](call, await call.open())

    async def generate_stream(
        self,
        messages: list[Msg],
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> ChatStream:
        """Ask the model for a stream of deltas, whatever `stream` says. Arguments and errors are those of a call."""
        call = await self._checked_call(messages, tools, tool_choice, kwargs, stream=True)
        return _engine()[1](call, await call.open())

    async def _checked_call(
        self,
        messages: list[Msg],
        tools: Sequence[ToolLike] | None,
        tool_choice: ToolChoice | None,
        kwargs: Mapping[str, Any],  # Any: provider body fields
        *,
        stream: bool,
    ) -> ChatCall:
        from ..call.context import CallContext

        schemas = _checked(messages, tools, tool_choice)
        await self._prepare()
        return self._chat_call(messages, schemas, tool_choice, kwargs, CallContext.of(self._spec(stream=stream)))

    async def count_tokens(
        self, messages: list[Msg], tools: Sequence[ToolLike] | None = None, *, exact: bool = False
    ) -> TokenCount:
        """How many tokens of input these messages and tools are.

        An estimate, made without a request. With `exact` the provider counts, where it can; the result says which of
        the two it is. Raises what a call raises.
        """
        from .tokens import count_tokens

        schemas = schemas_of(tools) if tools else None
        can_ask = exact and getattr(getattr(self, "codec", None), "counts_tokens", False)
        ask = partial(self._counted, messages, schemas) if can_ask else None
        return await count_tokens(messages, schemas, ask, source=self.provider_name)

    async def _counted(self, messages: list[Msg], tools: list[ToolSchema] | None) -> int:
        """The input tokens as the provider counts them, in one request with its retries."""
        from ..call.context import CallContext
        from .stream import whole

        await self._prepare()
        context = CallContext.of(self._spec())
        context.counting = True
        call = self._chat_call(messages, tools, None, {}, context)
        answer = await whole(call, await call.open())
        assert answer.usage is not None, "counting codecs give usage"
        return answer.usage.input_tokens

    def _chat_call(
        self,
        messages: list[Msg],
        tools: list[ToolSchema] | None,
        tool_choice: ToolChoice | None,
        kwargs: Mapping[str, Any],  # Any: provider body fields
        context: CallContext | None = None,
    ) -> ChatCall:
        """A call with these arguments; `context` when it is a part of a longer call."""
        make = _engine()[0]
        spec = self._spec(stream=self.stream)
        if self.settings:
            from .settings import call_arguments

            kwargs = call_arguments(self.settings, kwargs)

        send = partial(self._call_api, self.model, messages, tools, tool_choice, **kwargs)
        tokens = _estimated(messages, tools) if spec.runtime.rate_limiter.counts_tokens else 0
        return make(spec, send, tokens, context)

    def _call_api(
        self,
        model_name: str,
        messages: list[Msg],
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> Any:  # Any: a response, its awaitable, or a generator of deltas, as the provider likes
        """Exactly one attempt: send the request and return a `ChatResponse` or an async generator of deltas.

        The generator's last item may have `is_last=True` and the whole content, or carry the `finish_reason`. A block
        of a delta that was given no `id` continues the block of its kind.
        """
        raise UnsupportedFeatureError(f"{type(self).__name__} does not implement `_call_api`")

    @classmethod
    def _card_query(cls) -> CardQuery[ModelCard]:
        from ...domain.card.cards import CardQuery, ModelCard
        from ..model.cards import class_names

        return CardQuery(ModelCard, cls.Parameters, class_names(cls))


@cache
def _engine() -> tuple[
    Type[ChatCall], Type[ChatStream], Callable[[ChatCall, Answer], Coroutine[Any, Any, ChatResponse]]
]:
    """What a call is made and read with; loaded by the first call, and found at once by the others."""
    from .call import ChatCall
    from .stream import ChatStream, whole

    return ChatCall, ChatStream, whole


def _checked(
    messages: list[Msg], tools: Sequence[ToolLike] | None, choice: ToolChoice | None
) -> list[ToolSchema] | None:
    """The tools as schemas. Raises `InvalidRequestError` for arguments of a call that cannot be meant."""
    check_messages(messages)
    if not tools and choice is None:
        return None
    from ...domain.chat.tools import validate_tools  # for calls with tools only

    schemas = schemas_of(tools) if tools else None
    validate_tools(schemas, choice)
    return schemas


def _estimated(messages: list[Msg], tools: list[ToolSchema] | None) -> int:
    from ...domain.chat.tokens import estimated_quickly  # for limiters that count tokens only

    return estimated_quickly(messages, tools)


def _settings(
    settings: CallSettings | None, extra_body: Mapping[str, Any] | None, extra_headers: Mapping[str, str] | None
) -> dict[str, Any]:  # Any: each setting has its own type
    """The settings of every call, checked."""
    if not settings and extra_body is None and extra_headers is None:
        return {}
    from ...domain.chat.settings import checked_settings

    given = {**checked_settings(settings or {}), "extra_body": extra_body, "extra_headers": extra_headers}
    return checked_settings({name: value for name, value in given.items() if value is not None and value != {}})
