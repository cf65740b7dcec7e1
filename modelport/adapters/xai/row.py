"""xAI's row of the Responses dialect. Facts: wire/xai, "Responses deltas", "Errors" and "Traps"."""

from __future__ import annotations

from typing import Any

from ...application.codec import ChatRequest
from ...domain.errors import AuthenticationError, ContentFilterError, ContextLengthError, QuotaExceededError
from ...domain.responses import ModelWarning
from ..dialects.openai_responses.row import OpenAIResponsesRow, ResponsesMedia

__all__ = ["XAI_RESPONSES"]


def grok_effort(request: ChatRequest) -> tuple[dict[str, Any], list[ModelWarning]]:  # Any: the provider's JSON
    """An effort is all that controls thinking: `none` is the switch, and what was said of the effort outranks it."""
    values = request.parameters
    effort, thinking = values.get("reasoning_effort"), values.get("thinking_enable")
    switched = "thinking_enable" in request.chosen and thinking is not None
    if effort is not None:
        warnings = []
        if switched and thinking is (effort == "none"):
            message = f"reasoning_effort {effort!r} says otherwise, and was sent"
            warnings.append(ModelWarning("changed", "thinking_enable", message))
        return {"effort": effort}, warnings
    return ({"effort": "none"} if switched and not thinking else {}), []


XAI_RESPONSES = OpenAIResponsesRow(
    provider="xai",
    reasoning=grok_effort,
    reasoning_keys=frozenset({"type", "id", "status", "summary", "encrypted_content"}),
    counts_tokens=False,
    strict_tools=None,
    allowed_tools=False,
    refusal_parts=False,
    media=ResponsesMedia(inline_documents=False, documents_in_tool_results=False),
    phrases={
        "incorrect api key": AuthenticationError,
        "maximum prompt length": ContextLengthError,
        "used all available credits": QuotaExceededError,
        "safety_check": ContentFilterError,
    },
)
