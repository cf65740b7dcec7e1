"""The chat port: what agents, hubs and wrappers are typed on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from ..domain.messages import Msg
from ..domain.responses import ChatResponse
from ..domain.tool_choice import ToolChoice, ToolSchema

__all__ = ["ChatModel"]


class ChatModel(Protocol):
    """A model that answers a conversation.

    Contract: calling returns one `ChatResponse`, or with `stream` an async generator of deltas that ends with exactly
    one response with `is_last=True`. An abandoned generator is closed by `aclose()` or when it is collected. May be
    called from several tasks at once and from successive event loops.
    """

    stream: bool

    async def __call__(
        self,
        messages: list[Msg],
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> ChatResponse | AsyncGenerator[ChatResponse, None]:
        """Ask the model."""
        ...
