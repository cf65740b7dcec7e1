"""The Responses classes.

Facts: docs/protocols/openai-responses.md#streaming-events, docs/protocols/xai.md#responses.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from modelport.credential import OpenAICredential, XAICredential
from modelport.model import ChatModelBase, OpenAIResponseModel, XAIChatModel
from tests.contract.samples.sample import Json, Sample, sse

__all__ = ["OPENAI_RESPONSES", "XAI"]

_KEY = "sk-secret-key-PlantedWord7"


def _message(text: str, status: str) -> Json:
    parts = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": status, "content": parts}


def _response(status: str, output: list[Json], **fields: Any) -> Json:  # Any: fields of the response
    return {"id": "resp_1", "object": "response", "model": "m", "status": status, "output": output, **fields}


def _sample(name: str, build: Callable[..., ChatModelBase], usage: Json, done: str, error: bytes, cut: str) -> Sample:
    """A Responses server: `done` is its last event, `cut` its word for too long an answer."""
    numbers = itertools.count()

    def event(kind: str, **fields: Any) -> bytes:  # Any: fields of the event
        return sse({"type": kind, "sequence_number": next(numbers), **fields}, event=kind)

    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    whole = _message("Hello world", "completed")
    half = _message("Hello world", "incomplete")
    ended = _response("completed", [whole], usage=usage)
    stopped = _response("incomplete", [half], usage=usage, incomplete_details={"reason": cut})
    return Sample(
        name,
        build,
        "text/event-stream; charset=utf-8",
        (
            event("response.created", response=_response("in_progress", [])),
            event("response.output_item.added", output_index=0, item=_message("", "in_progress")),
            event("response.output_text.delta", **place, delta="Hello"),
            event("response.output_text.delta", **place, delta=" world"),
        ),
        (event("response.output_item.done", output_index=0, item=whole), event(done, response=ended)),
        (
            event("response.output_item.done", output_index=0, item=half),
            event("response.incomplete", response=stopped),
        ),
        error,
        ended,
    )


_FAULT = {"type": "server_error", "code": "server_error", "message": "The server had an error", "param": None}
_FAILED = _response("failed", [], error={"code": "server_error", "message": "The server had an error"})

OPENAI_RESPONSES = _sample(
    "OpenAIResponseModel",
    lambda url, **options: OpenAIResponseModel(
        OpenAICredential(api_key=_KEY, base_url=url + "/v1"), "gpt-5.6", **options
    ),
    {
        "input_tokens": 5,
        "input_tokens_details": {"cached_tokens": 3},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 7,
    },
    "response.completed",
    sse({"type": "error", "sequence_number": 4, "error": _FAULT}, event="error")
    + sse({"type": "response.failed", "sequence_number": 5, "response": _FAILED}, event="response.failed"),
    "max_output_tokens",
)

XAI = _sample(
    "XAIChatModel",
    lambda url, **options: XAIChatModel(XAICredential(api_key=_KEY, base_url=url + "/v1"), "grok-4.3", **options),
    {"input_tokens": 5, "output_tokens": 2, "num_sources_used": 0},
    "response.done",
    sse({"code": "The service is currently unavailable", "error": "Please try again later."}),
    "length",
)
