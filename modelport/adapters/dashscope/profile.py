"""DashScope's profile of the Chat Completions dialect, how thinking is switched, and the formatters.

Facts: docs/protocols/dashscope-chat.md#compatible-mode.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...domain.message.responses import ModelWarning
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from ..dialects.openai_chat.thinking import ThinkingPlan, ThinkingSwitch, has_reasoning
from .errors import DASHSCOPE_CODES, with_native_code

__all__ = ["DASHSCOPE_CHAT", "DashScopeChatFormatter", "DashScopeMultiAgentFormatter"]

_SWITCH = ThinkingSwitch("enable_thinking", on=True, off=False)


def dashscope_thinking(request: ChatRequest) -> ThinkingPlan:
    """`enable_thinking`, `thinking_budget`, and `preserve_thinking` when there is reasoning of earlier turns."""
    plan = _SWITCH.plan(request, implied_by="thinking_budget")
    fields: dict[str, Any] = dict(plan.fields)  # Any: the provider's JSON
    warnings = list(plan.warnings)
    budget = request.parameters.get("thinking_budget")
    if budget and plan.thinks is not False:
        fields["thinking_budget"] = budget
    elif budget:
        warnings.append(ModelWarning("dropped", "thinking_budget", "thinking_budget was not sent: thinking is off"))
    facts = request.card.thinking if request.card else None
    if facts and facts.preserve and has_reasoning(request):
        fields["preserve_thinking"] = True
    return replace(plan, fields=fields, warnings=warnings)


_AUDIO_FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3", "audio/flac": "flac"}

DASHSCOPE_CHAT = OpenAIChatProfile(
    provider="dashscope",
    fields={"max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p", "top_k": "top_k"},
    thinking=dashscope_thinking,
    replay_reasoning="always",
    replay_unknown=False,
    media=MediaRules(
        image_types=frozenset({f"image/{kind}" for kind in ("bmp", "jpeg", "png", "tiff", "webp", "heic")}),
        audio_formats=_AUDIO_FORMATS,
        audio_urls=True,
        audio_data_uri=True,
        video=True,
        video_urls=True,
        documents=False,
    ),
    message_names=False,
    empty_content="",
    codes=DASHSCOPE_CODES,
    audio_stream_format="wav",
    raw_audio_formats=frozenset({"wav", "pcm", "pcm16"}),
    audio_needs_stream=True,
    keeps_audio=False,
    cache_control=True,
    refine_error=with_native_code,
)


class DashScopeChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile = DASHSCOPE_CHAT


class DashScopeMultiAgentFormatter(DashScopeChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True
