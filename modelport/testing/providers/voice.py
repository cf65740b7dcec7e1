"""A voice conversation over OpenAI's realtime protocol, under its present names and those of the beta.

Facts: docs/protocols/realtime-openai.md#client-events, docs/protocols/realtime-openai.md#server-events.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Protocol

from ...domain.message.blocks import ToolCallBlock
from ...ports.websocket import Frame
from .reply import Json

__all__ = ["converse"]

_SPEECH = base64.b64encode(bytes(4800)).decode()
"""A tenth of a second of silence."""


class Connection(Protocol):
    """What a session is held over."""

    @property
    def path(self) -> str:
        """With its query."""
        ...

    async def send(self, message: str) -> None:
        """Send a message."""
        ...

    async def expect(self) -> Frame:
        """The client's next message."""
        ...


async def converse(connection: Connection, replies: Iterator[str | ToolCallBlock] | None = None) -> None:
    """One session. It repeats what it is given, and calls its first tool once for each question; or it gives `replies`.

    A request after the last of them is refused.
    """
    await _Voice(connection, replies).run()


class _Voice:
    def __init__(self, connection: Connection, replies: Iterator[str | ToolCallBlock] | None) -> None:
        self._connection = connection
        self._replies = replies
        self._beta = "/api-ws/" in connection.path
        self._session: Json = {"id": "session_1"}
        self._tools: list[Json] = []
        self._said = ""
        self._output: str | None = None
        self._count = 0
        self._last: str | None = None

    async def run(self) -> None:
        await self._say("session.created", session=self._session)
        while True:
            event = _object(await self._connection.expect())
            kind = event["type"]
            if kind == "session.update":
                self._session = {**self._session, **event["session"]}
                self._tools = event["session"].get("tools", self._tools)
                await self._say("session.updated", session=self._session)
            elif kind == "conversation.item.create":
                await self._add(event["item"])
            elif kind == "input_audio_buffer.commit":
                await self._commit()
            elif kind == "response.create":
                await self._respond()
            elif kind == "response.cancel":
                error = {"code": "response_cancel_not_active", "message": "no active response"}
                await self._say("error", error={"type": "invalid_request_error", **error})
            elif kind == "conversation.item.truncate":
                await self._say("conversation.item.truncated", item_id=event["item_id"])
            elif kind == "session.finish":
                await self._say("session.finished")
                return

    async def _add(self, item: Json) -> None:
        if item["type"] == "function_call_output":
            self._output = item["output"]
        elif item.get("role") == "user":
            self._said = "".join(part.get("text", "") for part in item["content"])
            self._output = None
        await self._place({"id": self._name("item"), **item})

    async def _commit(self) -> None:
        item_id = self._name("item")
        await self._say("input_audio_buffer.committed", item_id=item_id, previous_item_id=self._last)
        await self._place({"id": item_id, "type": "message", "role": "user", "content": [{"type": "input_audio"}]})
        self._said, self._output = "something", None
        done = "conversation.item.input_audio_transcription.completed"
        await self._say(done, item_id=item_id, transcript=self._said)

    async def _respond(self) -> None:
        reply = self._reply() if self._replies is None else next(self._replies, None)
        if reply is None:
            await self._say("error", error={"type": "script_over", "message": "the script has no further reply"})
            return
        response = self._name("response")
        await self._say("response.created", response={"id": response, "status": "in_progress"})
        if isinstance(reply, str):
            await self._speak(response, reply)
        else:
            await self._call(response, reply)
        usage = {"input_tokens": 10 * self._count, "output_tokens": 5}
        await self._say("response.done", response={"id": response, "status": "completed", "usage": usage})

    async def _speak(self, response: str, text: str) -> None:
        item_id = self._name("item")
        await self._place({"id": item_id, "type": "message", "role": "assistant", "content": []})
        names = {"response_id": response, "item_id": item_id}
        silent = "text" in self._session.get("output_modalities", []) or self._session.get("modalities") == ["text"]
        for word in text.split(" "):
            piece = word if word == text.split(" ")[0] else f" {word}"
            if silent:
                await self._say("response.output_text.delta", **names, delta=piece)
                continue
            await self._say("response.output_audio_transcript.delta", **names, delta=piece)
            await self._say("response.output_audio.delta", **names, delta=_SPEECH)
        await self._say("response.output_item.done", response_id=response, item={"id": item_id, "type": "message"})

    def _reply(self) -> str | ToolCallBlock:
        if not self._tools or self._output is not None:
            return f"The answer is: {self._output}." if self._output else f"You said: {self._said}"
        tool = self._tools[0].get("function", self._tools[0])
        properties = tool.get("parameters", {}).get("properties", {})
        arguments = json.dumps({name: self._said for name in properties})
        return ToolCallBlock(id=self._name("call"), name=tool["name"], input=arguments)

    async def _call(self, response: str, call: ToolCallBlock) -> None:
        item = {"id": self._name("item"), "type": "function_call", "name": call.name, "call_id": call.id}
        arguments = call.input
        await self._say("response.output_item.added", response_id=response, item={**item, "arguments": ""})
        await self._place({**item, "arguments": ""})
        await self._say("response.output_item.done", response_id=response, item={**item, "arguments": arguments})

    async def _place(self, item: Json) -> None:
        await self._say("conversation.item.added", previous_item_id=self._last, item=item)
        self._last = item["id"]

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"

    async def _say(self, kind: str, **fields: Any) -> None:  # Any: JSON values
        if self._beta:
            kind = kind.replace(".output_audio", ".audio").replace(".output_text", ".text")
            kind = kind.replace("conversation.item.added", "conversation.item.created")
        await self._connection.send(json.dumps({"type": kind, **fields}))


def _object(frame: Frame) -> Json:
    value: Json = json.loads(frame)
    return value
