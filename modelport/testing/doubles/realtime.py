"""A realtime model whose replies a test writes; everything between the application and the wire is real."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import SecretStr

from ...adapters.openai.credential import OpenAICredential
from ...adapters.openai.realtime import OpenAIRealtimeModel, OpenAIRealtimeParameters
from ...domain.message.blocks import ToolCallBlock
from ...ports.runtime import default_runtime
from ...ports.websocket import Frame, WebSocketClosed, WebSocketRequest
from ..providers.voice import converse

__all__ = ["ScriptedRealtimeModel"]


class ScriptedRealtimeModel(OpenAIRealtimeModel):
    """Gives these replies, one for each response that is asked for: texts, which it speaks, and tool calls.

    It is OpenAI's model with a server in this process. A request after the last reply is refused, which the session
    reports as a `SessionErrorEvent`.

    Args:
        replies: the replies of all its sessions together, in order.
        parameters: as of `OpenAIRealtimeModel`.
    """

    type = "scripted_realtime"

    def __init__(
        self, replies: Sequence[str | ToolCallBlock], parameters: OpenAIRealtimeParameters | None = None
    ) -> None:
        runtime = replace(default_runtime(), websockets=_InProcess(iter(replies)))
        credential = OpenAICredential(api_key=SecretStr("no-key"))
        super().__init__(credential, "scripted", parameters, runtime=runtime, card_checks="off")


class _InProcess:
    """Connects to a conversation that runs in a task."""

    def __init__(self, replies: Iterator[str | ToolCallBlock]) -> None:
        self._replies = replies

    async def connect(self, request: WebSocketRequest) -> _Line:
        return _Line(request.url, self._replies)

    async def aclose(self) -> None:
        """Each connection is closed by itself."""


class _Line:
    """Both ends of one connection."""

    def __init__(self, url: str, replies: Iterator[str | ToolCallBlock]) -> None:
        self._to_client: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._to_server: asyncio.Queue[Frame] = asyncio.Queue()
        self._server = asyncio.create_task(converse(_ServerEnd(url, self._to_client, self._to_server), replies))

    async def send(self, frame: Frame) -> None:
        self._to_server.put_nowait(frame)

    async def receive(self) -> Frame:
        frame = await self._to_client.get()
        if frame is None:
            self._to_client.put_nowait(None)
            raise WebSocketClosed(1000)
        return frame

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        self._to_client.put_nowait(None)
        self._server.cancel()
        await asyncio.wait([self._server])


class _ServerEnd:
    def __init__(self, path: str, to_client: asyncio.Queue[Frame | None], to_server: asyncio.Queue[Frame]) -> None:
        self.path = path
        self._to_client = to_client
        self._to_server = to_server

    async def send(self, message: str) -> None:
        self._to_client.put_nowait(message)

    async def expect(self) -> Frame:
        return await self._to_server.get()
