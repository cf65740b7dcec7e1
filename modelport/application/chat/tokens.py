"""Counting the tokens of a request: at the provider where it can count and is asked to, else by an estimate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ...domain.chat.tokens import TokenCount, estimated
from ...domain.chat.tools import ToolSchema, validate_tools
from ...domain.errors import NotFoundError, UnsupportedFeatureError
from ...domain.message.messages import Msg
from ..call.arguments import check_message_list, check_messages

__all__ = ["count_tokens"]


async def count_tokens(
    messages: list[Msg],
    tools: list[ToolSchema] | None,
    ask: Callable[[], Awaitable[int]] | None,
    *,
    source: str,
) -> TokenCount:
    """The count; `ask` makes the request to the provider, named `source`, where that is possible and wanted.

    A server without the provider's counting endpoint gets an estimate, too. Raises what a call raises.
    """
    check_message_list(messages)
    validate_tools(tools, None)
    if ask is not None:
        check_messages(messages)
        try:
            return TokenCount(await ask(), estimated=False, source=source)
        except (NotFoundError, UnsupportedFeatureError):
            pass
    return TokenCount(estimated(messages, tools), estimated=True, source="estimate")
