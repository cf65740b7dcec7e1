"""DeepSeek's row of the Chat Completions dialect. Facts: wire/deepseek."""

from __future__ import annotations

from ...domain.structured_output import NativeOutput
from ..dialects.openai_chat.row import MediaRules, OpenAIChatRow
from .thinking import deepseek_thinking

__all__ = ["DEEPSEEK_CHAT"]

_LONGEST_URL = 8192

DEEPSEEK_CHAT = OpenAIChatRow(
    provider="deepseek",
    fields={"max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p"},
    thinking=deepseek_thinking,
    native_output=NativeOutput(json_mode=True),
    replay_reasoning="always",
    reasoning_placeholder="",
    media=MediaRules(audio_formats={}, documents=False, in_tool_results=True, max_url_length=_LONGEST_URL),
    error_finish_reasons=frozenset({"insufficient_system_resource"}),
)
"""Reasoning is demanded on turns with tool calls and ignored on the others, so all of it goes back."""
