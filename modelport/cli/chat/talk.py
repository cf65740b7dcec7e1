"""A conversation with a model: questions in, answers to a view and a speaker, finished turns to a store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from ...domain.chat.conversation import Conversation
from ...domain.errors import ModelError
from ...domain.message.blocks import TextBlock
from ...domain.message.messages import AssistantMsg, Msg
from ...domain.message.responses import ChatResponse
from .schema import as_text

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ...application.chat.model import ChatModelBase
    from ...application.tools.function_tool import FunctionTool
    from ...composition.hub import Modelport
    from ..console.answers import AnswerView
    from ..speaker import Speaker
    from .keeping import Keeper

__all__ = ["Talk"]

_INTERRUPTED = "interrupted"


class Talk:
    """A model, the conversation with it, and where answers are shown, spoken and stored.

    Args:
        keeper: stores each finished turn.
        tools: functions that the model may call.
        schema: what every answer must be; the view gets it as JSON.
    """

    def __init__(
        self,
        hub: Modelport,
        model: ChatModelBase,
        view: AnswerView,
        conversation: Conversation,
        keeper: Keeper,
        *,
        tools: Sequence[FunctionTool] = (),
        schema: type[BaseModel] | dict[str, Any] | None = None,  # Any: a JSON Schema
        speaker: Speaker | None = None,
    ) -> None:
        self.hub, self.model, self.conversation, self.keeper = hub, model, conversation, keeper
        self.tools, self.schema, self.speaker = list(tools), schema, speaker
        self.view = speaker.spoken(view) if speaker else view
        self.last: ChatResponse | None = None

    async def ask(self, question: Msg) -> None:
        """Ask, show the answer, and store both. A question that failed is left out of the conversation.

        Raises what the model raises. When the wait is cancelled, the text that has arrived stays in the conversation.
        """
        known = [*self.conversation.messages, question]
        try:
            reply, self.last = await self._answer(known)
            self.view.last(self.last)
            self.conversation.append(question, reply)
        except asyncio.CancelledError:
            if self.conversation.messages == tuple(known[:-1]) and (text := self._arrived.strip()):
                self.view.stopped()
                self.conversation.append(question, AssistantMsg("assistant", text, error=_INTERRUPTED))
                await self.store()
            raise
        await self.store()
        if self.speaker:
            await self.speaker.finish()

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self.hub.aclose()

    async def store(self) -> None:
        """Store what is new or changed in the conversation."""
        self.conversation = await self.keeper.keep(self.conversation)

    async def _answer(self, messages: list[Msg]) -> tuple[Msg, ChatResponse]:
        """The reply to store and the last response of it."""
        self._arrived = ""
        if self.schema is not None:
            return await self._structured(messages)
        if self.tools:
            return await self._with_tools(messages)
        response = await self._plain(messages)
        return response.to_message(), response

    async def _plain(self, messages: list[Msg]) -> ChatResponse:
        async for response in self._shown(await self.model(messages)):
            if response.is_last:
                return response
        raise ModelError(
            "the stream ended without its last response", provider=self.model.provider_name, model=self.model.model
        )

    async def _shown(self, answer: Any) -> AsyncGenerator[ChatResponse, None]:  # Any: a response or a stream of them
        """The answer's steps, each shown; the connection is closed however this ends."""
        if isinstance(answer, ChatResponse):
            self._show(answer)
            yield answer
            return
        async with aclosing(answer) as responses:
            async for response in responses:
                if not response.is_last:
                    self._show(response)
                yield response

    def _show(self, response: ChatResponse) -> None:
        self._arrived += response.text
        self.view.delta(response)

    async def _with_tools(self, messages: list[Msg]) -> tuple[Msg, ChatResponse]:
        """The agent's loop of calls; each call and its result are shown."""
        from ...application.agent.agent import Agent
        from ...domain.message.events import ToolResultEndEvent

        watched = _Watched(self)
        agent = Agent("assistant", watched, tools=self.tools, history=messages)
        async with aclosing(agent.reply_stream()) as events:
            async for event in events:
                if isinstance(event, ToolResultEndEvent):
                    self.view.tool_result(_call_of(watched.last, event.tool_call_id), event.state == "success")
        reply = agent.history[-1]
        assert watched.last is not None, "a reply has an answer"
        return reply, watched.last

    async def _structured(self, messages: list[Msg]) -> tuple[Msg, ChatResponse]:
        """One object; the view gets its JSON."""
        assert self.schema is not None
        found: Any = await self.model.generate_structured_output(messages, self.schema)
        text = as_text(found.content)
        block = TextBlock(text=text)
        response = ChatResponse(
            content=[block],
            usage=found.usage,
            provider=self.model.provider_name,
            model=self.model.model,
            finish_reason=found.finish_reason,
            warnings=found.warnings,
            attempts=found.attempts,
        )
        self._show(response)
        return AssistantMsg("assistant", [block], structured_output=found.content), response


class _Watched:
    """The model as an agent calls it; what arrives is shown on the way."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.model = talk.model.model
        self.stream = talk.model.stream
        self.last: ChatResponse | None = None

    async def __call__(self, messages: list[Msg], tools: Any = None, tool_choice: Any = None, **settings: Any) -> Any:
        return self._answer(await self._talk.model(messages, tools, tool_choice, **settings))

    async def _answer(self, answer: Any) -> AsyncGenerator[ChatResponse, None]:  # Any: a response or a stream
        async with aclosing(self._talk._shown(answer)) as steps:
            async for step in steps:
                if step.is_last:
                    self.last = step
                    for call in step.tool_calls:
                        self._talk.view.tool_call(call)
                yield step


def _call_of(response: ChatResponse | None, call_id: str) -> str:
    calls = response.tool_calls if response else []
    return next((call.name for call in calls if call.id == call_id), call_id)
