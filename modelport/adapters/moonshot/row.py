"""Moonshot's row of the Chat Completions dialect. Facts: wire/moonshot."""

from __future__ import annotations

from ...domain.errors import (
    AuthenticationError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from ...domain.schema_rules import MOONSHOT
from ...domain.structured_output import NativeOutput
from ..dialects.openai_chat.row import MediaRules, OpenAIChatRow
from ..wire.errors import COMMON_CODES, ErrorCodes
from .thinking import moonshot_thinking
from .tool_schema import to_kimi_schema

__all__ = ["MOONSHOT_CHAT"]

_CODES: ErrorCodes = {
    **COMMON_CODES,
    "invalid_authentication_error": AuthenticationError,
    "incorrect_api_key_error": AuthenticationError,
    "permission_denied_error": PermissionDeniedError,
    "resource_not_found_error": NotFoundError,
    "rate_limit_reached_error": RateLimitError,
    "exceeded_current_quota_error": QuotaExceededError,
    "engine_overloaded_error": OverloadedError,
    "unexpected_output": ServerError,
}
"""Three errors share the status 429, and only one of them is worth no further attempt."""

MOONSHOT_CHAT = OpenAIChatRow(
    provider="moonshot",
    fields={"max_tokens": "max_completion_tokens", "temperature": "temperature", "top_p": "top_p"},
    thinking=moonshot_thinking,
    native_output=NativeOutput(schema=MOONSHOT, json_mode=True),
    tool_schema=to_kimi_schema,
    replay_reasoning="always",
    reasoning_placeholder="(no reasoning was recorded)",
    media=MediaRules(image_urls=False, audio_formats={}, video=True, documents=False, own_schemes=frozenset({"ms"})),
    codes=_CODES,
)
"""The placeholder is not empty because servers were seen to refuse an empty one."""
