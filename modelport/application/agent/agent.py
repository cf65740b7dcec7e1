"""An agent: a model with a history and tools, whose replies are streams of events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from operator import attrgetter

from ...domain.chat.block_ids import BlockIds
from ...domain.chat.settings import CallSettings, checked_settings
from ...domain.errors import InvalidRequestError
from ...domain.ids import new_timestamp
from ...domain.message.events import Event, ModelCallStartEvent, ReplyEndEvent, ReplyStartEvent
from ...domain.message.messages import Msg, SystemMsg
from ...domain.message.responses import ChatResponse
from ...ports.models import ChatModel
from ..model.construction import Constructed
from ..tools.function_tool import FunctionTool, ToolFunction
from .block_events import BlockEvents, call_ended, call_failed, reason_of
from .middleware import Middleware, apply_middleware
from .reply import NewMessages, Reply, as_messages
from .streams import Owned, close
from .tool_calls import run_calls, tools_by_name

__all__ = ["Agent"]

_own_id = attrgetter("id")


class Agent(Constructed):
    """One conversation with a model that may call functions.

    Args:
        name: the name that its messages carry.
        model: any chat model, streaming or not.
        middlewares: wrappers around each reply's events; the first one is the outermost.
        system_prompt: an instruction before every request; none when empty.
        tools: Python functions, sync or async, or `FunctionTool`s. The calls of one turn run concurrently.
        max_turns: the most model calls of one reply.
        max_tool_calls: the most tool calls of one turn that are run, all at once; further ones fail.
        history: the conversation so far.
        settings: neutral settings of every model call, e.g. `{"thinking": "low"}`, also `extra_body` and
            `extra_headers`; they come before those of the model.

    `history` is the conversation as messages; it may be changed between replies. Each reply is one message of it, and
    the history stays valid for the provider however a reply ends. An agent gives one reply at a time: starting the next
    one ends the previous one.
    """

    def __init__(
        self,
        name: str,
        model: ChatModel,
        middlewares: Sequence[Middleware] = (),
        system_prompt: str = "",
        tools: Sequence[ToolFunction | FunctionTool] = (),
        *,
        max_turns: int = 10,
        max_tool_calls: int = 256,
        history: Sequence[Msg] = (),
        settings: CallSettings | None = None,
    ) -> None:
        if isinstance(model, str):
            raise InvalidRequestError(
                "the second argument of Agent is the model, got a text; give the instruction by name: "
                "Agent(name, model, system_prompt=…)"
            )
        if max_turns < 1:
            raise InvalidRequestError(f"max_turns is {max_turns}, expected at least 1")
        if max_tool_calls < 1:
            raise InvalidRequestError(f"max_tool_calls is {max_tool_calls}, expected at least 1")
        self.name = name
        self.model = model
        self.middlewares = list(middlewares)
        self.system_prompt = system_prompt
        self.max_turns = max_turns
        self.max_tool_calls = max_tool_calls
        self.history = as_messages(history)
        self.settings = checked_settings(settings or {})
        self._tools = tools_by_name(tools)
        self._reply: Reply | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} with {self.model!r}, {len(self.history)} messages>"

    async def reply(self, message: NewMessages = None) -> Msg:
        """Return the whole reply to a message, to several, to a text, or to the history as it is.

        Raises a `ModelError`; the text received before it is in the history.
        """
        reply = self._begin(message)
        async with aclosing(Owned(self._events(reply))) as events:
            async for _ in events:
                pass
        return reply.message

    async def reply_stream(self, message: NewMessages = None) -> AsyncGenerator[Event, None]:
        """Like `reply`, but event by event, from `ReplyStartEvent` to `ReplyEndEvent`.

        Nothing is sent before the first event is requested. Leaving the loop early ends the reply: at once with
        `aclose()`, otherwise when the generator is garbage collected.
        """
        async with aclosing(Owned(self._events(self._begin(message)))) as events:
            async for event in events:
                yield event

    def _begin(self, message: NewMessages) -> Reply:
        messages = as_messages(message)
        if not messages and not self.history:
            raise InvalidRequestError("nothing to reply to: the history is empty; pass a message")
        if self._reply is not None:
            self._reply.settle("interrupted")
        self.history += messages
        self._reply = Reply(self.history, self.name)
        return self._reply

    async def _events(self, reply: Reply) -> AsyncGenerator[Event, None]:
        """The reply's events through all middlewares; the layers are closed from the outermost inwards."""
        async with AsyncExitStack() as layers:
            events = await layers.enter_async_context(aclosing(Owned(self._run(reply))))
            for middleware in reversed(self.middlewares):
                layer = Owned(apply_middleware(middleware, self, events))
                events = await layers.enter_async_context(aclosing(layer))
            async for event in events:
                yield event

    async def _run(self, reply: Reply) -> AsyncGenerator[Event, None]:
        """Alternates model and tool calls until the model stops calling tools."""
        yield ReplyStartEvent(reply_id=reply.id, name=self.name, created_at=reply.message.created_at)
        async with aclosing(Owned(self._turns(reply))) as events:
            try:  # inside `aclosing`, so that the history is complete before the first await
                async for event in events:
                    yield event
            except Exception as error:
                reply.settle(reason_of(error))
                yield _reply_ended(reply)
                raise
            except BaseException:
                reply.settle("interrupted")
                raise
        limit = f"the reply ended after max_turns={self.max_turns} model calls" if reply.pending else None
        reply.settle(limit)
        yield _reply_ended(reply)

    async def _turns(self, reply: Reply) -> AsyncGenerator[Event, None]:
        for turn in range(self.max_turns):
            if turn:
                async with aclosing(Owned(run_calls(reply, self._tools, self.max_tool_calls))) as results:
                    async for event in results:
                        yield event
            async with aclosing(Owned(self._ask(reply))) as answer:
                async for event in answer:
                    yield event
            if not reply.pending:
                return

    async def _ask(self, reply: Reply) -> AsyncGenerator[Event, None]:
        """One call of the model."""
        yield ModelCallStartEvent(reply_id=reply.id, model_name=str(getattr(self.model, "model", "")))
        blocks = BlockEvents(reply.id)
        async with aclosing(Owned(self._answer(reply, blocks))) as answer:
            try:  # inside `aclosing`, so that the answer is closed if the caller stops at one of these events
                async for event in answer:
                    yield event
            except Exception as error:
                for event in _failed(reply, blocks, error):
                    yield event
                raise

    async def _answer(self, reply: Reply, blocks: BlockEvents) -> AsyncGenerator[Event, None]:
        """The events of one answer, which is added to the reply."""
        schemas = [tool.schema for tool in self._tools.values()]
        answer = await self.model(self._messages(), schemas or None, **self.settings)
        ids, usage, whole = BlockIds(map(_own_id, reply.message.content)), None, False
        if isinstance(answer, ChatResponse):
            answer = _once(answer)
        if not isinstance(answer, AsyncIterable):
            raise _no_answer(self.model, answer)
        try:
            async for given in answer:  # read to the end, where the connection returns to its pool
                response = ids.identified(given)
                response.usage = usage = given.usage or usage
                if response.is_last:
                    whole, events = True, _whole(reply, blocks, response)
                else:
                    reply.add_delta(response.content)
                    events = blocks.add(response.content)
                for event in events:
                    yield event
        finally:
            await close(answer)
        if not whole:
            raise InvalidRequestError(f"{type(self.model).__name__} ended its stream without a last response")

    def _messages(self) -> list[Msg]:
        instruction = [SystemMsg("system", self.system_prompt)] if self.system_prompt.strip() else []
        return [*instruction, *self.history]


def _reply_ended(reply: Reply) -> ReplyEndEvent:
    """The last event of a settled reply, which ends when its message does."""
    message = reply.message
    ended_at = message.finished_at or new_timestamp()
    return ReplyEndEvent(
        reply_id=reply.id, finish_reason=message.finish_reason, error=message.error, created_at=ended_at
    )


async def _once(answer: ChatResponse) -> AsyncGenerator[ChatResponse, None]:
    yield answer if answer.is_last else replace(answer, is_last=True)


def _failed(reply: Reply, blocks: BlockEvents, error: Exception) -> list[Event]:
    """The events that end a model call that failed."""
    ended = call_failed(reply.id, error)
    reply.used(ended.usage)
    return [*blocks.end(), ended]


def _whole(reply: Reply, blocks: BlockEvents, answer: ChatResponse) -> list[Event]:
    """Record a whole answer and return the events that end it."""
    events = blocks.end(answer.content)
    answer.content = blocks.finished(answer.content)
    reply.answered(answer)
    return [*events, call_ended(reply.id, answer)]


def _no_answer(model: ChatModel, given: object) -> InvalidRequestError:
    return InvalidRequestError(
        f"the model {type(model).__name__} returned a {type(given).__name__}, expected a ChatResponse or an async "
        "iterator of them"
    )
