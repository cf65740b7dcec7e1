"""OpenAI's profile of Responses, and the formatters that follow it.

Facts: docs/protocols/openai-responses.md#request.
"""

from __future__ import annotations

from typing import Any

from ...domain.message.responses import ModelWarning
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_responses.formatter import DialectResponseFormatter
from ..dialects.openai_responses.profile import OpenAIResponsesProfile

__all__ = ["OPENAI_RESPONSES", "OpenAIResponseFormatter", "OpenAIResponseMultiAgentFormatter"]


def effort_and_summary(request: ChatRequest) -> tuple[dict[str, Any], list[ModelWarning]]:  # Any: the provider's JSON
    """`reasoning_effort` controls thinking; `thinking_enable` asks for a summary, the only part of it that is shown."""
    reasoning = {}
    if request.parameters.get("reasoning_effort"):
        reasoning["effort"] = request.parameters["reasoning_effort"]
    if request.parameters.get("thinking_enable"):
        reasoning["summary"] = "auto"
    return reasoning, []


def may_think(request: ChatRequest) -> bool:
    """Models known not to reason have no encrypted reasoning to include."""
    return request.card is None or request.card.thinks


OPENAI_RESPONSES = OpenAIResponsesProfile(
    provider="openai",
    reasoning=effort_and_summary,
    encrypted_reasoning=may_think,
    minimum_tokens=16,
)


class OpenAIResponseFormatter(DialectResponseFormatter):
    """Each message as input items in its native role."""

    profile = OPENAI_RESPONSES


class OpenAIResponseMultiAgentFormatter(OpenAIResponseFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True
