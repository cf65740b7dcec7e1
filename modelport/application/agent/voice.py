"""An agent that speaks: a realtime model with tools, a history, and a transport for its audio."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from ...domain.errors import InvalidRequestError
from ...domain.message.blocks import ToolCallBlock
from ...domain.message.events import DataBlockDeltaEvent, ToolCallEndEvent, ToolResultStartEvent
from ...domain.message.messages import Msg
from ...domain.realtime.events import InterruptedEvent, RealtimeEvent, ToolCallsCancelledEvent
from ...ports.audio import AudioTransport
from ..call.tasks import cancel_all
from ..realtime.model import RealtimeModelBase
from ..realtime.session import RealtimeSession
from ..tools.function_tool import FunctionTool, ToolFunction
from .reply import as_messages
from .tool_calls import result_events, run_call, tools_by_name

__all__ = ["RealtimeAgent", "VoiceSession"]


class RealtimeAgent:
    """One voice conversation with a model that may call functions.

    Args:
        name: the name that its messages carry.
        model: any realtime model.
        system_prompt: the instructions of its sessions.
        tools: Python functions, sync or async, or `FunctionTool`s. They run while the model speaks.
        history: the conversation so far.

    `history` is the conversation as messages. A session begins with it, and brings it up to date when it ends; any chat
    agent can go on with it.
    """

    def __init__(
        self,
        name: str,
        model: RealtimeModelBase,
        system_prompt: str = "",
        tools: Sequence[ToolFunction | FunctionTool] = (),
        *,
        history: Sequence[Msg] = (),
    ) -> None:
        self.name = name
        self.model = model
        self.system_prompt = system_prompt
        self.history = as_messages(history)
        self._tools = tools_by_name(tools)

    def session(self, transport: AudioTransport | None = None) -> VoiceSession:
        """A session: `async with agent.session(transport) as session`, then iterate over its events.

        With a transport the user's speech is sent, the replies are played, and playback stops when one is interrupted.
        Without one the application does it with `session.conversation`.
        """
        schemas = [tool.schema for tool in self._tools.values()]
        conversation = self.model.connect(self.system_prompt, schemas, self.history)
        return VoiceSession(self, conversation, self._tools, transport)


class VoiceSession:
    """A running session of an agent. One task iterates over its events, which include those of the tools.

    Attributes:
        conversation: the session of the model, for everything that is sent to it.
    """

    def __init__(
        self,
        agent: RealtimeAgent,
        conversation: RealtimeSession,
        tools: dict[str, FunctionTool],
        transport: AudioTransport | None,
    ) -> None:
        self.conversation = conversation
        self._agent = agent
        self._tools = tools
        self._transport = transport
        self._running: dict[asyncio.Task[None], str] = {}
        self._microphone: asyncio.Task[None] | None = None

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
            await self.conversation.aclose()
            self._agent.history = self.conversation.history

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RealtimeEvent:
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
        elif transport is not None and isinstance(event, DataBlockDeltaEvent) and event.data:
            transport.play(str(event.metadata.get("item_id")), base64.b64decode(event.data))
        elif transport is not None and isinstance(event, InterruptedEvent):
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
