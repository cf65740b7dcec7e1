"""One row a dialect: how its model is built and what its server sends, for the tests that hold for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modelport.application.chat_model import ChatModelBase
from modelport.credential import OllamaCredential, OpenAICredential
from modelport.message import Msg, UserMsg
from modelport.model import OllamaChatModel, OpenAIChatModel
from modelport.testing.server import ScriptedAnswer, Step

__all__ = ["SAMPLES", "Sample", "question"]


@dataclass(frozen=True)
class Sample:
    """What one dialect looks like. `opening` says "Hello" and " world", `ending` ends normally."""

    name: str
    build: Callable[..., ChatModelBase]
    content_type: str
    opening: tuple[bytes, ...]
    ending: tuple[bytes, ...]
    length_ending: tuple[bytes, ...]
    error_event: bytes
    body: Any

    def model(self, url: str, **options: Any) -> ChatModelBase:
        """A model that talks to that server."""
        return self.build(url, **options)

    def stream(self, *steps: Step) -> ScriptedAnswer:
        """A streamed answer of these pieces."""
        return ScriptedAnswer(200, {"content-type": self.content_type}, list(steps))

    @property
    def whole_stream(self) -> ScriptedAnswer:
        """A good streamed answer."""
        return self.stream(*self.opening, *self.ending)

    def __str__(self) -> str:
        return self.name


def question() -> list[Msg]:
    """Any conversation."""
    return [UserMsg("user", "Say hello")]


def sse(value: Any) -> bytes:
    return b"data: " + (value.encode() if isinstance(value, str) else json.dumps(value).encode()) + b"\n\n"


def line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _chunk(delta: Any, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return sse({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]})


_USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}

OPENAI = Sample(
    "OpenAIChatModel",
    lambda url, **options: OpenAIChatModel(
        OpenAICredential(api_key="sk-secret-key", base_url=url + "/v1"), "gpt-4.1", **options
    ),
    "text/event-stream",
    (_chunk({"role": "assistant", "content": ""}), _chunk({"content": "Hello"}), _chunk({"content": " world"})),
    (_chunk({}, "stop"), sse({"id": "c1", "choices": [], "usage": _USAGE}), sse("[DONE]")),
    (_chunk({}, "length"), sse("[DONE]")),
    sse({"error": {"message": "The server had an error", "type": "server_error"}}),
    {
        "id": "c1",
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello world"}}],
        "usage": _USAGE,
    },
)


def _ollama(content: str, **more: Any) -> dict[str, Any]:
    return {"model": "m", "message": {"role": "assistant", "content": content}, "done": False, **more}


_DONE = {"done": True, "prompt_eval_count": 5, "eval_count": 2}

OLLAMA = Sample(
    "OllamaChatModel",
    lambda url, **options: OllamaChatModel(OllamaCredential(host=url), "qwen3:8b", **options),
    "application/x-ndjson",
    (line(_ollama("Hello")), line(_ollama(" world"))),
    (line(_ollama("", **_DONE, done_reason="stop")),),
    (line(_ollama("", **_DONE, done_reason="length")),),
    line({"error": "an error was encountered while running the model"}),
    _ollama("Hello world", **_DONE, done_reason="stop"),
)

SAMPLES = (OPENAI, OLLAMA)
