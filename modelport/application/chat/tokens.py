"""Counting the tokens of a request: at the provider where it can count and is asked to, else by an estimate."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ...domain.chat.tokens import TokenCount, estimated, text_length
from ...domain.chat.tools import ToolSchema, validate_tools
from ...domain.errors import NotFoundError, UnsupportedFeatureError
from ...domain.message.messages import Msg
from ..call.arguments import check_message_list, check_messages

__all__ = ["count_tokens"]

_LONG = 50_000
"""Characters: estimating more than this would hold the event loop for more than some milliseconds."""


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
    long = text_length(messages) > _LONG
    tokens = await asyncio.to_thread(estimated, messages, tools) if long else estimated(messages, tools)
    return TokenCount(tokens, estimated=True, source="estimate")
