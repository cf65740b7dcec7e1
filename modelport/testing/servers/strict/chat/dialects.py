"""The rows of the Chat Completions validator: what each server of that shape accepts, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..common import (
    Check,
    any_text,
    boolean,
    integer,
    list_of,
    mapping,
    matching,
    metadata,
    number,
    one_of,
    short_text,
    text_list,
)

_BODY = "docs/protocols/openai-chat.md#request-body"
_MESSAGES = "docs/protocols/openai-chat.md#messages"

# Rules that every server of this shape shares; those of the other servers start from this one.
SHARED_RULES: Mapping[str, str] = {
    "model-required": _BODY,
    "messages-required": _BODY,
    "field-value": _BODY,
    "tools-empty": _BODY,
    "tool-shape": _BODY,
    "tool-schema": "docs/protocols/structured-output.md#schemas-of-tools",
    "tool-choice-shape": _BODY,
    "tool-choice-without-tools": _BODY,
    "stream-options-without-stream": _BODY,
    "response-format": _BODY,
    "json-word": _BODY,
    "role-legal": _MESSAGES,
    "content-shape": _MESSAGES,
    "empty-content": "docs/protocols/README.md#facts-that-shaped-the-design",
    "assistant-content-null": _MESSAGES,
    "part-type": _MESSAGES,
    "part-fields": _MESSAGES,
    "image-url": _MESSAGES,
    "tool-call-shape": _MESSAGES,
    "tool-call-arguments-string": _MESSAGES,
    "tool-call-arguments-json": _MESSAGES,
    "tool-call-id-unique": _MESSAGES,
    "tool-call-unanswered": _MESSAGES,
    "tool-result-after-call": _MESSAGES,
    "tool-result-duplicate": _MESSAGES,
    "tool-content": _MESSAGES,
}

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def _anything(value: object) -> None:
    """Whatever a server makes of it."""


def _stop(value: object) -> str | None:
    """One stop string or up to four of them."""
    listed = isinstance(value, list) and text_list(value) is None and len(value) <= 4
    return None if isinstance(value, str) or listed else "a string or up to 4 strings"


SHARED_FIELDS: Mapping[str, Check] = {
    "max_completion_tokens": integer(1),
    "max_tokens": integer(1),
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "presence_penalty": number(-2, 2),
    "frequency_penalty": number(-2, 2),
    "logit_bias": mapping,
    "seed": integer(),
    "n": integer(1),
    "logprobs": boolean,
    "top_logprobs": integer(0, 20),
    "stop": _stop,
    "reasoning_effort": one_of(*EFFORTS),
    "verbosity": one_of("low", "medium", "high"),
    "parallel_tool_calls": boolean,
    "stream": boolean,
    "stream_options": mapping,
    "store": boolean,
    "prediction": mapping,
    "prompt_cache_options": mapping,
    "metadata": metadata,
    "service_tier": one_of("auto", "default", "flex", "scale", "priority", "fast"),
    "safety_identifier": short_text(128),
    "prompt_cache_key": any_text,
    "prompt_cache_retention": one_of("in_memory", "24h"),
    "modalities": list_of("text", "audio"),
}


@dataclass(frozen=True)
class Dialect:
    """One server that speaks Chat Completions, described by its differences."""

    name: str
    own_rules: Mapping[str, str]
    user_parts: frozenset[str]
    tool_parts: frozenset[str] = frozenset({"text"})  # empty: a plain string only
    assistant_parts: frozenset[str] = frozenset({"text"})
    image_types: frozenset[str] | None = None  # None: the handbook names no list
    fields: Mapping[str, Check] = field(default_factory=dict)
    unsupported: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()  # shared rules that this server does not enforce

    @property
    def rules(self) -> dict[str, str]:
        """Rule ids with the heading of the handbook that states them for this server."""
        kept = {rule: source for rule, source in SHARED_RULES.items() if rule not in self.dropped}
        return {**kept, **self.own_rules}

    @property
    def field_table(self) -> dict[str, Check]:
        """Field checks with the differences of this server applied."""
        return {**SHARED_FIELDS, **self.fields}


_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

OPENAI = Dialect(
    name="openai_chat",
    user_parts=frozenset({"text", "image_url", "input_audio", "file"}),
    assistant_parts=frozenset({"text", "refusal"}),
    image_types=_IMAGES,
    own_rules={
        "audio-part": _MESSAGES,
        "audio-model": _MESSAGES,
        "file-part": _MESSAGES,
        "assistant-audio": _MESSAGES,
        "audio-output": _BODY,
        "parallel-without-tools": _BODY,
        "cache-breakpoint-limit": _BODY,
        "max-tokens-reasoning-model": _BODY,
        "sampling-reasoning-model": _BODY,
        "stop-reasoning-model": _BODY,
        "strict-schema": "docs/protocols/openai-chat.md#request-body",
        "foreign-reasoning": "docs/protocols/openai-chat.md#round-trip-rules",
    },
)

_QWEN = "docs/protocols/dashscope-chat.md#compatible-mode"
_QWEN_THINKING = "docs/protocols/dashscope-chat.md#models"

DASHSCOPE = Dialect(
    name="dashscope",
    user_parts=frozenset({"text", "image_url", "video_url", "video", "input_audio"}),
    fields={
        "temperature": number(0, 2, open_high=True),
        "top_p": number(0, 1, open_low=True),
        "top_k": integer(),
        "repetition_penalty": number(0, float("inf")),
        "enable_thinking": boolean,
        "thinking_budget": integer(0),
        "preserve_thinking": boolean,
        "enable_search": boolean,
    },
    unsupported=frozenset({"frequency_penalty"}),
    own_rules={
        "field-value": "docs/protocols/dashscope-chat.md#native-chat",
        "part-type": _QWEN,
        "audio-part": _QWEN,
        "video-part": _QWEN,
        "audio-output": _QWEN,
        "unsupported-field": _QWEN,
        "parallel-without-tools": _BODY,
        "json-word": "docs/protocols/dashscope-chat.md#models",
        "json-schema-model": "docs/protocols/dashscope-chat.md#models",
        "foreign-reasoning": "docs/protocols/dashscope-chat.md#round-trip-rules",
        "preserve-thinking-model": _QWEN_THINKING,
        "thinking-switch-model": _QWEN_THINKING,
        "thinking-needs-stream": "docs/protocols/dashscope-chat.md#models",
        "tool-choice-thinking": "docs/protocols/dashscope-chat.md#models",
        "user-message-model": "docs/protocols/dashscope-chat.md#quirks",
    },
)

DEEPSEEK = Dialect(
    name="deepseek",
    user_parts=frozenset({"text", "image_url", "file"}),
    tool_parts=frozenset({"text", "image_url"}),
    image_types=_IMAGES,
    fields={
        "reasoning_effort": one_of("minimal", "low", "medium", "high", "xhigh", "max", "ultra"),
        "user_id": matching(r"[A-Za-z0-9_-]{1,512}"),
    },
    unsupported=frozenset({"seed", "top_k", "user"}),
    own_rules={
        "part-type": "docs/protocols/deepseek.md#request",
        "part-type-model": "docs/protocols/deepseek.md#request",
        "image-url": "docs/protocols/deepseek.md#request",
        "file-part": "docs/protocols/deepseek.md#request",
        "tool-content": "docs/protocols/deepseek.md#request",
        "unsupported-field": "docs/protocols/deepseek.md#request",
        "json-word": "docs/protocols/deepseek.md#request",
        "json-schema-unsupported": "docs/protocols/deepseek.md#request",
        "tools-limit": "docs/protocols/deepseek.md#request",
        "token-cap-field": "docs/protocols/deepseek.md#request",
        "tool-choice-thinking": "docs/protocols/deepseek.md#request",
        "thinking-shape": "docs/protocols/deepseek.md#thinking",
        "effort-thinking-off": "docs/protocols/deepseek.md#thinking",
        "prefix-place": "docs/protocols/deepseek.md#request",
        "reasoning-required": "docs/protocols/deepseek.md#round-trip-rules",
    },
)

_KIMI_PARTS = "docs/protocols/moonshot.md#request"

MOONSHOT = Dialect(
    name="moonshot",
    user_parts=frozenset({"text", "image_url", "video_url"}),
    tool_parts=frozenset(),
    image_types=_IMAGES | {"image/bmp", "image/heic"},
    fields={"reasoning_effort": one_of("low", "high", "max")},
    unsupported=frozenset({"seed", "top_k"}),
    dropped=frozenset({"json-word"}),
    own_rules={
        "part-type": _KIMI_PARTS,
        "image-url": _KIMI_PARTS,
        "media-inline": _KIMI_PARTS,
        "video-part": _KIMI_PARTS,
        "tool-content": "docs/protocols/moonshot.md#request",
        "tool-shape": "docs/protocols/moonshot.md#request",
        "tool-choice-without-tools": "docs/protocols/moonshot.md#request",
        "tool-choice-model": "docs/protocols/moonshot.md#request",
        "tool-schema": "docs/protocols/moonshot.md#tool-schema",
        "schema-dollar-key": "docs/protocols/moonshot.md#request",
        "unsupported-field": "docs/protocols/moonshot.md#request",
        "sampling-model": "docs/protocols/moonshot.md#request",
        "thinking-model": "docs/protocols/moonshot.md#thinking",
        "partial-place": "docs/protocols/moonshot.md#request",
        "partial-json": "docs/protocols/moonshot.md#request",
        "empty-assistant": "docs/protocols/moonshot.md#quirks",
        "reasoning-required": "docs/protocols/moonshot.md#round-trip-rules",
    },
)

XAI_CHAT = Dialect(
    name="xai_chat",
    user_parts=frozenset({"text", "image_url"}),
    image_types=frozenset({"image/png", "image/jpeg"}),
    fields={"reasoning_effort": one_of("none", "low", "medium", "high", "xhigh")},
    dropped=frozenset({"json-word"}),
    own_rules={
        "tool-choice-shape": "docs/protocols/xai.md#chat-completions",
        "penalty-reasoning-model": "docs/protocols/xai.md#chat-completions",
        "effort-model": "docs/protocols/xai.md#models",
        "foreign-reasoning": "docs/protocols/xai.md#round-trip-rules",
    },
)

# A local server that passes most of a body through to a template: only the outline is checked.
OLLAMA_COMPATIBLE = Dialect(
    name="ollama_compatible",
    user_parts=frozenset({"text", "image_url"}),
    tool_parts=frozenset({"text", "image_url"}),
    dropped=frozenset({"tools-empty", "tool-choice-without-tools", "json-word"}),
    own_rules={},
)

# What any server of the shape takes: parts of every kind, and fields that are not known here.
_SHAPED = "docs/protocols/openai-shaped-providers.md#tools-structured-output-usage-stream-end"
_PARTS = frozenset({"text", "image_url", "input_audio", "file", "video_url", "video"})
CHAT_COMPLETIONS = Dialect(
    name="chat_completions",
    user_parts=_PARTS,
    tool_parts=_PARTS,
    assistant_parts=frozenset({"text", "thinking", "refusal"}),
    fields={
        **dict.fromkeys(("service_tier", "prompt_cache_retention", "top_logprobs", "modalities"), _anything),
    },
    dropped=frozenset({"json-word"}),
    own_rules={"audio-part": _MESSAGES, "file-part": _MESSAGES, "video-part": _SHAPED},
)

DIALECTS: Mapping[str, Dialect] = {
    row.name: row for row in (OPENAI, DASHSCOPE, DEEPSEEK, MOONSHOT, XAI_CHAT, OLLAMA_COMPATIBLE, CHAT_COMPLETIONS)
}
