"""A call of a chat model, from its arguments to its answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from ...domain.chat.tokens import estimated_quickly
from ...domain.chat.tools import ToolChoice, ToolSchema, validate_tools
from ...domain.message.messages import Msg
from ...domain.message.responses import ChatResponse
from ..call.arguments import check_messages
from ..call.context import CallContext
from .call import Answer, ChatCall
from .stream import ChatStream

if TYPE_CHECKING:
    from .model import ChatModelBase

__all__ = ["call_model", "new_context", "request_tokens", "responses"]


async def call_model(
    model: ChatModelBase,
    messages: list[Msg],
    tools: list[ToolSchema] | None,
    tool_choice: ToolChoice | None,
    kwargs: Mapping[str, Any],  # Any: provider body fields
) -> ChatResponse | AsyncGenerator[ChatResponse, None]:
    """Check the arguments, make attempts of `_call_api` until one answers, and hand out the answer."""
    check_messages(messages)
    validate_tools(tools, tool_choice)
    call = _new_call(model, kwargs, new_context(model), messages, tools, tool_choice)
    answer = await call.open()
    return await ChatStream.of(call, answer) if model.stream else await call.collect(answer)


async def responses(
    model: ChatModelBase,
    kwargs: Mapping[str, Any],  # Any: provider body fields
    context: CallContext,
    messages: list[Msg],
    tools: list[ToolSchema] | None,
    tool_choice: ToolChoice | None,
) -> AsyncGenerator[ChatResponse, None]:
    """One request of a longer call, with its retries: its deltas if `context.stream`, then the whole response."""
    call = _new_call(model, kwargs, context, messages, tools, tool_choice)
    answer = await call.open()
    if not context.stream:
        yield await call.collect(answer)
        return
    async with aclosing(await call.deltas(answer, owned=True)) as deltas:
        async for response in deltas:
            yield response


def _new_call(
    model: ChatModelBase,
    kwargs: Mapping[str, Any],  # Any: provider body fields
    context: CallContext,
    messages: list[Msg],
    tools: list[ToolSchema] | None,
    tool_choice: ToolChoice | None,
) -> ChatCall:
    def attempt() -> Awaitable[Answer] | Answer:
        attempted: Awaitable[Answer] | Answer = model._call_api(model.model, messages, tools, tool_choice, **kwargs)
        return attempted

    tokens = request_tokens(model, messages, tools)
    return ChatCall(context, attempt, model.retry_policy, model._get_retryable_exceptions(), tokens)


def request_tokens(model: ChatModelBase, messages: list[Msg], tools: list[ToolSchema] | None) -> int:
    """About how many tokens one request sends, for a rate limiter that wants to know; else 0."""
    return estimated_quickly(messages, tools) if model.runtime.rate_limiter.counts_tokens else 0


def new_context(model: ChatModelBase) -> CallContext:
    """The context of a call of this model."""
    return CallContext.of(model._spec(stream=model.stream))
