"""The classes with a protocol of their own.

Facts: docs/protocols/anthropic-messages.md#streaming, docs/protocols/anthropic-messages.md#errors,
docs/protocols/gemini.md#streaming, docs/protocols/gemini.md#errors, docs/protocols/ollama.md#response.
"""

from __future__ import annotations

from typing import Any

from modelport.credential import AnthropicCredential, GeminiCredential, OllamaCredential
from modelport.model import AnthropicChatModel, GeminiChatModel, OllamaChatModel
from tests.contract.samples.sample import Json, Sample, line, sse

__all__ = ["ANTHROPIC", "GEMINI", "OLLAMA"]

_KEY = "sk-secret-key-PlantedWord7"


def _event(kind: str, **fields: Any) -> bytes:  # Any: fields of the event
    return sse({"type": kind, **fields}, event=kind)


def _text(text: str) -> bytes:
    return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def _anthropic_end(reason: str) -> tuple[bytes, ...]:
    return (
        _event("content_block_stop", index=0),
        _event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 2}),
        _event("message_stop"),
    )


_MESSAGE: Json = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [],
    "stop_reason": None,
    "usage": {"input_tokens": 1, "cache_creation_input_tokens": 1, "cache_read_input_tokens": 3, "output_tokens": 1},
}

ANTHROPIC = Sample(
    "AnthropicChatModel",
    lambda url, **options: AnthropicChatModel(
        AnthropicCredential(api_key=_KEY, base_url=url), "claude-sonnet-4-6", **options
    ),
    "text/event-stream; charset=utf-8",
    (
        _event("message_start", message=_MESSAGE),
        _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        _event("ping"),
        _text("Hello"),
        _text(" world"),
    ),
    _anthropic_end("end_turn"),
    _anthropic_end("max_tokens"),
    _event("error", error={"type": "overloaded_error", "message": "Overloaded"}),
    {
        **_MESSAGE,
        "content": [{"type": "text", "text": "Hello world"}],
        "stop_reason": "end_turn",
        "usage": {**_MESSAGE["usage"], "output_tokens": 2},
    },
)

_USAGE = {"promptTokenCount": 5, "candidatesTokenCount": 1, "thoughtsTokenCount": 1, "totalTokenCount": 7}


def _answer(text: str, reason: str = "", **fields: Any) -> Json:  # Any: fields of the answer
    candidate: Json = {"content": {"parts": [{"text": text}], "role": "model"}}
    if reason:
        candidate["finishReason"] = reason
    return {"candidates": [candidate], "modelVersion": "m", "responseId": "r1", **fields}


def _crlf(value: Json) -> bytes:
    return sse(value, line_end="\r\n")


_FAULT = {"error": {"code": 500, "message": "An internal error has occurred", "status": "INTERNAL"}}

GEMINI = Sample(
    "GeminiChatModel",
    lambda url, **options: GeminiChatModel(GeminiCredential(api_key=_KEY, base_url=url), "gemini-2.5-flash", **options),
    "text/event-stream",
    (
        _crlf({"usageMetadata": {"promptTokenCount": 6}, "modelVersion": "m", "responseId": "r1"}),
        _crlf(_answer("Hello")),
        _crlf(_answer(" world")),
    ),
    (_crlf(_answer("", "STOP", usageMetadata=_USAGE)),),
    (_crlf(_answer("", "MAX_TOKENS", usageMetadata=_USAGE)),),
    _crlf(_FAULT),
    _answer("Hello world", "STOP", usageMetadata=_USAGE),
)


def _ollama(content: str, **more: Any) -> Json:  # Any: fields of the line
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
