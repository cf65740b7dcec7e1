"""Answers for an agent's servers, and checks of its events."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

from modelport.agent import Agent
from modelport.credential import DashScopeCredential, OpenAICredential
from modelport.event import Event, TextBlockDeltaEvent
from modelport.model import OpenAIChatModel
from modelport.testing.servers.http import ScriptedAnswer, Step
from modelport.testing.servers.strict import violations_of
from modelport.tts import DashScopeTTSModel

__all__ = [
    "PCM",
    "body_is_legal",
    "calling",
    "chat",
    "collect",
    "leaked",
    "piece",
    "saying",
    "speaking",
    "steps",
    "talker",
    "text_of",
    "turns_of_the_loop",
    "types",
    "whole",
]

PCM = [b"\x01\x02\x03\x04", b"\x05\x06", b"\x07\x08\x09\x0a"]
_USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


def piece(delta: dict[str, Any] | None = None, **fields: Any) -> str:  # Any: JSON
    """One chunk of a streamed answer."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, **fields.pop("choice", {})}]
    return json.dumps({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": choices, **fields})


def ending(reason: str) -> list[str]:
    return [piece({}, choice={"finish_reason": reason}), piece(None, usage=_USAGE), "[DONE]"]


def saying(*texts: str | Step, reason: str = "stop") -> ScriptedAnswer:
    """A streamed answer with these pieces of text, between which the server may act."""
    said = [piece({"content": text}) if isinstance(text, str) else text for text in texts]
    return ScriptedAnswer.sse(*said, *ending(reason))


def calling(*calls: tuple[str, str, str], text: str = "") -> ScriptedAnswer:
    """An answer that calls: (id, name, arguments) each, the arguments in two pieces."""
    said = [piece({"content": text})] if text else []
    for index, (call_id, name, arguments) in enumerate(calls):
        half = len(arguments) // 2
        function = {"name": name, "arguments": arguments[:half]}
        call = {"index": index, "id": call_id, "type": "function", "function": function}
        said.append(piece({"tool_calls": [call]}))
        rest = {"index": index, "function": {"arguments": arguments[half:]}}
        said.append(piece({"tool_calls": [rest]}))
    return ScriptedAnswer.sse(*said, *ending("tool_calls"))


def whole(**message: Any) -> ScriptedAnswer:  # Any: JSON
    """An answer in one body."""
    reason = "tool_calls" if "tool_calls" in message else "stop"
    choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": None, **message}}
    return ScriptedAnswer.json({"id": "c1", "model": "m", "choices": [choice], "usage": _USAGE})


def chat(url: str, **options: Any) -> OpenAIChatModel:  # Any: options of the model
    return OpenAIChatModel(
        OpenAICredential(api_key="sk-secret-key-PlantedWord7", base_url=url + "/v1"), "gpt-4.1", **options
    )


def talker(url: str, **options: Any) -> DashScopeTTSModel:  # Any: options of the model
    return DashScopeTTSModel(
        DashScopeCredential(api_key="sk-secret-key-PlantedWord7", base_url=url), "qwen3-tts-flash", **options
    )


def speaking(*pieces: bytes | Step | asyncio.Event) -> ScriptedAnswer:
    """A good answer of the speech server."""

    def event(data: bytes, reason: str = "null") -> str:
        output = {"audio": {"data": base64.b64encode(data).decode()}, "finish_reason": reason}
        return json.dumps({"output": output, "request_id": "req-1", "usage": {"characters": 3}})

    said = [event(one) if isinstance(one, bytes) else one for one in pieces]
    return ScriptedAnswer.sse(*said, event(b"", "stop"))


async def collect(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


async def steps(agent: Agent, message: Any = "Hi") -> list[Event]:  # Any: any input of an agent
    return await collect(agent.reply_stream(message))


def types(events: list[Event]) -> list[str]:
    """The events' types, several of one kind in a row as one."""
    found: list[str] = []
    for event in events:
        if not found or found[-1] != event.type.value:
            found.append(event.type.value)
    return found


def text_of(events: list[Event]) -> str:
    return "".join(event.delta for event in events if isinstance(event, TextBlockDeltaEvent))


def body_is_legal(body: Any) -> bool:  # Any: JSON
    return violations_of("openai_chat", body, "gpt-4.1") == []


async def leaked(before: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """The new tasks, except those of the test's servers."""
    await turns_of_the_loop()
    left = asyncio.all_tasks() - before
    return {task for task in left if "/modelport/testing/" not in repr(task)}


async def turns_of_the_loop(count: int = 30) -> None:
    """Let all tasks run that do not wait for the network."""
    for _ in range(count):
        await asyncio.sleep(0)
