"""OpenAI's row of the Responses dialect. Facts: wire/openai-responses."""

from __future__ import annotations

from typing import Any

from ...application.codec import ChatRequest
from ...domain.responses import ModelWarning
from ..dialects.openai_responses.row import OpenAIResponsesRow

__all__ = ["OPENAI_RESPONSES"]


def effort_and_summary(request: ChatRequest) -> tuple[dict[str, Any], list[ModelWarning]]:  # Any: the provider's JSON
    """An effort is all that controls thinking, and a summary all that is shown of it, if it is asked for."""
    reasoning = {}
    if request.parameters.get("reasoning_effort"):
        reasoning["effort"] = request.parameters["reasoning_effort"]
    if request.parameters.get("thinking_enable"):
        reasoning["summary"] = "auto"
    return reasoning, []


def may_think(request: ChatRequest) -> bool:
    """Models known not to reason have no encrypted reasoning to include."""
    return request.card is None or request.card.thinks


OPENAI_RESPONSES = OpenAIResponsesRow(
    provider="openai",
    reasoning=effort_and_summary,
    encrypted_reasoning=may_think,
    minimum_tokens=16,
)
