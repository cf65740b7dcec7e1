"""Volcengine Ark's profile of the Chat Completions dialect, and the formatters that follow it.

Facts: docs/protocols/volcengine.md#request, docs/protocols/volcengine.md#answer, docs/protocols/volcengine.md#errors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...domain.errors import (
    AuthenticationError,
    ContentFilterError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from ...domain.message.responses import ModelWarning
from ...domain.structured.native_output import NativeOutput
from ...domain.structured.schema_rules import OPENAI_LOOSE
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from ..dialects.openai_chat.thinking import TYPE_SWITCH, ThinkingPlan, with_effort
from ..wire.words.error_words import COMMON_CODES, ErrorCodes

if TYPE_CHECKING:
    from ...ports.codec.chat import ChatRequest

__all__ = ["VOLCENGINE_CHAT", "VolcengineChatFormatter", "VolcengineMultiAgentFormatter"]

_NO_THINKING = "minimal"
"""The effort that means no thinking."""

_CODES: ErrorCodes = {
    **COMMON_CODES,
    "missingparameter": InvalidRequestError,
    "invalidparameter": InvalidRequestError,
    "invalidargumenterror": InvalidRequestError,
    "invalidendpoint": InvalidRequestError,
    "invalidendpointormodel": NotFoundError,
    "sensitivecontentdetected": ContentFilterError,
    "inputtextsensitivecontentdetected": ContentFilterError,
    "inputimagesensitivecontentdetected": ContentFilterError,
    "inputimageriskdetection": ContentFilterError,
    "inputtextriskdetection": ContentFilterError,
    "outputtextsensitivecontentdetected": ContentFilterError,
    "authenticationerror": AuthenticationError,
    "accessdenied": PermissionDeniedError,
    "accountoverdueerror": QuotaExceededError,
    "operationdenied": PermissionDeniedError,
    "modelnotopen": NotFoundError,
    "ratelimitexceeded": RateLimitError,
    "modelaccountrpmratelimitexceeded": RateLimitError,
    "modelaccounttpmratelimitexceeded": RateLimitError,
    "serveroverloaded": OverloadedError,
    "setlimitexceeded": QuotaExceededError,
    "quotaexceeded": QuotaExceededError,
    "internalserviceerror": ServerError,
}


def _thinking(request: ChatRequest) -> ThinkingPlan:
    """`thinking` and `reasoning_effort`, never in the combinations that the service refuses."""
    if request.parameters.get("reasoning_effort") != _NO_THINKING:
        return with_effort(TYPE_SWITCH.plan(request, implied_by="reasoning_effort"), request)
    plan = TYPE_SWITCH.plan(request)
    facts = request.card.thinking if request.card else None
    if request.parameters.get("thinking_enable") or (facts is not None and not facts.can_disable):
        message = f"reasoning_effort was not sent: {_NO_THINKING} means no thinking"
        return replace(plan, warnings=[*plan.warnings, ModelWarning("dropped", "reasoning_effort", message)])
    return replace(plan, fields={**plan.fields, "reasoning_effort": _NO_THINKING}, thinks=False)


VOLCENGINE_CHAT = OpenAIChatProfile(
    provider="volcengine",
    fields={"max_tokens": "max_completion_tokens", "temperature": "temperature", "top_p": "top_p"},
    thinking=_thinking,
    native_output=NativeOutput(schema=OPENAI_LOOSE, json_mode=True),
    replay_reasoning="always",
    kept_fields=("encrypted_content",),
    media=MediaRules(documents=False, video=True, video_urls=True, in_tool_results=True),
    codes=_CODES,
)
"""`max_tokens` counts reasoning, as `max_completion_tokens` does here; the service's own `max_tokens` does not."""


class VolcengineChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile = VOLCENGINE_CHAT


class VolcengineMultiAgentFormatter(VolcengineChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True
