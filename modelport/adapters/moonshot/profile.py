"""Moonshot's profile of the Chat Completions dialect, and the formatters that follow it.

Facts: docs/protocols/moonshot.md#request, docs/protocols/moonshot.md#thinking,
docs/protocols/moonshot.md#round-trip-rules.
"""

from __future__ import annotations

from dataclasses import replace

from ...domain.errors import (
    AuthenticationError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from ...domain.structured.native_output import NativeOutput
from ...domain.structured.schema_rules import MOONSHOT, MOONSHOT_TOOL
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from ..dialects.openai_chat.thinking import TYPE_SWITCH, ThinkingPlan, has_reasoning, with_effort
from ..wire.words.error_words import COMMON_CODES, ErrorCodes

__all__ = ["MOONSHOT_CHAT", "MoonshotChatFormatter", "MoonshotMultiAgentFormatter"]


def _thinking(request: ChatRequest) -> ThinkingPlan:
    """`thinking` for models with the switch, which `keep`s earlier turns' on demand; `reasoning_effort` for others."""
    plan = TYPE_SWITCH.plan(request)
    facts = request.card.thinking if request.card else None
    if plan.thinks and facts and facts.preserve and has_reasoning(request):
        plan = replace(plan, fields={"thinking": {**TYPE_SWITCH.on, "keep": "all"}})
    return with_effort(plan, request)


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
"""Three errors share the status 429, and only an exceeded quota is not worth a retry."""

MOONSHOT_CHAT = OpenAIChatProfile(
    provider="moonshot",
    fields={"max_tokens": "max_completion_tokens", "temperature": "temperature", "top_p": "top_p"},
    thinking=_thinking,
    native_output=NativeOutput(schema=MOONSHOT, json_mode=True),
    tool_rules=MOONSHOT_TOOL,
    replay_reasoning="always",
    reasoning_placeholder="(no reasoning was recorded)",
    media=MediaRules(
        image_types=frozenset({f"image/{kind}" for kind in ("png", "jpeg", "webp", "gif", "bmp", "heic")}),
        image_urls=False,
        audio_formats={},
        video=True,
        documents=False,
        own_schemes=frozenset({"ms"}),
    ),
    codes=_CODES,
)
"""The placeholder is not empty because some servers refuse an empty one."""


class MoonshotChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile = MOONSHOT_CHAT


class MoonshotMultiAgentFormatter(MoonshotChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True
