"""MiniMax's profile of the Chat Completions dialect, and the formatters that follow it.

Facts: docs/protocols/minimax.md#request-of-the-openai-shape, docs/protocols/minimax.md#reasoning-on-the-openai-shape,
docs/protocols/minimax.md#errors.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ...domain.card.capabilities import ToolChoiceFacts
from ...domain.structured.native_output import NativeOutput
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from ..dialects.openai_chat.thinking import ThinkingSwitch
from ..wire.words.error_words import BASE_RESP_CODES, COMMON_CODES

if TYPE_CHECKING:
    from ..wire.errors import ErrorFacts

__all__ = ["MINIMAX_CHAT", "MiniMaxChatFormatter", "MiniMaxMultiAgentFormatter"]

_CODE_AT_END = re.compile(r"\((\d{4})\)\s*\Z")


def _with_code(facts: ErrorFacts) -> ErrorFacts:
    """The code that the service puts in brackets at the end of the message."""
    found = _CODE_AT_END.search(facts.message)
    return replace(facts, words=(found[1], *facts.words)) if found else facts


MINIMAX_CHAT = OpenAIChatProfile(
    provider="minimax",
    fields={"max_tokens": "max_completion_tokens", "temperature": "temperature", "top_p": "top_p"},
    extra_body={"reasoning_split": True},
    temperature_range=(0.01, 1.0),
    thinking=ThinkingSwitch("thinking", on={"type": "adaptive"}, off={"type": "disabled"}).plan,
    native_output=NativeOutput(forced_tool=False),
    tool_choice=ToolChoiceFacts(required=False, named=False),
    replay_reasoning="always",
    reasoning_form="tags",
    one_system_message=True,
    cumulative_text=True,
    media=MediaRules(
        audio_formats={}, documents=False, video=True, video_urls=True, own_schemes=frozenset({"mm_file"})
    ),
    codes={**COMMON_CODES, **{str(code): cls for code, cls in BASE_RESP_CODES.items()}},
    refine_error=_with_code,
)
"""The service swallows tool choices and output formats without a word, so none is sent and none is relied on.

Thinking is asked for apart from the text, and read from it as well.
"""


class MiniMaxChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile = MINIMAX_CHAT


class MiniMaxMultiAgentFormatter(MiniMaxChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True
