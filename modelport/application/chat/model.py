"""The template of a chat model: what every provider shares, around one attempt that the provider implements.

Structured output and token counting are built upon a call of the model. The engine and the cards are imported where
they are used: a model can be built without either.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Type, TypeVar, overload

from ...domain.errors import UnsupportedFeatureError
from ...domain.retry import RetryPolicy, Timeouts
from ...ports.runtime import Runtime, default_runtime
from ..call.arguments import check_messages, check_word
from ..model.base import ModelBase, retry_policy_of
from ..model.credential import CredentialBase

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ...domain.card.cards import CardQuery, ModelCard
    from ...domain.chat.tokens import TokenCount
    from ...domain.chat.tools import ToolChoice, ToolLike, ToolSchema
    from ...domain.message.messages import Msg
    from ...domain.message.responses import ChatResponse, StructuredResponse
    from ...ports.http import HttpTransport
    from ..call.context import CallContext
    from ..model.formatter import FormatterBase
    from ..structured.run import StructuredRun
    from .call import ChatCall

__all__ = ["ChatModelBase"]
ObjectT = TypeVar("ObjectT", bound="BaseModel")


class ChatModelBase(ModelBase):
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
    ) -> None:
        policy = retry_policy_of(max_retries, retry_delay, retry_policy)
        super().__init__(credential, model, parameters, policy, timeouts, transport, runtime, card_checks)
        check_word("on_unsupported", on_unsupported, ("warn", "error"))
        self.stream = stream
        self.on_unsupported = on_unsupported
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
    ) -> ChatResponse | AsyncGenerator[ChatResponse, None]:
        """Ask the model.

        Returns at the head of the answer: a `ChatResponse`, or with `stream=True` a `ChatStream`. `kwargs` are body
        fields of the provider that override the parameters; `extra_body` and `extra_headers` are merged last. Raises
        a `ModelError`.
        """
        from ...domain.chat.tools import validate_tools  # this and the engine are loaded by the first call
        from .stream import ChatStream, whole

        check_messages(messages)
        schemas = _schemas(tools) if tools else None
        validate_tools(schemas, tool_choice)
        call = self._chat_call(messages, schemas, tool_choice, kwargs)
        answer = await call.open()
        return ChatStream(call, answer) if self.stream else await whole(call, answer)

    @overload
    async def generate_structured_output(
        self,
        messages: list[Msg],
        structured_model: Type[ObjectT],
        *,
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        allow_partial: bool = False,
        **kwargs: Any,  # Any: provider body fields
    ) -> StructuredResponse[ObjectT]: ...
    @overload
    async def generate_structured_output(
        self,
        messages: list[Msg],
        structured_model: Mapping[str, Any],  # Any: a JSON Schema
        *,
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        allow_partial: bool = False,
        **kwargs: Any,  # Any: provider body fields
    ) -> StructuredResponse[dict[str, Any]]: ...
    async def generate_structured_output(
        self,
        messages: list[Msg],
        structured_model: Type[BaseModel] | Mapping[str, Any],  # Any: a JSON Schema
        *,
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        allow_partial: bool = False,
        **kwargs: Any,  # Any: provider body fields
    ) -> StructuredResponse[Any]:
        """Ask for an object that is valid for a pydantic class or a JSON Schema.

        The model's card and protocol decide which strategies are tried, the most reliable first; `strategy` names the
        one that gave the object. When the provider refuses a strategy, the next one is tried; an invalid answer is sent
        back to the model with its errors. All requests spend the one budget of `max_retries + 1`.

        `tools` are the tools of the conversation so far: they are sent, but not called. `tool_choice` limits the
        strategies: `none` to those without a tool, `required` and `auto` to a forced or a free tool call. With
        `allow_partial` an answer cut off by its length limit is accepted if the part that arrived is valid.

        Raises `StructuredOutputError` (with `raw_text`, `errors`, `attempts` and `partial`) when no valid object came,
        `InvalidRequestError` for a `structured_model` that does not describe an object, and what a call raises.
        """
        run = self._structured_run(messages, structured_model, tools, tool_choice, kwargs, allow_partial=allow_partial)
        await self._prepare()
        return await anext(run)

    @overload
    def stream_structured_output(
        self,
        messages: list[Msg],
        structured_model: Type[ObjectT],
        *,
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        allow_partial: bool = False,
        **kwargs: Any,  # Any: provider body fields
    ) -> AsyncGenerator[StructuredResponse[ObjectT], None]: ...
    @overload
    def stream_structured_output(
        self,
        messages: list[Msg],
        structured_model: Mapping[str, Any],  # Any: a JSON Schema
        *,
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        allow_partial: bool = False,
        **kwargs: Any,  # Any: provider body fields
    ) -> AsyncGenerator[StructuredResponse[dict[str, Any]], None]: ...
    async def stream_structured_output(
        self,
        messages: list[Msg],
        structured_model: Type[BaseModel] | Mapping[str, Any],  # Any: a JSON Schema
        *,
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        allow_partial: bool = False,
        **kwargs: Any,  # Any: provider body fields
    ) -> AsyncGenerator[StructuredResponse[Any], None]:
        """The same as an async generator of the growing object.

        Steps with `is_last=False` hold what has arrived of the object, unvalidated; each is a dict of its own. When an
        invalid answer is asked for again, the steps begin anew with the next answer. The last step, with
        `is_last=True`, is what `generate_structured_output` returns.
        """
        run = self._structured_run(
            messages, structured_model, tools, tool_choice, kwargs, allow_partial=allow_partial, stream=True
        )
        await self._prepare()
        try:
            async for step in run:
                yield step
        finally:
            await run.aclose()

    async def count_tokens(
        self, messages: list[Msg], tools: Sequence[ToolLike] | None = None, *, exact: bool = False
    ) -> TokenCount:
        """How many tokens of input these messages and tools are.

        An estimate, made without a request. With `exact` the provider counts, where it can; the result says which of
        the two it is. Raises what a call raises.
        """
        from .tokens import count_tokens

        schemas = _schemas(tools) if tools else None
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

    async def _prepare(self) -> None:
        """Whatever must be done before the first request of a call, outside its clocks."""

    def _structured_run(
        self,
        messages: list[Msg],
        structured_model: Type[BaseModel] | Mapping[str, Any],  # Any: a JSON Schema
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        kwargs: Mapping[str, Any] | None = None,  # Any: provider body fields
        *,
        allow_partial: bool = False,
        stream: bool = False,
    ) -> StructuredRun:
        from ...domain.card.cards import ModelCard
        from ...domain.structured.native_output import NOTHING_NATIVE
        from ..call.context import CallContext
        from ..structured.model_facts import ModelFacts
        from ..structured.output_spec import OutputSpec
        from ..structured.run import StructuredRun

        card = self.card if self.card_checks == "on" else ModelCard.permissive(self.model)
        native = getattr(getattr(self, "codec", None), "native_output", NOTHING_NATIVE)
        return StructuredRun(
            partial(self._open, kwargs or {}),
            CallContext.of(self._spec(stream=stream)),
            ModelFacts(card, native, self.parameters),
            messages,
            OutputSpec(structured_model),
            _schemas(tools) if tools else None,
            tool_choice,
            allow_partial=allow_partial,
        )

    async def _open(
        self,
        kwargs: Mapping[str, Any],  # Any: provider body fields
        context: CallContext,
        messages: list[Msg],
        tools: list[ToolSchema] | None,
        tool_choice: ToolChoice | None,
    ) -> ChatResponse | AsyncGenerator[ChatResponse, None]:
        """One request of a longer call, with its retries: a stream when `context.stream` is set, else the response."""
        from .stream import ChatStream, whole

        call = self._chat_call(messages, tools, tool_choice, kwargs, context)
        answer = await call.open()
        return ChatStream(call, answer) if context.stream else await whole(call, answer)

    def _chat_call(
        self,
        messages: list[Msg],
        tools: list[ToolSchema] | None,
        tool_choice: ToolChoice | None,
        kwargs: Mapping[str, Any],  # Any: provider body fields
        context: CallContext | None = None,
    ) -> ChatCall:
        """A call with these arguments; `context` when it is a part of a longer call."""
        from ...domain.chat.tokens import estimated_quickly
        from .call import ChatCall

        spec = self._spec(stream=self.stream)

        def send() -> Any:  # Any: whatever a custom `_call_api` returns
            return self._call_api(self.model, messages, tools, tool_choice, **kwargs)

        tokens = estimated_quickly(messages, tools) if spec.runtime.rate_limiter.counts_tokens else 0
        return ChatCall(spec, send, tokens, context)

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


def _schemas(tools: Sequence[ToolLike]) -> list[ToolSchema]:
    """The tools as schemas; what makes schemas of functions is loaded by the first one."""
    for tool in tools:
        if not isinstance(tool, dict):
            from ..tools.schemas import tool_schemas

            return tool_schemas(tools)
    return tools  # type: ignore[return-value]  # schemas, as looked at above
