"""A transport that answers from memory, for `history`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from modelport.ports.http import HttpRequest

_USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def _chat(**message: Any) -> bytes:  # Any: JSON values
    reason = "tool_calls" if "tool_calls" in message else "stop"
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    return json.dumps({"id": "c", "model": "m", "choices": [choice], "usage": _USAGE}).encode()


def call_then_stop(number: int, last: int) -> bytes:
    """The answer to one turn of an agent: a call of `look_up`, and at last words alone."""
    words = f"step {number} " + "thinking aloud " * 10
    if number == last:
        return _chat(content=words)
    function = {"name": "look_up", "arguments": '{"q": "x"}'}
    return _chat(content=words, tool_calls=[{"id": f"call_{number}", "type": "function", "function": function}])


_RESPONSE = {
    "id": "r",
    "object": "response",
    "status": "completed",
    "model": "m",
    "output": [
        {
            "type": "message",
            "id": "m",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
}
_MESSAGE = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
_CANDIDATE = {"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP", "index": 0}
_OLLAMA = {"model": "m", "message": {"role": "assistant", "content": "Hello"}, "done": True, "done_reason": "stop"}

Answer = Callable[[int], bytes]
"""The answer to the request with this number, from 1."""


def _always(answer: dict[str, Any]) -> Answer:  # Any: JSON values
    data = json.dumps(answer).encode()
    return lambda number: data


ANSWERS: dict[str, Answer] = {
    "openai-chat": lambda number: _chat(content="Hello"),
    "moonshot": lambda number: _chat(content="Hello"),
    "openai-responses": _always(_RESPONSE),
    "anthropic": _always(_MESSAGE),
    "gemini": _always({"candidates": [_CANDIDATE], "usageMetadata": {"promptTokenCount": 1}}),
    "ollama": _always(_OLLAMA),
}


class _Response:
    status = 200

    def __init__(self, data: bytes) -> None:
        self.headers = {"content-type": "application/json", "content-length": str(len(data))}
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._data

    async def aclose(self) -> None:
        """Nothing is open."""


class Memory:
    """Keeps the last body, counts requests and answers them."""

    def __init__(self, answer: Answer) -> None:
        self.body = b""
        self.sent = 0
        self._answer = answer

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> _Response:
        """The answer to the request."""
        self.sent += 1
        self.body = request.body
        if on_connected is not None:
            on_connected()
        return _Response(self._answer(self.sent))

    async def aclose(self) -> None:
        """Nothing is open."""
