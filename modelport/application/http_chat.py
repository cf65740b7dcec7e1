"""The template of chat models over HTTP: a provider is a pure codec and an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .chat_model import ChatModelBase

if TYPE_CHECKING:
    from ..domain.messages import Msg
    from ..domain.tool_choice import ToolChoice, ToolSchema
    from .chat_call import Answer
    from .codec import ChatCodec, Endpoint

__all__ = ["HttpChatModel"]


class HttpChatModel(ChatModelBase):
    """A chat model whose provider is a codec and an endpoint."""

    codec: ChatCodec

    def endpoint(self) -> Endpoint:
        """Where requests go, with the headers that identify the caller."""
        raise NotImplementedError

    def model_family(self) -> str:
        """The family whose replay data this model reads; empty when the provider's models read each other's."""
        return ""

    async def _call_api(
        self,
        model_name: str,
        messages: list[Msg],
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> Answer:
        from .http_attempt import attempt  # with the engine, by the first call

        return await attempt(self, model_name, messages, tools or (), tool_choice, kwargs)
