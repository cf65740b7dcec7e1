"""xAI's profile of the Responses dialect, and the formatters that follow it.

Facts: docs/protocols/xai.md#responses, docs/protocols/xai.md#errors, docs/protocols/xai.md#quirks,
docs/protocols/xai.md#models.
"""

from __future__ import annotations

from typing import Any

from ...domain.errors import AuthenticationError, ContentFilterError, ContextLengthError, QuotaExceededError
from ...domain.message.responses import ModelWarning
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_responses.formatter import DialectResponseFormatter
from ..dialects.openai_responses.profile import OpenAIResponsesProfile, ResponsesMedia

__all__ = ["XAI_RESPONSES", "XAIChatFormatter", "XAIMultiAgentFormatter"]


def _effort(request: ChatRequest) -> tuple[dict[str, Any], list[ModelWarning]]:  # Any: the provider's JSON
    """`reasoning_effort` alone controls thinking: `none` switches it off, and it outranks `thinking_enable`."""
    values = request.parameters
    effort, thinking = values.get("reasoning_effort"), values.get("thinking_enable")
    switched = "thinking_enable" in request.chosen and thinking is not None
    if effort is not None:
        warnings = []
        if switched and thinking is (effort == "none"):
            message = f"reasoning_effort {effort!r} contradicts it, and was sent"
            warnings.append(ModelWarning("changed", "thinking_enable", message))
        return {"effort": effort}, warnings
    return ({"effort": "none"} if switched and not thinking else {}), []


XAI_RESPONSES = OpenAIResponsesProfile(
    provider="xai",
    reasoning=_effort,
    reasoning_keys=frozenset({"type", "id", "status", "summary", "encrypted_content"}),
    counts_tokens=False,
    strict_tools=None,
    strict_subset=False,
    allowed_tools=False,
    media=ResponsesMedia(
        image_types=frozenset({"image/jpeg", "image/png"}), inline_documents=False, documents_in_tool_results=False
    ),
    phrases={
        "incorrect api key": AuthenticationError,
        "maximum prompt length": ContextLengthError,
        "used all available credits": QuotaExceededError,
        "safety_check": ContentFilterError,
    },
)


class XAIChatFormatter(DialectResponseFormatter):
    """Each message as input items in its native role."""

    profile = XAI_RESPONSES


class XAIMultiAgentFormatter(XAIChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True
