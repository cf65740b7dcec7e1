"""The rows of the Responses validator: what each server of that shape accepts, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..chat.dialects import EFFORTS
from ..common import Check, any_text, boolean, integer, mapping, metadata, number, one_of, short_text

_REQUEST = "docs/protocols/openai-responses.md#request"
_INPUT = "docs/protocols/openai-responses.md#input-items"
_ROUND_TRIP = "docs/protocols/openai-responses.md#round-trip-rules"
_TRAPS = "docs/protocols/openai-responses.md#quirks"

SHARED_RULES: Mapping[str, str] = {
    "model-required": _REQUEST,
    "input-required": _REQUEST,
    "field-value": _REQUEST,
    "unsupported-field": _REQUEST,
    "include-value": _REQUEST,
    "text-format": _REQUEST,
    "tool-shape": _REQUEST,
    "tool-schema": "docs/protocols/structured-output.md#schemas-of-tools",
    "tool-nested-function": _REQUEST,
    "tool-choice-shape": _REQUEST,
    "conversation-exclusive": _REQUEST,
    "stored-reference": _REQUEST,
    "item-type": _INPUT,
    "role-legal": _INPUT,
    "content-shape": _INPUT,
    "empty-content": "docs/protocols/README.md#facts-that-shaped-the-design",
    "part-type": _INPUT,
    "part-fields": _INPUT,
    "image-url": _INPUT,
    "file-part": _INPUT,
    "tool-call-shape": _INPUT,
    "tool-call-arguments-string": _INPUT,
    "tool-call-arguments-json": _INPUT,
    "tool-output-shape": _INPUT,
    "tool-call-id-unique": _ROUND_TRIP,
    "tool-call-unanswered": _ROUND_TRIP,
    "tool-result-after-call": _ROUND_TRIP,
    "tool-result-duplicate": _ROUND_TRIP,
    "reasoning-shape": _ROUND_TRIP,
    "reasoning-stateless": _TRAPS,
}

SHARED_FIELDS: Mapping[str, Check] = {
    "instructions": any_text,
    "max_output_tokens": integer(1),
    "max_tool_calls": integer(1),
    "parallel_tool_calls": boolean,
    "store": boolean,
    "stream": boolean,
    "background": boolean,
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "top_logprobs": integer(0, 20),
    "truncation": one_of("disabled", "auto"),
    "metadata": metadata,
    "safety_identifier": short_text(128),
    "prompt_cache_key": any_text,
    "text": mapping,
    "reasoning": mapping,
    "previous_response_id": any_text,
}

REASONING_FIELDS: Mapping[str, Check] = {
    "effort": one_of(*EFFORTS),
    "summary": one_of("auto", "concise", "detailed"),
    "context": one_of("auto", "current_turn", "all_turns"),
    "mode": one_of("standard", "pro"),
}

_INCLUDES = frozenset(
    {
        "reasoning.encrypted_content",
        "message.output_text.logprobs",
        "message.input_image.image_url",
        "web_search_call.action.sources",
        "web_search_call.results",
        "file_search_call.results",
        "code_interpreter_call.outputs",
        "computer_call_output.output.image_url",
    }
)
_XAI_INCLUDES = frozenset(
    {
        "reasoning.encrypted_content",
        "file_search_call.results",
        "web_search_call.action.sources",
        "code_interpreter_call.outputs",
        "no_inline_citations",
    }
)


@dataclass(frozen=True)
class Dialect:
    """One server that speaks Responses, described by its differences."""

    name: str
    own_rules: Mapping[str, str]
    includes: frozenset[str]
    user_parts: frozenset[str]
    output_parts: frozenset[str]
    item_types: frozenset[str]
    image_types: frozenset[str]
    fields: Mapping[str, Check] = field(default_factory=dict)

    @property
    def rules(self) -> dict[str, str]:
        """Rule ids with the heading of the handbook that states them for this server."""
        return {**SHARED_RULES, **self.own_rules}

    @property
    def field_table(self) -> dict[str, Check]:
        """Field checks with the differences of this server applied."""
        return {**SHARED_FIELDS, **self.fields}


_ITEMS = frozenset({"message", "function_call", "function_call_output", "reasoning"})

OPENAI = Dialect(
    name="openai_responses",
    includes=_INCLUDES,
    user_parts=frozenset({"input_text", "input_image", "input_file", "input_audio"}),
    output_parts=frozenset({"input_text", "input_image", "input_file"}),
    image_types=frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"}),
    item_types=_ITEMS
    | {
        "custom_tool_call",
        "custom_tool_call_output",
        "item_reference",
        "compaction",
        "configuration_update",
        "program",
        "program_output",
        "additional_tools",
        "mcp_list_tools",
    },
    fields={
        "max_output_tokens": integer(16),
        "service_tier": one_of("auto", "default", "flex", "scale", "priority", "fast"),
        "prompt_cache_options": mapping,
        "stream_options": mapping,
    },
    own_rules={
        "stream-options-value": _REQUEST,
        "sampling-reasoning-model": _REQUEST,
        "file-media": _INPUT,
        "reasoning-following": _TRAPS,
        "item-id-stateless": _TRAPS,
        "strict-schema": _TRAPS,
    },
)

_XAI = "docs/protocols/xai.md#responses"

XAI = Dialect(
    name="xai",
    includes=_XAI_INCLUDES,
    user_parts=frozenset({"input_text", "input_image", "input_file"}),
    output_parts=frozenset({"input_text", "input_image"}),
    image_types=frozenset({"image/jpeg", "image/png"}),
    item_types=_ITEMS,
    fields={"top_logprobs": integer(0, 8), "min_p": number(0, 1), "max_turns": integer(1)},
    own_rules={
        "include-value": _XAI,
        "part-type": _XAI,
        "image-url": _XAI,
        "file-part": _XAI,
        "item-type": _XAI,
        "tool-output-shape": _XAI,
        "reasoning-shape": _XAI,
        "include-encrypted": "docs/protocols/xai.md#round-trip-rules",
        "reasoning-stateless": "docs/protocols/xai.md#round-trip-rules",
        "effort-model": "docs/protocols/xai.md#models",
    },
)

DIALECTS: Mapping[str, Dialect] = {row.name: row for row in (OPENAI, XAI)}
