"""An agent that speaks: a realtime model with tools, a history, and a transport for its audio."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Self

from ...domain.errors import InvalidRequestError
from ...domain.message.blocks import ToolCallBlock
from ...domain.message.events import DataBlockDeltaEvent, ReplyEndEvent, ToolCallEndEvent, ToolResultStartEvent
from ...domain.message.messages import Msg
from ...domain.realtime.events import InterruptedEvent, RealtimeEvent, ToolCallsCancelledEvent
from ...ports.audio import AudioTransport
from ...ports.realtime import RealtimeConversation, RealtimeModel
from ..call.tasks import cancel_all
from ..model.construction import Constructed
from ..tools.function_tool import FunctionTool, ToolFunction
from .middleware import Middleware
from .reply import NewMessages, as_messages
from .streams import Owned
from .tool_calls import result_events, run_call, tools_by_name
from .voice_events import VoiceEvents

__all__ = ["RealtimeAgent", "VoiceSession"]


class RealtimeAgent(Constructed):
    """One voice conversation with a model that may call functions.

    Args:
        name: the name that its messages carry.
        model: any realtime model.
        middlewares: wrappers around each reply's events; the first one is the outermost. What they change is what is
            yielded and played; tools run, and playback stops, whatever they do. Events of the session that come while
            a reply is open pass through them too.
        system_prompt: the instructions of its sessions.
        tools: Python functions, sync or async, or `FunctionTool`s. They run while the model speaks.
        history: the conversation so far.

    `history` is the conversation as messages. A session begins with it, and brings it up to date when it ends; any chat
    agent can go on with it.
    """

    def __init__(
        self,
        name: str,
        model: RealtimeModel,
        middlewares: Sequence[Middleware] = (),
        system_prompt: str = "",
        tools: Sequence[ToolFunction | FunctionTool] = (),
        *,
        history: Sequence[Msg] = (),
    ) -> None:
        if isinstance(middlewares, str):
            raise InvalidRequestError(
                "the third argument of RealtimeAgent is a list of middlewares, got a text; give the instruction by "
                "name: RealtimeAgent(name, model, system_prompt=…)"
            )
        self.name = name
        self.model = model
        self.middlewares = list(middlewares)
        self.system_prompt = system_prompt
        self.history = as_messages(history)
        self._tools = tools_by_name(tools)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} with {self.model!r}, {len(self.history)} messages>"

    def session(self, transport: AudioTransport | None = None) -> VoiceSession:
        """A session: `async with agent.session(transport) as session`, then iterate over its events.

        With a transport the user's speech is sent, the replies are played, and playback stops when one is interrupted.
        Without one the application does it with `session.conversation`.
        """
        schemas = [tool.schema for tool in self._tools.values()]
        conversation = self.model.connect(self.system_prompt, schemas, self.history)
        return VoiceSession(self, conversation, self._tools, transport)

    async def reply_stream(
        self, message: NewMessages = None, transport: AudioTransport | None = None
    ) -> AsyncGenerator[RealtimeEvent, None]:
        """Open a session, send the message, and yield events: of its reply alone, or with a transport of the session.

        With a transport it ends with the session, or when the loop is left. For several replies over one connection
        use `session`.
        """
        async with self.session(transport) as session:
            events = session.reply_stream(message) if transport is None else session.all_events(message)
            async with aclosing(Owned(events)) as owned:
                async for event in owned:
                    yield event


class VoiceSession:
    """A running session of an agent. One task iterates over its events, which include those of the tools.

    Attributes:
        conversation: the session of the model, for everything that is sent to it.
    """

    def __init__(
        self,
        agent: RealtimeAgent,
        conversation: RealtimeConversation,
        tools: dict[str, FunctionTool],
        transport: AudioTransport | None,
    ) -> None:
        self.conversation = conversation
        self._agent = agent
        self._tools = tools
        self._transport = transport
        self._running: dict[asyncio.Task[None], str] = {}
        self._microphone: asyncio.Task[None] | None = None
        self._replies = VoiceEvents(agent.middlewares, agent, self._next)
        self._events = Owned(self._replies.stream())
        self._stopped: str | None = None

    async def __aenter__(self) -> Self:
        await self.conversation.open()
        if self._transport is not None:
            self.conversation.playback = self._transport.position
            self._microphone = asyncio.create_task(self._listen(self._transport))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        microphone = [self._microphone] if self._microphone is not None else []
        try:
            await cancel_all([*self._running, *microphone])
        finally:
            try:
                await self.conversation.aclose()
            finally:
                self._agent.history = self.conversation.history
                await self._events.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RealtimeEvent:
        event = await (self._through_middlewares() if self._agent.middlewares else self._next())
        if isinstance(event, DataBlockDeltaEvent):
            self._play(event)
        return event

    def _play(self, event: DataBlockDeltaEvent) -> None:
        if self._transport is not None and event.data and event.reply_id != self._stopped:
            self._transport.play(str(event.metadata.get("item_id")), base64.b64decode(event.data))

    async def reply_stream(self, message: NewMessages = None) -> AsyncGenerator[RealtimeEvent, None]:
        """Send the message, if there is one, and yield the events up to the end of the next reply.

        `SessionEvent`s and what else happens meanwhile are among them. Leaving the loop early ends nothing: the reply
        goes on, and so does the iteration over the session.
        """
        async with aclosing(Owned(self.all_events(message))) as events:
            async for event in events:
                yield event
                if isinstance(event, ReplyEndEvent):
                    return

    async def all_events(self, message: NewMessages = None) -> AsyncGenerator[RealtimeEvent, None]:
        """Send the message, if there is one, and yield the events up to the end of the session."""
        messages = as_messages(message)
        for index, each in enumerate(messages):
            await self.conversation.send(each, respond=index == len(messages) - 1)
        async for event in self:
            yield event

    async def _through_middlewares(self) -> RealtimeEvent:
        try:
            return await self._events.__anext__()
        except StopAsyncIteration:
            raise
        except BaseException:  # a generator ends by it, also where only the wait for this event was cancelled
            self._events = Owned(self._replies.stream())
            raise

    async def _next(self) -> RealtimeEvent:
        event = await self.conversation.__anext__()
        self._act_on(event)
        return event

    def _act_on(self, event: RealtimeEvent) -> None:
        """Play, stop and run what an event asks for."""
        transport = self._transport
        if isinstance(event, ToolCallEndEvent):
            self._run(event.reply_id, event.tool_call_id)
        elif isinstance(event, ToolCallsCancelledEvent):
            for task, call_id in self._running.items():
                if call_id in event.ids:
                    task.cancel()
        elif transport is not None and isinstance(event, InterruptedEvent):
            self._stopped = event.reply_id
            transport.clear()

    def _run(self, reply_id: str, call_id: str) -> None:
        blocks = [block for message in self.conversation.history for block in message.content]
        call = next((block for block in blocks if isinstance(block, ToolCallBlock) and block.id == call_id), None)
        if call is not None:
            task = asyncio.create_task(self._call(reply_id, call))
            self._running[task] = call_id
            task.add_done_callback(lambda done: self._running.pop(done, None))

    async def _call(self, reply_id: str, call: ToolCallBlock) -> None:
        start = ToolResultStartEvent(reply_id=reply_id, tool_call_id=call.id, tool_call_name=call.name)
        self.conversation.insert([start])
        result = await run_call(call, self._tools)
        try:
            await self.conversation.send_tool_result(result)
        except InvalidRequestError:
            return  # the session has ended meanwhile
        self.conversation.insert(result_events(reply_id, result))

    async def _listen(self, transport: AudioTransport) -> None:
        async for pcm in transport.frames():
            await self.conversation.send_audio(pcm)
