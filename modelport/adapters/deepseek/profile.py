"""DeepSeek's profile of the Chat Completions dialect, and the formatters that follow it.

Facts: docs/protocols/deepseek.md#request, docs/protocols/deepseek.md#thinking.
"""

from __future__ import annotations

from ...domain.structured.native_output import NativeOutput
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from ..dialects.openai_chat.thinking import TYPE_SWITCH, ThinkingPlan, with_effort

__all__ = ["DEEPSEEK_CHAT", "DeepSeekChatFormatter", "DeepSeekMultiAgentFormatter"]

_LONGEST_URL = 8192


def _thinking(request: ChatRequest) -> ThinkingPlan:
    """`thinking` and `reasoning_effort`; an effort alone asks for thinking."""
    return with_effort(TYPE_SWITCH.plan(request, implied_by="reasoning_effort"), request)


DEEPSEEK_CHAT = OpenAIChatProfile(
    provider="deepseek",
    fields={"max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p"},
    thinking=_thinking,
    native_output=NativeOutput(json_mode=True),
    replay_reasoning="always",
    reasoning_placeholder="",
    media=MediaRules(audio_formats={}, documents=False, in_tool_results=True, max_url_length=_LONGEST_URL),
    error_finish_reasons=frozenset({"insufficient_system_resource"}),
)
"""Reasoning is required on turns with tool calls and ignored on the others, so all of it goes back."""


class DeepSeekChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile = DEEPSEEK_CHAT


class DeepSeekMultiAgentFormatter(DeepSeekChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True
