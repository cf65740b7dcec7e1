"""Counting the tokens of a request: at the provider where it can and is asked to, else by an estimate."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from ...domain.chat.tokens import TokenCount, estimated
from ...domain.chat.tools import ToolSchema, validate_tools
from ...domain.errors import NotFoundError, UnsupportedFeatureError
from ...domain.message.messages import Msg
from ...domain.message.responses import ChatResponse
from ..call.arguments import check_messages
from .call import Answer, ChatCall
from .engine import new_context

if TYPE_CHECKING:
    from .model import ChatModelBase

__all__ = ["count_tokens"]


async def count_tokens(
    model: ChatModelBase, messages: list[Msg], tools: list[ToolSchema] | None, *, exact: bool
) -> TokenCount:
    """See `ChatModelBase.count_tokens`. A server without the provider's endpoint gets an estimate, too."""
    check_messages(messages)
    validate_tools(tools, None)
    if exact and getattr(getattr(model, "codec", None), "counts_tokens", False):
        try:
            return TokenCount(await _counted(model, messages, tools), estimated=False, source=model.provider_name)
        except (NotFoundError, UnsupportedFeatureError):
            pass
    return TokenCount(estimated(messages, tools), estimated=True, source="estimate")


async def _counted(model: ChatModelBase, messages: list[Msg], tools: list[ToolSchema] | None) -> int:
    await model._prepare()
    context = new_context(model)
    context.stream, context.counting = False, True

    def attempt() -> Awaitable[Answer] | Answer:
        made: Awaitable[Answer] | Answer = model._call_api(model.model, messages, tools, None)
        return made

    call = ChatCall(context, attempt, model.retry_policy, model._get_retryable_exceptions())
    answer: ChatResponse = await call.collect(await call.open())
    assert answer.usage is not None, "counting codecs give usage"
    return answer.usage.input_tokens
