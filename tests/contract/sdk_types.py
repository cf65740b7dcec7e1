"""What the official SDKs' own types say of a request body, as servers that validate with them do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from anthropic.types import message_create_params
from google.genai import types as gemini_types
from ollama._types import ChatRequest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from openai.types.responses import ResponseInputParam, ToolParam
from pydantic import BaseModel, TypeAdapter, ValidationError

__all__ = ["sdk_refusals"]

Json = dict[str, Any]  # Any: a provider's JSON


class _ChatBody(BaseModel):
    messages: list[ChatCompletionMessageParam]
    tools: list[ChatCompletionToolParam] = []


class _ResponsesBody(BaseModel):
    input: str | ResponseInputParam
    tools: list[ToolParam] = []


class _XAIBody(BaseModel):
    """Tools need no `strict` here: docs/protocols/xai.md#responses."""

    input: str | ResponseInputParam


class _GeminiBody(BaseModel):
    contents: list[gemini_types.Content]
    systemInstruction: gemini_types.Content | None = None
    tools: list[gemini_types.Tool] = []
    toolConfig: gemini_types.ToolConfig | None = None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # Any: a type form
    return TypeAdapter(kind)


_TYPES: Mapping[str, Any] = {  # Any: type forms
    **dict.fromkeys(("openai_chat", "dashscope", "deepseek", "moonshot"), _ChatBody),
    "openai_responses": _ResponsesBody,
    "xai": _XAIBody,
    "anthropic": message_create_params.MessageCreateParams,
    "gemini": _GeminiBody,
    "ollama": ChatRequest,
}


def sdk_refusals(provider: str, body: Json) -> list[str]:
    """What the SDK of that provider's protocol refuses in the body; empty when it is legal."""
    try:
        _read(_adapter(_TYPES[provider]).validate_python(body))
    except ValidationError as error:
        return [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
    return []


def _read(value: object) -> None:
    """Iterate everything: pydantic validates the items of an `Iterable` when they are read."""
    if isinstance(value, BaseModel):
        _read(value.__dict__)
    elif isinstance(value, Mapping):
        for item in value.values():
            _read(item)
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for item in value:
            _read(item)
