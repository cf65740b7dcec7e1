"""The Chat Completions classes, each with the form that its own server gives them.

Facts: docs/protocols/openai-chat.md#streaming, docs/protocols/dashscope-chat.md#compatible-mode,
docs/protocols/deepseek.md#streaming, docs/protocols/moonshot.md#usage.
"""

from __future__ import annotations

from typing import Any

from modelport.credential import DashScopeCredential, DeepSeekCredential, MoonshotCredential, OpenAICredential
from modelport.model import DashScopeChatModel, DeepSeekChatModel, MoonshotChatModel, OpenAIChatModel
from tests.contract.samples.sample import Json, Sample, sse

__all__ = ["DASHSCOPE", "DEEPSEEK", "MOONSHOT", "OPENAI"]

_KEY = "sk-secret-key-PlantedWord7"
_DONE = sse("[DONE]")


def _chunk(delta: Json, **fields: Any) -> bytes:  # Any: fields of the choice, or `usage` of the chunk
    """One chunk of one choice."""
    beside = {"usage": fields.pop("usage")} if "usage" in fields else {}
    choice = {"index": 0, "delta": delta, **fields}
    return sse({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice], **beside})


def _body(usage: Json, **message: Any) -> Json:  # Any: fields of the message
    said = {"role": "assistant", "content": "Hello world", **message}
    choice = {"index": 0, "finish_reason": "stop", "message": said}
    return {"id": "c1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}


def _usage(**fields: Any) -> Json:  # Any: what the provider adds
    return {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, **fields}


def _usage_chunk(usage: Json) -> bytes:
    return sse({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": usage})


def _error(**fields: Any) -> bytes:  # Any: fields of the error
    return sse({"error": {"message": "The server had an error", **fields}})


def _texts(**fields: Any) -> tuple[bytes, bytes]:  # Any: fields of each choice
    return _chunk({"content": "Hello"}, **fields), _chunk({"content": " world"}, **fields)


OPENAI = Sample(
    "OpenAIChatModel",
    lambda url, **options: OpenAIChatModel(OpenAICredential(api_key=_KEY, base_url=url + "/v1"), "gpt-4.1", **options),
    "text/event-stream",
    (_chunk({"role": "assistant", "content": ""}, finish_reason=None), *_texts(finish_reason=None)),
    (_chunk({}, finish_reason="stop"), _usage_chunk(_usage()), _DONE),
    (_chunk({}, finish_reason="length"), _DONE),
    _error(type="server_error"),
    _body(_usage()),
)

_CACHED = _usage(prompt_tokens_details={"cached_tokens": 3})

DASHSCOPE = Sample(
    "DashScopeChatModel",
    lambda url, **options: DashScopeChatModel(
        DashScopeCredential(api_key=_KEY, base_url=url + "/compatible-mode/v1"), "qwen-plus", **options
    ),
    "text/event-stream;charset=UTF-8",
    (_chunk({"content": "", "role": "assistant", "reasoning_content": None}, logprobs=None), *_texts()),
    (_chunk({"content": "", "role": None}, finish_reason="stop"), _usage_chunk(_CACHED), _DONE),
    (_chunk({"content": "", "role": None}, finish_reason="length"), _DONE),
    _error(type="InternalError", code="InternalError", param=None),
    _body(_CACHED),
)

_HALF_CACHED = _usage(prompt_cache_hit_tokens=3, prompt_cache_miss_tokens=2)

DEEPSEEK = Sample(
    "DeepSeekChatModel",
    lambda url, **options: DeepSeekChatModel(
        DeepSeekCredential(api_key=_KEY, base_url=url), "deepseek-v4-flash", **options
    ),
    "text/event-stream; charset=utf-8",
    (
        b": keep-alive\n\n",
        _chunk({"role": "assistant", "content": None, "reasoning_content": ""}, finish_reason=None, usage=None),
        *_texts(finish_reason=None, usage=None),
    ),
    (_chunk({"content": ""}, finish_reason="stop", usage=_HALF_CACHED), _DONE),
    (_chunk({"content": ""}, finish_reason="length", usage=_HALF_CACHED), _DONE),
    _error(type="server_error", code=500),
    _body(_HALF_CACHED),
)

MOONSHOT = Sample(
    "MoonshotChatModel",
    lambda url, **options: MoonshotChatModel(
        MoonshotCredential(api_key=_KEY, base_url=url + "/v1"), "kimi-k2.6", **options
    ),
    "text/event-stream",
    (_chunk({"role": "assistant", "content": ""}, finish_reason=None), *_texts(finish_reason=None)),
    (sse({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": _usage()}]}), _DONE),
    (sse({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "length", "usage": _usage()}]}), _DONE),
    _error(type="server_error"),
    _body(_usage(cached_tokens=3)),
)
