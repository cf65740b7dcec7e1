"""Structured output of a chat model: objects instead of text, built upon its calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Type, TypeVar, overload

from ..model.base import ModelBase

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ...domain.card.cards import ModelCard
    from ...domain.chat.tools import ToolChoice, ToolLike, ToolSchema
    from ...domain.message.messages import Msg
    from ...domain.message.responses import ChatResponse, StructuredResponse
    from ..call.context import CallContext
    from ..structured.run import StructuredRun
    from .call import ChatCall

__all__ = ["StructuredCalls", "schemas_of"]

ObjectT = TypeVar("ObjectT", bound="BaseModel")


class StructuredCalls(ModelBase):
    """The part of a chat model that asks for objects."""

    if TYPE_CHECKING:

        @property
        def card(self) -> ModelCard:
            """The model's card."""

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
            schemas_of(tools) if tools else None,
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

    async def _prepare(self) -> None:
        """Whatever must be done before the first request of a call, outside its clocks."""

    def _chat_call(
        self,
        messages: list[Msg],
        tools: list[ToolSchema] | None,
        tool_choice: ToolChoice | None,
        kwargs: Mapping[str, Any],  # Any: provider body fields
        context: CallContext | None = None,
    ) -> ChatCall:
        """A call with these arguments; `context` when it is a part of a longer call."""
        raise NotImplementedError


def schemas_of(tools: Sequence[ToolLike]) -> list[ToolSchema]:
    """The tools as schemas; what makes schemas of functions is loaded by the first one."""
    for tool in tools:
        if not isinstance(tool, dict):
            from ..tools.schemas import tool_schemas

            return tool_schemas(tools)
    return tools  # type: ignore[return-value]  # schemas, as looked at above
