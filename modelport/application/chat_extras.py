"""What a chat model can do beside being called: structured output and counting tokens.

Each is loaded when it is first used.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, Type, cast

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..domain.messages import Msg
    from ..domain.responses import StructuredResponse
    from ..domain.token_estimate import TokenCount
    from ..domain.tool_choice import ToolChoice, ToolSchema
    from .chat_model import ChatModelBase

__all__ = ["ChatExtras"]


class ChatExtras:
    """The part of `ChatModelBase` that is built upon a call of it."""

    async def generate_structured_output(
        self,
        messages: list[Msg],
        structured_model: Type[BaseModel] | Mapping[str, Any],  # Any: a JSON Schema
        *,
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        allow_partial: bool = False,
        **kwargs: Any,  # Any: provider body fields
    ) -> StructuredResponse:
        """Ask for an object that is valid for a pydantic class or a JSON Schema.

        The ways to ask are chosen by the model's card and protocol, the surest first (`strategy` names the one that
        served); a way that the provider refuses is followed by the next, and an invalid answer goes back to the model
        with what is wrong with it. All of it spends the one budget of `max_retries + 1` requests.

        `tools` are those that the conversation speaks of: they are sent, and not called. `tool_choice` narrows the
        ways: `none` to those without a tool, `required` and `auto` to a forced or a free tool call. With
        `allow_partial` an answer cut off by its length limit is accepted if what there is of it is valid.

        Raises `StructuredOutputError` (with `raw_text`, `errors`, `attempts` and `partial`) when no valid object came,
        `InvalidRequestError` for a `structured_model` that does not describe an object, and what a call raises.
        """
        from .structured_runner import StructuredRun

        model = cast("ChatModelBase", self)
        run = StructuredRun(model, messages, structured_model, tools, tool_choice, kwargs, allow_partial=allow_partial)
        return await run.result()

    async def stream_structured_output(
        self,
        messages: list[Msg],
        structured_model: Type[BaseModel] | Mapping[str, Any],  # Any: a JSON Schema
        *,
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        allow_partial: bool = False,
        **kwargs: Any,  # Any: provider body fields
    ) -> AsyncGenerator[StructuredResponse, None]:
        """The same, watched while it grows: an async generator.

        Steps with `is_last=False` hold what has arrived of the object, unvalidated: one dict that grows from step to
        step, so copy what you keep. When an invalid answer is asked for again, a new dict begins to grow. The last
        step, with `is_last=True`, is what `generate_structured_output` returns.
        """
        from contextlib import aclosing

        from .owned import Owned
        from .structured_runner import StructuredRun

        model = cast("ChatModelBase", self)
        run = StructuredRun(model, messages, structured_model, tools, tool_choice, kwargs, allow_partial=allow_partial)
        async with aclosing(Owned(run.steps())) as steps:
            async for step in steps:
                yield step

    async def count_tokens(
        self, messages: list[Msg], tools: list[ToolSchema] | None = None, *, exact: bool = False
    ) -> TokenCount:
        """How many tokens of input these messages and tools are.

        An estimate, made without a request; with `exact` the provider is asked where it can count, and the result says
        whether it did. Raises what a call raises.
        """
        from .token_counter import count_tokens

        return await count_tokens(cast("ChatModelBase", self), messages, tools, exact=exact)

    async def _prepare(self) -> None:
        """Whatever must be done before the first request of a call, outside its clocks."""
