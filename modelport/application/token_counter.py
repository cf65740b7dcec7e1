"""Counting the tokens of a request: at the provider where it can, else by an estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..domain.messages import Msg
from ..domain.token_estimate import TokenCount, estimate_tokens
from ..domain.tool_choice import ToolSchema

if TYPE_CHECKING:
    from .chat_model import ChatModelBase


async def count_tokens(
    model: ChatModelBase, messages: list[Msg], tools: list[ToolSchema] | None, *, exact: bool
) -> TokenCount:
    """See `ChatModelBase.count_tokens`."""
    raise NotImplementedError
